#!/usr/bin/env bash
# Publishes the files of the container's image (see Dockerfile) into a folder, and prints their size.
#
#   scripts/container-files.sh FOLDER
set -euo pipefail

root=$(readlink -f -- "${BASH_SOURCE[0]}")
root=${root%/scripts/*}
(($# == 1)) || { echo "usage: ${0##*/} FOLDER" >&2 && exit 2; }
dotnet publish "$root/src/Convolve.Cli" -c Release -r linux-x64 -p:PublishAot=true -p:DebugType=none -p:StripSymbols=true \
    -o "$1" -nologo -v:quiet
find "$1" -name '*.dbg' -delete
find "$1" -type f -printf '%s %f\n' | sort -rn | awk '{ sum += $1; printf "%8.1f MB  %s\n", $1 / 1e6, $2 }
    END { printf "%8.1f MB  in all, without the base image\n", sum / 1e6 }'
