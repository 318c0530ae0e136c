#!/usr/bin/env bash
# Runs Convolve on a bare Debian 12 or 13, whatever Debian this machine runs: creates a root with debootstrap in a cache folder (once), and
# in it a clean clone of the current commit.
#
#     scripts/in-debian.sh 12|13 readme           # the two commands of the README's first minute, from nothing installed
#     scripts/in-debian.sh 12|13 test [FILTER]    # ./dev test, without PyTorch; FILTER as there
#     scripts/in-debian.sh 12|13 run COMMAND...   # anything else, in the clone
#
# With CONVOLVE_KERNELS=managed in the environment, the tests run without any native library.
#
# Needs root. The .NET SDK is the host's, seen read-only; Debian's mirror, NuGet's sources and additional certificates are those that the
# host is set up with.
# The cache folder is $CONVOLVE_DEBIAN, or ~/.cache/convolve/debian-12 or debian-13.
set -euo pipefail

program=in-debian
root=$(readlink -f -- "${BASH_SOURCE[0]}")
root=${root%/scripts/*}
# shellcheck source=scripts/common.sh
source "$root/scripts/common.sh"
# shellcheck source=scripts/debian-root.sh
source "$root/scripts/debian-root.sh"

# What the .NET SDK needs, and git for the clone.
base=ca-certificates,git,libstdc++6,sudo,zlib1g

usage() { sed -n '2,/^set /{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

# Runs a command as root in that Debian, in its own mount namespace: nothing stays mounted.
in_root() { # folder command...
    local folder=$1
    shift
    # shellcheck disable=SC2016
    exec unshare --mount bash -c '
        set -euo pipefail
        debian=$1 dotnet=$2 folder=$3
        shift 3
        mkdir -p "$debian/usr/share/dotnet"
        mount --bind "$dotnet" "$debian/usr/share/dotnet"
        mount -o remount,ro,bind "$debian/usr/share/dotnet"
        mount -t proc proc "$debian/proc"
        mount --rbind /dev "$debian/dev"
        mount --rbind /sys "$debian/sys"
        [[ ! -e /etc/resolv.conf ]] || cat /etc/resolv.conf >"$debian/etc/resolv.conf"
        exec chroot "$debian" /usr/bin/env -i -C "$folder" HOME=/root LANG=C.UTF-8 \
            PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/usr/share/dotnet TERM="${TERM:-dumb}" "$@"' - "$debian" "$dotnet_folder" "$folder" "${passed[@]}" "$@"
}

# Variables of the host that its NuGet and apt go by, and those of a test run.
pass_variables() {
    local name
    passed=()
    while IFS= read -r name; do
        case $name in
            http_proxy | https_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY | NUGET_*) passed+=("$name=${!name}") ;;
            DNNL_* | ONEDNN_* | OMP_* | DOTNET_Enable* | CONVOLVE_CHECK_KERNELS | CONVOLVE_KERNELS) passed+=("$name=${!name}") ;;
        esac
    done < <(compgen -e)
}

# A clone of the current commit, where builds of the last one are kept: git changes what has changed.
make_clone() {
    local commit
    commit=$(git -C "$root" rev-parse HEAD)
    [[ -z $(git -C "$root" status --porcelain) ]] || say "ignoring uncommitted changes: the clone gets ${commit:0:7}"
    if [[ $1 == clean || ! -d $debian/convolve/.git ]]; then
        rm -rf "$debian/convolve"
        git clone -q --no-local "$root" "$debian/convolve"
    fi
    git -C "$debian/convolve" fetch -q --no-tags "$root" HEAD
    git -C "$debian/convolve" checkout -q --detach "$commit"
    git config --file "$debian/root/.gitconfig" safe.directory /convolve
    local config=${HOME:-/root}/.nuget/NuGet/NuGet.Config
    [[ ! -e $config ]] || install -D -m 600 "$config" "$debian/root/.nuget/NuGet/NuGet.Config"
}

case ${1:-}/${2:-} in
    12/readme | 12/test | 12/run) suite=bookworm base+=,libicu72,libssl3 ;;
    13/readme | 13/test | 13/run) suite=trixie base+=,libicu76,libssl3t64 ;;
    -h/* | --help/* | help/*) usage && exit ;;
    *)
        usage >&2
        exit 2
        ;;
esac
debian=${CONVOLVE_DEBIAN:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/convolve/debian-$1}
shift
find_dotnet
dotnet_folder=$(readlink -f -- "$dotnet")
dotnet_folder=${dotnet_folder%/*}
pass_variables
make_debian_root "$debian" "$suite" "$base"
case $1 in
    readme)
        make_clone clean
        # shellcheck disable=SC2016
        in_root /convolve bash -euc '
            apt-get -q purge -y "libdnnl*" libturbojpeg0 dataset-fashion-mnist >/dev/null 2>&1 || true
            rm -rf runs
            printf "\$ %s\n" "./convolve train lenet5 --data fashion-mnist --seed 1 --out runs/fashion"
            ./convolve train lenet5 --data fashion-mnist --seed 1 --out runs/fashion
            printf "\$ %s\n" "./convolve evaluate runs/fashion"
            ./convolve evaluate runs/fashion
            ./convolve info'
        ;;
    test)
        make_clone kept
        shift
        [[ ${CONVOLVE_KERNELS:-} != managed ]] ||
            (in_root / bash -c 'apt-get -q purge -y "libdnnl*" libturbojpeg0 >/dev/null 2>&1 || true')
        in_root /convolve ./dev test "$@"
        ;;
    run)
        make_clone kept
        shift
        in_root /convolve "$@"
        ;;
esac
