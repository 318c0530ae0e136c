# shellcheck shell=bash
# Sourced by findings that run programs of Debian 12 as they are packaged, whatever this machine has: a temporary folder, and packages unpacked in it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
root=$work/root
apt=(apt-get -qq -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Debug::NoLocking=1)

# Unpacks the named packages alone: PACKAGE=VERSION...
unpack() {
    "${apt[@]}" download "$@" >/dev/null
    local package
    for package in *.deb; do dpkg -x "$package" "$root"; done
}

# Unpacks packages with everything they depend on: PACKAGE=VERSION...
unpack_whole() {
    mkdir -p "$work/cache/archives/partial"
    : >"$work/status"
    "${apt[@]}" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" --download-only -y install "$@" >/dev/null
    local package
    for package in cache/archives/*.deb; do dpkg -x "$package" "$root"; done
}

# Debian's Python from the unpacked packages, with their C library.
python() {
    local libraries=$root/usr/lib/x86_64-linux-gnu
    env -i HOME="$work" PYTHONHOME="$root/usr" OMP_NUM_THREADS=1 ${OPENBLAS_CORETYPE:+OPENBLAS_CORETYPE=$OPENBLAS_CORETYPE} "$root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" \
        --library-path "$root/lib/x86_64-linux-gnu:$libraries:$libraries/blas:$libraries/lapack" "$root/usr/bin/python3.11" "$@"
}

# Compiles NAME.cpp against the unpacked oneDNN, and runs it with that.
compile() { g++ -O1 -I "$root/usr/include" -I "$root/usr/include/oneapi/dnnl" "$1.cpp" -o "$1" "$root/usr/lib/x86_64-linux-gnu/libdnnl.so.2" -Wl,--allow-shlib-undefined; }
run() { LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu OMP_NUM_THREADS=1 ./"$@"; }

# Ends with status 2 where the processor lacks a feature that the finding is about.
needs_flag() { grep -qw "$1" /proc/cpuinfo || { echo "cannot be seen on this processor: it has no $1" >&2; exit 2; }; }

# Compares what was printed (standard input, which is shown) with what is expected (the argument).
expect() {
    tee seen.txt
    diff seen.txt - <<<"$1" || { echo 'the behavior has changed'; exit 1; }
    echo 'as described'
}
