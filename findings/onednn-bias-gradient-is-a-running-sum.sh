#!/usr/bin/env bash
# oneDNN adds up a convolution's bias gradient in one float32 number per channel.
# Guess: the gradient of a bias, a plain sum, is about as exact as the other gradients of the same call (relative error near 1e-6).
# Found: the sum over batch and image runs through a single float32 accumulator per channel, so its error grows with the number of pixels:
# a channel of 802,816 values of .1 comes out .8 % wrong, while the weights' gradient of the same call, blocked by images and rows, is exact to 1e-5.
# Needs: x64, g++, apt-get with Debian 12's packages.
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack libdnnl2=2.6.3-1 libdnnl-dev=2.6.3-1
cat >bias.cpp <<'C'
#include <cmath>
#include <cstdio>
#include <vector>
#include "dnnl.hpp"
using namespace dnnl;

int main()
{
    const long N = 64, C = 16, S = 112;
    engine cpu(engine::kind::cpu, 0);
    stream s(cpu);
    auto f32 = memory::data_type::f32;
    auto any = memory::format_tag::any;
    memory::desc image({N, C, S, S}, f32, any), w({C, C, 1, 1}, f32, any), b({C}, f32, memory::format_tag::x);
    convolution_forward::primitive_desc forward({prop_kind::forward_training, algorithm::convolution_direct, image, w, b, image,
        {1, 1}, {0, 0}, {0, 0}}, cpu);
    convolution_backward_weights::primitive_desc backward({algorithm::convolution_direct, image, w, b, image, {1, 1}, {0, 0}, {0, 0}},
        cpu, forward);
    std::vector<float> ones(N * C * S * S, 1), gradient(N * C * S * S, 0.1f);
    // The same number everywhere: its order does not matter.
    memory x(backward.src_desc(), cpu, ones.data()), dy(backward.diff_dst_desc(), cpu, gradient.data()), dw(backward.diff_weights_desc(), cpu), db(b, cpu);
    convolution_backward_weights(backward).execute(s, {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_WEIGHTS, dw},
        {DNNL_ARG_DIFF_BIAS, db}});
    s.wait();
    const double exact = (double)0.1f * N * S * S;
    float running = 0;
    for (long i = 0; i < N * S * S; i++)
        running += 0.1f;
    const float bias = *(float *)db.get_data_handle(), weight = *(float *)dw.get_data_handle();
    printf("bias: %s\n", bias == running ? "the running float32 sum, to the bit" : "another sum");
    printf("bias gradient is off by more than .5 %%: %s\n", std::fabs(bias / exact - 1) > 5e-3 ? "yes" : "no");
    printf("weight gradient, of the same numbers, is off by more than .01 %%: %s\n", std::fabs(weight / exact - 1) > 1e-4 ? "yes" : "no");
    fprintf(stderr, "exact %.3f, bias %.3f, weight %.3f, running sum %.3f, %s\n", exact, bias, weight, running, backward.impl_info_str());
}
C
compile bias
run bias | expect 'bias: the running float32 sum, to the bit
bias gradient is off by more than .5 %: yes
weight gradient, of the same numbers, is off by more than .01 %: no'
