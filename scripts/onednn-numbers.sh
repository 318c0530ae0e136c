#!/usr/bin/env bash
# Prints the numbers of oneDNN's C headers, a name and a number a line: enumerators (without the hundreds of format tags) and arguments of
# primitives. test/Convolve.OneDnn.Tests/Headers has what it printed for each version that the bindings are compared with.
#
#     scripts/onednn-numbers.sh [FOLDER]    # FOLDER, /usr/include unless given, has oneapi/dnnl/dnnl_types.h
set -euo pipefail

include=${1:-/usr/include}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The folder of the compiler's target too: Debian keeps the configuration there.
compile() { cc -I"$include" -I"$include/$(cc -dumpmachine)" "$@"; }

headers='#include <oneapi/dnnl/dnnl_types.h>
#include <oneapi/dnnl/dnnl_version.h>'
enumerators=$(compile -E -P -xc - <<<"$headers" | tr '\n' ' ' | sed 's/enum/\n&/g' |
    sed -nE '/\} *dnnl_format_tag_t/d; s/^enum[^{]*\{([^}]*)\}.*/\1/p' | tr ',' '\n' | sed -nE 's/^ *(dnnl_[A-Za-z0-9_]+).*/\1/p')
arguments=$(compile -E -dM -xc - <<<"$headers" | sed -nE 's/^#define (DNNL_ARG_[A-Z0-9_]+|DNNL_MAX_NDIMS) .*/\1/p')
{
    printf '%s\n' '#include <stdio.h>' "$headers" 'int main(void) {'
    # shellcheck disable=SC2028
    echo 'printf("# oneDNN %d.%d.%d\n", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH);'
    for name in $enumerators dnnl_format_tag_any $arguments; do
        printf 'printf("%s %%d\\n", (int)%s);\n' "$name" "$name"
    done
    echo '}'
} >"$work/numbers.c"
compile -o "$work/numbers" "$work/numbers.c"
"$work/numbers" | { read -r version && echo "$version" && LC_ALL=C sort -u; }
