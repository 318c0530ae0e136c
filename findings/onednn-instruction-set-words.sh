#!/usr/bin/env bash
# oneDNN: a misspelled instruction set in DNNL_MAX_CPU_ISA is silently no limit, and ONEDNN_MAX_CPU_ISA beats DNNL_MAX_CPU_ISA.
# Guess: an unknown word is an error or the lowest set; the documented DNNL_ name of this version counts first.
# Found: 'AVX-2' (for AVX2) limits nothing, without a word: a measurement "with AVX2" is one with everything. With both variables set, the newer name counts alone.
# Needs: x64 with AVX2, g++, apt-get with Debian 12's packages.
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack libdnnl2=2.6.3-1 libdnnl-dev=2.6.3-1
cat >isa.cpp <<'C'
#include <cstdio>
#include "dnnl.h"

int main(int count, char **arguments)
{
    const dnnl_version_t *v = dnnl_version();
    printf("oneDNN %d.%d.%d, %s: %d\n", v->major, v->minor, v->patch, arguments[1], dnnl_get_effective_cpu_isa());
}
C
needs_flag avx2
compile isa
all=$(run isa all)
all=${all##* }
{
    DNNL_MAX_CPU_ISA=SSE41 run isa DNNL=SSE41
    DNNL_MAX_CPU_ISA=AVX2 run isa DNNL=AVX2
    DNNL_MAX_CPU_ISA=AVX-2 run isa DNNL=AVX-2 | sed "s/ $all\$/ as without a limit/"
    ONEDNN_MAX_CPU_ISA=SSE41 DNNL_MAX_CPU_ISA=AVX2 run isa ONEDNN=SSE41,DNNL=AVX2
    ONEDNN_MAX_CPU_ISA=SSE-4 DNNL_MAX_CPU_ISA=SSE41 run isa ONEDNN=SSE-4,DNNL=SSE41 | sed "s/ $all\$/ as without a limit/"
} | expect 'oneDNN 2.6.3, DNNL=SSE41: 1
oneDNN 2.6.3, DNNL=AVX2: 7
oneDNN 2.6.3, DNNL=AVX-2: as without a limit
oneDNN 2.6.3, ONEDNN=SSE41,DNNL=AVX2: 1
oneDNN 2.6.3, ONEDNN=SSE-4,DNNL=SSE41: as without a limit'
