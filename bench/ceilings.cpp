// The ceilings of this machine, measured by loops that share nothing with Convolve's: float32 and bfloat16 FLOP/s, and the bandwidth of
// reading from working sets of rising size, on one thread and on all. `convolve analyze` must agree within 3 % and 10 %.
//
// Build: g++ -O2 -std=c++17 -march=native ceilings.cpp -o ceilings -fopenmp
// Run:   OMP_NUM_THREADS=2 ./ceilings                  (the best of several runs counts; nothing else should run)
// Prints one line of JSON: GFLOP/s, and GB/s by the bytes of all threads together.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <immintrin.h>
#include <omp.h>

static const int runs = 9, sums = 12;
static const double run_seconds = 0.03;

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Work each second of as many threads: the fastest of several runs of some hundredths of a second.
template <typename Loop> static double best(double work_per_round, int threads, Loop loop) {
    long rounds = 1;
    auto seconds = [&] {
        const double start = now();
#pragma omp parallel num_threads(threads)
        loop(omp_get_thread_num(), rounds);
        return now() - start;
    };
    auto fastest = [&](int times) {
        double time = seconds();
        for (int i = 1; i < times; i++)
            time = std::min(time, seconds());
        return time;
    };
    while (fastest(3) < run_seconds)
        rounds *= 2;
    const double time = fastest(runs);
    return work_per_round * rounds * threads / time;
}

#if defined(__AVX512F__)
using Vector = __m512;
static const int lanes = 16;
static inline Vector set(float value) { return _mm512_set1_ps(value); }
static inline Vector load(const float *from) { return _mm512_loadu_ps(from); }
static inline Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
static inline Vector fused(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
static inline float first(Vector a) { return _mm512_cvtss_f32(a); }
#elif defined(__AVX2__) && defined(__FMA__)
using Vector = __m256;
static const int lanes = 8;
static inline Vector set(float value) { return _mm256_set1_ps(value); }
static inline Vector load(const float *from) { return _mm256_loadu_ps(from); }
static inline Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
static inline Vector fused(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
static inline float first(Vector a) { return _mm256_cvtss_f32(a); }
#else
#error "needs AVX2 or AVX-512"
#endif

static volatile float sink;

// Variables, not an array: an array goes to memory.
#define TWELVE(what) what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10) what(11)
#define EIGHT(what) what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7)

static void multiply_adds(int, long rounds) {
    const Vector x = set(0.75f), y = set(1e-3f);
#define START(i) Vector s##i = set(0.5f);
    TWELVE(START)
    for (long round = 0; round < rounds; round++) {
#define STEP(i) s##i = fused(s##i, x, y); asm volatile("" : "+v"(s##i)); // is not folded
        TWELVE(STEP)
    }
    Vector all = set(0);
#define COLLECT(i) all = add(all, s##i);
    TWELVE(COLLECT)
    sink = first(all);
}

#if defined(__AVX512BF16__)
static void bfloat16_products(int, long rounds) {
    const __m512bh x = (__m512bh)_mm512_set1_epi16(0x3f40), y = (__m512bh)_mm512_set1_epi16(0x3a83);
    TWELVE(START)
    for (long round = 0; round < rounds; round++) {
#define PRODUCT(i) s##i = _mm512_dpbf16_ps(s##i, x, y); asm volatile("" : "+v"(s##i));
        TWELVE(PRODUCT)
    }
    Vector all = set(0);
    TWELVE(COLLECT)
    sink = first(all);
}
#endif

static void read(const float *from, long floats, long rounds) {
    EIGHT(START)
    for (long round = 0; round < rounds; round++)
        for (long at = 0; at < floats; at += 8 * lanes) {
#define LOAD(i) s##i = add(s##i, load(from + at + i * lanes));
            EIGHT(LOAD)
            asm volatile("" ::: "memory"); // reads again
        }
    Vector all = set(0);
    EIGHT(COLLECT)
    sink = first(all);
}

int main() {
    const int threads = omp_get_max_threads();
    std::string json = "{\"threads\": " + std::to_string(threads);
    auto put = [&](const char *name, double value) {
        char text[100];
        std::snprintf(text, sizeof text, ", \"%s\": %.2f", name, value / 1e9);
        json += text;
    };
    put("f32_one_thread", best(2.0 * lanes * sums, 1, multiply_adds));
    put("f32", best(2.0 * lanes * sums, threads, multiply_adds));
#if defined(__AVX512BF16__)
    put("bf16_one_thread", best(2.0 * 32 * sums, 1, bfloat16_products));
    put("bf16", best(2.0 * 32 * sums, threads, bfloat16_products));
#endif
    const long largest = 512l << 20; // all threads together
    float *memory = static_cast<float *>(std::aligned_alloc(2 << 20, largest));
    if (!memory) {
        std::fprintf(stderr, "no memory to read from\n");
        return 1;
    }
    std::fill(memory, memory + largest / sizeof(float), 1.0f);
    json += ", \"reads\": [";
    bool is_first = true;
    for (double size = 16 << 10; size * threads <= largest; size *= std::sqrt(2)) {
        const long floats = static_cast<long>(size / 512) * 128, bytes = floats * sizeof(float);
        auto own = [&](int thread, long rounds) { read(memory + thread * floats, floats, rounds); };
        char text[160];
        std::snprintf(text, sizeof text, "%s{\"bytes\": %ld, \"one_thread\": %.2f, \"all\": %.2f}", is_first ? "" : ", ", bytes * threads,
                      best(bytes, 1, own) / 1e9, best(bytes, threads, own) / 1e9);
        json += text;
        is_first = false;
    }
    std::printf("%s]}\n", json.c_str());
    std::free(memory);
    return 0;
}
