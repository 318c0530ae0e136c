// The floor of the benchmark: the bare oneDNN 2.x kernels of a network, each timed alone in the layouts it likes best. No pooling, no
// separate activation, no reorder, no optimizer, no loss: a training step can only be slower than the sum, unless its kernels are better.
//
// Build: g++ -O2 -std=c++17 kernel_floor.cpp -o kernel_floor -fopenmp -ldnnl
// Run:   OMP_NUM_THREADS=2 ./kernel_floor alexnet-d2l 128 bf16 0.4      (network, batch size, precision, seconds a kernel)
// Prints one line of JSON: milliseconds of one step, as the sum of the kernels' medians.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>
#include <omp.h>

using namespace dnnl;
using Arguments = std::unordered_map<int, memory>;

struct Layer {
    std::string name;
    bool is_convolution;
    memory::dim inputs, size, outputs, kernel, stride, padding; // size: rows and columns of the input
};

struct Network {
    std::string name;
    algorithm activation; // fused behind the convolutions
    std::vector<Layer> layers;
};

static const Network networks[] = {
    {"lenet5", algorithm::eltwise_tanh, {
        {"conv1", true, 1, 28, 6, 5, 1, 2},
        {"conv2", true, 6, 14, 16, 5, 1, 0},
        {"fc1", false, 400, 1, 120, 1, 1, 0},
        {"fc2", false, 120, 1, 84, 1, 1, 0},
        {"fc3", false, 84, 1, 10, 1, 1, 0}}},
    {"alexnet-d2l", algorithm::eltwise_relu, {
        {"conv1", true, 1, 224, 96, 11, 4, 0},
        {"conv2", true, 96, 26, 256, 5, 1, 2},
        {"conv3", true, 256, 12, 384, 3, 1, 1},
        {"conv4", true, 384, 12, 384, 3, 1, 1},
        {"conv5", true, 384, 12, 256, 3, 1, 1},
        {"fc1", false, 6400, 1, 4096, 1, 1, 0},
        {"fc2", false, 4096, 1, 4096, 1, 1, 0},
        {"fc3", false, 4096, 1, 10, 1, 1, 0}}},
};

class Floor {
public:
    Floor(memory::dim batch, memory::data_type type, double seconds)
        : batch_(batch), type_(type), seconds_(seconds), engine_(engine::kind::cpu, 0), stream_(engine_) {}

    void convolution(const Layer &l, algorithm activation, bool is_first) {
        const memory::dim out = (l.size + 2 * l.padding - l.kernel) / l.stride + 1;
        const memory::dims strides = {l.stride, l.stride}, pads = {l.padding, l.padding}, filter = {l.outputs, l.inputs, l.kernel, l.kernel};
        const auto source = any({batch_, l.inputs, l.size, l.size}), weights = any(filter), target = any({batch_, l.outputs, out, out});
        const auto algorithm = algorithm::convolution_direct;
        post_ops fused;
        fused.append_eltwise(1, activation, 0, 0);
        primitive_attr attributes;
        attributes.set_post_ops(fused);
        work_ = 2.0 * batch_ * l.outputs * out * out * l.inputs * l.kernel * l.kernel;

        const convolution_forward::primitive_desc forward(
            {prop_kind::forward_training, algorithm, source, weights, bias(l), target, strides, pads, pads}, attributes, engine_);
        time_forward<convolution_forward>(l, forward);
        if (!is_first) // nobody asks for the gradient of the images
            time_backward_data<convolution_backward_data>(l, convolution_backward_data::primitive_desc(
                {algorithm, source, weights, target, strides, pads, pads}, engine_, forward));
        time_backward_weights<convolution_backward_weights>(l, convolution_backward_weights::primitive_desc(
            {algorithm, source, any(filter, memory::data_type::f32), bias(l), target, strides, pads, pads}, engine_, forward));
    }

    void linear(const Layer &l) {
        const memory::dims matrix = {l.outputs, l.inputs};
        const auto source = any({batch_, l.inputs}), weights = any(matrix), target = any({batch_, l.outputs});
        work_ = 2.0 * batch_ * l.inputs * l.outputs;

        const inner_product_forward::primitive_desc forward({prop_kind::forward_training, source, weights, bias(l), target}, engine_);
        time_forward<inner_product_forward>(l, forward);
        time_backward_data<inner_product_backward_data>(l, inner_product_backward_data::primitive_desc({source, weights, target}, engine_, forward));
        time_backward_weights<inner_product_backward_weights>(l, inner_product_backward_weights::primitive_desc(
            {source, any(matrix, memory::data_type::f32), bias(l), target}, engine_, forward));
    }

