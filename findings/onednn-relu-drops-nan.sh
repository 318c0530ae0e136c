#!/usr/bin/env bash
# oneDNN's ReLU turns NaN into 0, fused into a layer and as a primitive of its own.
# Guess: max(NaN, 0) is NaN, as IEEE 754-2019 has it and as PyTorch's relu computes it, so that a loss of NaN shows a broken weight.
# Found: 0. A network with NaN in its weights trains on and reports a finite loss.
# Needs: x64, g++, apt-get with Debian 12's packages.
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack libdnnl2=2.6.3-1 libdnnl-dev=2.6.3-1
cat >relu.cpp <<'C'
#include <cmath>
#include <cstdio>
#include <vector>
#include "dnnl.hpp"
using namespace dnnl;

int main()
{
    engine cpu(engine::kind::cpu, 0);
    stream s(cpu);
    auto type = memory::data_type::f32;
    memory::desc x_desc({2, 64}, type, memory::format_tag::nc), w_desc({32, 64}, type, memory::format_tag::oi), y_desc({2, 32}, type, memory::format_tag::nc);
    std::vector<float> x(2 * 64, 1), w(32 * 64, 0.5f), y(2 * 32);
    w[0] = NAN; // of the first unit
    memory x_memory(x_desc, cpu, x.data()), w_memory(w_desc, cpu, w.data()), y_memory(y_desc, cpu, y.data());
    for (const char *how : {"no ReLU", "fused ReLU", "ReLU by itself"})
    {
        primitive_attr attributes;
        if (*how == 'f')
        {
            post_ops then;
            then.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
            attributes.set_post_ops(then);
        }
        inner_product_forward::primitive_desc product({prop_kind::forward_inference, x_desc, w_desc, y_desc}, attributes, cpu);
        inner_product_forward(product).execute(s, {{DNNL_ARG_SRC, x_memory}, {DNNL_ARG_WEIGHTS, w_memory}, {DNNL_ARG_DST, y_memory}});
        if (*how == 'R')
        {
            eltwise_forward::primitive_desc relu({prop_kind::forward_inference, algorithm::eltwise_relu, y_desc, 0, 0}, cpu);
            eltwise_forward(relu).execute(s, {{DNNL_ARG_SRC, y_memory}, {DNNL_ARG_DST, y_memory}});
        }
        s.wait();
        printf("%s: the unit with NaN gives %s, its neighbour %g\n", how, std::isnan(y[0]) ? "NaN" : y[0] == 0 ? "0" : "a number", y[1]);
    }
    const dnnl_version_t *v = dnnl_version();
    printf("oneDNN %d.%d.%d\n", v->major, v->minor, v->patch);
}
C
compile relu
run relu | expect 'no ReLU: the unit with NaN gives NaN, its neighbour 32
fused ReLU: the unit with NaN gives 0, its neighbour 32
ReLU by itself: the unit with NaN gives 0, its neighbour 32
oneDNN 2.6.3'
