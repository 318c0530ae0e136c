#!/usr/bin/env bash
# Runs the commands of docs/guide and writes what they print into the pages. A page shows a command as "$ ..." in a block of ```console;
# the lines below it, up to the next command or the end of the block, are its output.
#
#     scripts/guide.sh [--into FOLDER] [PAGE...]
#
# PAGE is a name such as batch-size; without any, all pages. With --into, the pages are written to FOLDER and docs/guide stays as it is.
# The commands of a page run in order in an empty folder, at 100 columns. The first one that fails ends the script, and its page stays.
set -euo pipefail

root=$(readlink -f -- "${BASH_SOURCE[0]}")
root=${root%/scripts/*}
pages=$root/docs/guide
into=$pages
usage() { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

names=()
while (($#)); do
    case $1 in
        -h | --help) usage && exit ;;
        --into) (($# > 1)) || { echo 'guide: --into needs a folder.' >&2 && exit 2; }
            mkdir -p -- "$2" && into=$(readlink -f -- "$2") && shift ;;
        -*) echo "guide: unknown option $1. See scripts/guide.sh --help." >&2 && exit 2 ;;
        *) names+=("${1%.md}") ;;
    esac
    shift
done
((${#names[@]})) || for page in "$pages"/*.md; do page=${page##*/} && names+=("${page%.md}"); done
for name in "${names[@]}"; do
    [[ -f $pages/$name.md ]] || { echo "guide: there is no page $name in docs/guide." >&2 && exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
# The commands find the launcher by its name, as after an installation.
mkdir "$work/bin"
ln -s "${CONVOLVE:-$root/convolve}" "$work/bin/convolve"
export PATH="$work/bin:$PATH" COLUMNS=100 TERM=dumb
convolve --version >/dev/null

run() { # command; prints it and its output
    printf '$ %s\n' "$1"
    local status=0
    (cd "$folder" && bash -o pipefail -c "$1" >"$work/output" 2>&1 </dev/null) || status=$?
    if ((status)); then
        printf 'guide: %s: this ended with status %d: %s\n' "$name" "$status" "$1" >&2
        cat "$work/output" >&2
        exit 1
    fi
    sed -e 's/[[:space:]]*$//' "$work/output"
}

for name in "${names[@]}"; do
    folder=$work/$name
    mkdir "$folder"
    inside='' output=''
    while IFS= read -r line || [[ -n $line ]]; do
        if [[ $line == '```console' ]]; then
            inside=1 output=''
        elif [[ -n $inside && $line == '```' ]]; then
            inside='' output=''
        elif [[ -n $inside && $line == '$ '* ]]; then
            output=1
            echo "$name: ${line#??}" >&2
            run "${line#??}"
            continue
        fi
        [[ -n $output ]] || printf '%s\n' "$line"
    done <"$pages/$name.md" >"$work/$name.md"
    cp -- "$work/$name.md" "$into/$name.md"
done
