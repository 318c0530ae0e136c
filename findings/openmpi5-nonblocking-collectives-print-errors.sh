#!/usr/bin/env bash
# Open MPI 5 with fault tolerance: a rank ends while the others are in a nonblocking collective, and errors are to be returned.
# Guess: MPI_ERRORS_RETURN is set, so the program alone hears of the error, from MPI_Wait; nothing is printed.
# Found: each rank that is left also writes "NBC_Progress: an error 75 was found during schedule ..." to its standard error: the library
# behind all nonblocking collectives prints, whatever the error handler, and without the rank or the name of the error. A program that goes
# on (ULFM) has these lines among its own. Of the ranks that are left, one hears "a process failed" (75) and may have revoked the
# communicator before another has its answer; that one hears "revoked" (77) and never what happened.
# Needs: debootstrap and root (Debian 13 in a temporary folder, about 1 GB), x64 Linux.
set -euo pipefail
work=$(mktemp -d)
trap 'umount "$work/root/proc" "$work/root/dev/shm" 2>/dev/null || true; rm -rf "$work"' EXIT
debootstrap --variant=minbase --include=ca-certificates trixie "$work/root" >"$work/log" 2>&1 || { tail -n 3 "$work/log"; exit 1; }
mount -t proc proc "$work/root/proc"
mkdir -p "$work/root/dev/shm"
mount -t tmpfs tmpfs "$work/root/dev/shm"
chroot "$work/root" apt-get -qq install -y --no-install-recommends gcc libc6-dev openmpi-bin=5.0.7-1 libopenmpi-dev=5.0.7-1 >"$work/log" 2>&1 \
    || { tail -n 3 "$work/log"; exit 1; }
cat >"$work/root/tmp/lost.c" <<'X'
#include <mpi.h>
#include <mpi-ext.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    int rank, size, mine = 1, all[3];
    MPI_Comm left;
    MPI_Request request;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 1)
        raise(SIGTERM);
    MPI_Iallgather(&mine, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD, &request);
    int code = MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPIX_Comm_revoke(MPI_COMM_WORLD);
    MPIX_Comm_shrink(MPI_COMM_WORLD, &left);
    MPI_Comm_size(left, &size);
    printf("returned %d, %d ranks left\n", code != MPI_SUCCESS, size);
    fflush(stdout);
    MPI_Barrier(left);
    _exit(0);
}
X
chroot "$work/root" bash -c 'cd /tmp && mpicc lost.c -o lost && timeout 60 mpirun --allow-run-as-root --oversubscribe --with-ft ulfm \
    --mca pml ob1 --mca btl self,sm -np 3 ./lost' >"$work/out" 2>"$work/err" || true
returned=$(grep -c '^returned 1, 2 ranks left$' "$work/out" || true)
printed=$(grep -c '^NBC_Progress: an error ' "$work/err" || true)
echo "Open MPI $(chroot "$work/root" dpkg-query -W -f '${Version}' openmpi-bin): $returned ranks got the error returned, and $printed lines were printed:"
grep '^NBC_Progress' "$work/err" | sed 's/0x[0-9a-f]*/0x.../' | sort -u
((returned == 2 && printed >= 1)) || { echo 'the behavior has changed'; exit 1; }
echo 'as described'
