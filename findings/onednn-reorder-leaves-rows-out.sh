#!/usr/bin/env bash
# oneDNN 2.6.3: copying a matrix out of the blocked layout that its fully connected layers choose leaves rows of the target unwritten.
# Guess: a reorder writes the whole target or fails.
# Found: from AB16b64a to plain rows, with more than 6,144 columns (a multiple of 16) and 65 to 112 rows (and others), the rows of the last, partly filled
# block keep what was in memory. The status is success. Trained weights that are saved this way are not the weights that were trained.
# Needs: x64 with AVX-512, g++, apt-get with Debian 12's packages.
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack libdnnl2=2.6.3-1 libdnnl-dev=2.6.3-1
cat >rows.cpp <<'C'
#include <cmath>
#include <cstdio>
#include <vector>
#include "dnnl.hpp"
using namespace dnnl;

int main()
{
    engine cpu(engine::kind::cpu, 0);
    stream s(cpu);
    for (memory::dim columns : {6144, 10000})
        for (memory::dim rows : {64, 100, 128})
        {
            memory::desc plain({rows, columns}, memory::data_type::f32, memory::format_tag::ab), blocked({rows, columns}, memory::data_type::f32, memory::format_tag::AB16b64a);
            std::vector<float> from(rows * columns, 1), to(rows * columns, NAN);
            memory source(plain, cpu, from.data()), middle(blocked, cpu), target(plain, cpu, to.data());
            reorder(source, middle).execute(s, source, middle);
            reorder(middle, target).execute(s, middle, target);
            s.wait();
            int left = 0;
            for (memory::dim r = 0; r < rows; r++)
                left += std::isnan(to[r * columns]);
            printf("%lld x %lld: %d rows unwritten\n", (long long)rows, (long long)columns, left);
        }
    const dnnl_version_t *v = dnnl_version();
    printf("oneDNN %d.%d.%d\n", v->major, v->minor, v->patch);
}
C
needs_flag avx512f
compile rows
run rows | expect '64 x 6144: 0 rows unwritten
100 x 6144: 0 rows unwritten
128 x 6144: 0 rows unwritten
64 x 10000: 0 rows unwritten
100 x 10000: 16 rows unwritten
128 x 10000: 0 rows unwritten
oneDNN 2.6.3'
