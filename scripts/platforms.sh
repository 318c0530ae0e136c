#!/usr/bin/env bash
# Publishes Convolve for other systems and runs it on those that a Debian 12 for x64 can imitate.
#
#     scripts/platforms.sh             # all of the following, one after the other
#     scripts/platforms.sh arm64       # Linux on ARM64, by qemu
#     scripts/platforms.sh windows     # Windows on x64, by the Wine of Debian 13
#     scripts/platforms.sh musl        # Linux with musl instead of GNU's C library, a stand-in for Alpine
#     scripts/platforms.sh build       # publishes for every system, and runs nothing
#
# Prints a table; ends with 1 when a step failed, whose output is then in the work folder. Needs root and 4 GB on the disk. What it makes
# is in $CONVOLVE_PLATFORMS, or ~/.cache/convolve/platforms; deleting that folder removes all but the packages that apt installed.
set -euo pipefail

program=platforms
root=$(readlink -f -- "${BASH_SOURCE[0]}")
root=${root%/scripts/*}
# shellcheck source=scripts/common.sh
source "$root/scripts/common.sh"
# shellcheck source=scripts/debian-root.sh
source "$root/scripts/debian-root.sh"
# shellcheck source=scripts/platforms/roots.sh
source "$root/scripts/platforms/roots.sh"
# shellcheck source=scripts/platforms/steps.sh
source "$root/scripts/platforms/steps.sh"

cache=${CONVOLVE_PLATFORMS:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/convolve/platforms}
data=/usr/share/datasets/fashion-mnist
identifiers=(linux-x64 linux-arm64 linux-musl-x64 linux-musl-arm64 win-x64 win-arm64 osx-x64 osx-arm64)

usage() { sed -n '2,/^set /{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

# Publishes in the cache folder alone: the checkout's own builds stay as they are.
publish() { # identifier folder [option...]
    local identifier=$1 folder=$2
    shift 2
    rm -rf "$folder"
    (cd "$root" && configure_dotnet && exec "$dotnet" publish src/Convolve.Cli -c Release -r "$identifier" -p:RunAnalyzers=false \
        --artifacts-path "$cache/artifacts" -o "$folder" --disable-build-servers -tl:off -nologo -v:quiet "$@" </dev/null) \
        >"$cache/publish-$identifier.log" 2>&1
}

# A program with the runtime in it.
publish_program() { # identifier
    say "publishing for $1 ..."
    publish "$1" "$cache/programs/$1" --self-contained && return
    tail -n 20 "$cache/publish-$1.log" >&2
    die 1 "it can't be published for $1"
}

# Every system's build; a program to start it by only where NuGet's sources have one.
build_all() {
    local identifier how
    for identifier in "${identifiers[@]}"; do
        SECONDS=0
        how='with a program to start it by'
        if ! publish "$identifier" "$cache/builds/$identifier" --self-contained false; then
            if grep -q 'NU1101.*Microsoft.NETCore.App.Host' "$cache/publish-$identifier.log" &&
                publish "$identifier" "$cache/builds/$identifier" --self-contained false -p:UseAppHost=false; then
                how='started by dotnet: the package of the program that starts it is not served'
            else
                record "$identifier" build FAILED "see $cache/publish-$identifier.log"
                continue
            fi
        fi
        record "$identifier" build passed "$how"
    done
}

run_platform() { # arm64|windows|musl
    case $1 in
        arm64)
            make_arm64
            publish_program linux-arm64
            start=(qemu-aarch64-static -L "$cache/arm64" "$cache/programs/linux-arm64/Convolve.Cli")
            run_steps arm64 managed 'DOTNET_PreferredVectorBitWidth=128'
            run_steps arm64 onednn ''
            ;;
        windows)
            make_windows
            publish_program win-x64
            start=("$root/scripts/platforms/wine.sh" "$cache" wine "$cache/programs/win-x64/Convolve.Cli.exe")
            end=("$root/scripts/platforms/wine.sh" "$cache" wine taskkill /F /IM Convolve.Cli.exe)
            run_steps windows managed ''
            end=()
            stop_wine
            ;;
        musl)
            make_musl
            publish_program linux-musl-x64
            start=(env "LD_LIBRARY_PATH=$cache/musl" "$cache/programs/linux-musl-x64/Convolve.Cli")
            run_steps musl managed ''
            ;;
    esac
}

platforms=("$@")
(($#)) || platforms=(build arm64 windows musl)
for platform in "${platforms[@]}"; do
    case $platform in
        arm64 | windows | musl | build) ;;
        -h | --help | help) usage && exit ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
done
find_dotnet
mkdir -p "$cache"
exec 8>"$cache/lock"
flock -n 8 || die 2 "another run uses $cache"
[[ "${platforms[*]}" == build ]] || prepare_reference
for platform in "${platforms[@]}"; do
    if [[ $platform == build ]]; then build_all; else run_platform "$platform"; fi
done
print_table
