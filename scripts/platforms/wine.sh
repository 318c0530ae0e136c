#!/usr/bin/env bash
# Runs a command in the Debian 13 that has Wine, in the current folder: wine.sh CACHE COMMAND...
# Its own mount namespace: nothing stays mounted. Of the host's variables it gets those of a run.
set -euo pipefail
cache=$1
shift
passed=()
while IFS= read -r name; do
    case $name in
        CONVOLVE_* | DOTNET_* | COLUMNS | OMP_NUM_THREADS | WINEDLLOVERRIDES) passed+=("$name=${!name}") ;;
    esac
done < <(compgen -e)
# shellcheck disable=SC2016
exec unshare --mount bash -c '
    set -euo pipefail
    cache=$1 debian=$1/windows/debian
    shift
    mount --bind /proc "$debian/proc"
    mount --rbind /dev "$debian/dev"
    for folder in "$cache" /usr/share/datasets; do
        mkdir -p "$debian$folder"
        mount --bind "$folder" "$debian$folder"
    done
    exec chroot "$debian" /usr/bin/env -i -C "$PWD" HOME=/root LANG=C.UTF-8 PATH=/usr/bin:/bin XDG_RUNTIME_DIR=/tmp WINEDEBUG=-all \
        WINEPREFIX="$cache/windows/prefix" "$@"' - "$cache" "${passed[@]}" "$@"