    void print() const {
        const dnnl_version_t *version = dnnl_version();
        std::printf("{\"train_ms\": %.4f, \"infer_ms\": %.4f, \"threads\": %d, \"library\": \"oneDNN %d.%d.%d\", \"kernels\": [%s]}\n", train_ms_, infer_ms_,
            omp_get_max_threads(), version->major, version->minor, version->patch, kernels_.c_str());
    }

private:
    memory::desc any(const memory::dims &sizes, memory::data_type type) const { return {sizes, type, memory::format_tag::any}; }
    memory::desc any(const memory::dims &sizes) const { return any(sizes, type_); }
    memory::desc bias(const Layer &l) const { return {{l.outputs}, memory::data_type::f32, memory::format_tag::a}; }

    // Small numbers of both signs, in float32 as in bfloat16: kernels on zeros would draw less power, and run faster than on real data.
    memory filled(const memory::desc &layout) const {
        memory result(layout, engine_);
        auto *halves = static_cast<std::uint16_t *>(result.get_data_handle());
        std::uint32_t state = 1;
        for (std::size_t i = 0; i < layout.get_size() / 2; i++) {
            state = state * 1664525 + 1013904223;
            halves[i] = 0x3c00 | (state >> 31 << 15) | (state >> 20 & 0x7f);
        }
        return result;
    }

    template <typename Primitive>
    void time_forward(const Layer &l, const typename Primitive::primitive_desc &d) {
        infer_ms_ += time<Primitive>(l.name + " forward", d, {{DNNL_ARG_SRC, filled(d.src_desc())}, {DNNL_ARG_WEIGHTS, filled(d.weights_desc())},
            {DNNL_ARG_BIAS, filled(d.bias_desc())}, {DNNL_ARG_DST, filled(d.dst_desc())}});
    }

    template <typename Primitive>
    void time_backward_data(const Layer &l, const typename Primitive::primitive_desc &d) {
        time<Primitive>(l.name + " backward data", d, {{DNNL_ARG_DIFF_DST, filled(d.diff_dst_desc())}, {DNNL_ARG_WEIGHTS, filled(d.weights_desc())},
            {DNNL_ARG_DIFF_SRC, filled(d.diff_src_desc())}});
    }

    template <typename Primitive>
    void time_backward_weights(const Layer &l, const typename Primitive::primitive_desc &d) {
        time<Primitive>(l.name + " backward weights", d, {{DNNL_ARG_SRC, filled(d.src_desc())}, {DNNL_ARG_DIFF_DST, filled(d.diff_dst_desc())},
            {DNNL_ARG_DIFF_WEIGHTS, filled(d.diff_weights_desc())}, {DNNL_ARG_DIFF_BIAS, filled(d.diff_bias_desc())}});
    }

    template <typename Primitive>
    double time(const std::string &name, const typename Primitive::primitive_desc &description, const Arguments &arguments) {
        using clock = std::chrono::steady_clock;
        const Primitive primitive(description);
        std::vector<double> times;
        const auto begin = clock::now();
        for (int i = -1; i < 3 || std::chrono::duration<double>(clock::now() - begin).count() < seconds_; i++) {
            const auto start = clock::now();
            primitive.execute(stream_, arguments);
            stream_.wait();
            if (i >= 0) // the first is the warm-up
                times.push_back(std::chrono::duration<double, std::milli>(clock::now() - start).count());
        }
        std::sort(times.begin(), times.end());
        const double ms = (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2;
        train_ms_ += ms;
        char line[256];
        std::snprintf(line, sizeof line, "%s{\"name\": \"%s\", \"ms\": %.4f, \"gflops\": %.1f, \"implementation\": \"%s\"}", kernels_.empty() ? "" : ", ",
            name.c_str(), ms, work_ / ms / 1e6, description.impl_info_str());
        kernels_ += line;
        return ms;
    }

    memory::dim batch_;
    memory::data_type type_;
    double seconds_;
    engine engine_;
    stream stream_;
    double work_ = 0, train_ms_ = 0, infer_ms_ = 0;
    std::string kernels_;
};

int main(int count, char **arguments) {
    const Network *network = nullptr;
    for (const Network &candidate : networks)
        if (count == 5 && candidate.name == arguments[1])
            network = &candidate;
    const int batch = count == 5 ? std::atoi(arguments[2]) : 0;
    const bool is_bf16 = count == 5 && !std::strcmp(arguments[3], "bf16");
    if (!network || batch < 1 || (!is_bf16 && std::strcmp(arguments[3], "f32"))) {
        std::fprintf(stderr, "usage: kernel_floor lenet5|alexnet-d2l BATCH f32|bf16 SECONDS\n");
        return 2;
    }
    try {
        Floor floor(batch, is_bf16 ? memory::data_type::bf16 : memory::data_type::f32, std::atof(arguments[4]));
        for (const Layer &layer : network->layers) {
            if (layer.is_convolution)
                floor.convolution(layer, network->activation, &layer == &network->layers.front());
            else
                floor.linear(layer);
        }
        floor.print();
    } catch (const std::exception &e) {
        std::fprintf(stderr, "kernel_floor: %s\n", e.what());
        return 1;
    }
}
