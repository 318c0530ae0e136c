#!/usr/bin/env bash
# oneDNN: local response normalization over an even number of channels sums one channel less than asked for, and divides by the number asked for.
# Guess: size n sums n channels, as AlexNet's paper, PyTorch and ONNX define it (only the side on which the odd one lies could differ).
# Found: size 4 sums 3 channels and divides alpha by 4. Each implementation does the same, so a comparison within the library shows nothing.
# Needs: x64, g++, apt-get with Debian 12's packages.
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack libdnnl2=2.6.3-1 libdnnl-dev=2.6.3-1
cat >lrn.cpp <<'C'
#include <cstdio>
#include <vector>
#include "dnnl.hpp"
using namespace dnnl;

int main()
{
    engine cpu(engine::kind::cpu, 0);
    stream s(cpu);
    memory::desc desc({1, 16, 2, 2}, memory::data_type::f32, memory::format_tag::nchw);
    for (memory::dim size : {3, 4, 5})
    {
        // Ones everywhere, alpha = size, beta = 1, k = 0: an output is 1 / (channels that were summed), away from the border.
        std::vector<float> x(64, 1), y(64);
        lrn_forward::primitive_desc lrn({prop_kind::forward_inference, algorithm::lrn_across_channels, desc, size, (float)size, 1, 0}, cpu);
        lrn_forward(lrn).execute(s, {{DNNL_ARG_SRC, memory(desc, cpu, x.data())}, {DNNL_ARG_DST, memory(desc, cpu, y.data())}});
        s.wait();
        printf("size %lld: sums %.0f channels\n", (long long)size, 1 / y[8 * 4]);
    }
    const dnnl_version_t *v = dnnl_version();
    printf("oneDNN %d.%d.%d\n", v->major, v->minor, v->patch);
}
C
compile lrn
run lrn | expect 'size 3: sums 3 channels
size 4: sums 3 channels
size 5: sums 5 channels
oneDNN 2.6.3'
