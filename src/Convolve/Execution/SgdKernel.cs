using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.OneDnn;

namespace Convolve.Execution;

/// <summary>Stochastic gradient descent over the arenas: g += decay w; v = momentum v + g; w -= rate v (Nesterov: rate (g + momentum v)).</summary>
/// <remarks>Padding of blocked layouts stays 0: its weights and gradients are 0.</remarks>
internal sealed unsafe class SgdKernel : ITeamWork
{
    private const int Lanes = 16;
    private readonly ParameterStore _store;
    private readonly NativeBuffer _velocity;
    private readonly float _momentum, _weightDecay, _biasDecay;
    private readonly bool _nesterov;

    public SgdKernel(ParameterStore store, NativeBuffer velocity, float momentum, bool nesterov, float weightDecay, float biasDecay) =>
        (_store, _velocity, _momentum, _nesterov, _weightDecay, _biasDecay) = (store, velocity, momentum, nesterov, weightDecay, biasDecay);

    public float LearningRate { get; set; }

    public void Run(int thread, int threads)
    {
        long weights = _store.Plan.WeightBytes / sizeof(float), all = _store.Plan.Bytes / sizeof(float);
        Share(0, weights, _weightDecay, thread, threads);
        Share(weights, all, _biasDecay, thread, threads);
    }

    // Arenas are whole cache lines long, so every share is whole vectors.
    private void Share(long from, long to, float decay, int thread, int threads)
    {
        long vectors = (to - from) / Lanes, first = from + vectors * thread / threads * Lanes, count = from + vectors * (thread + 1) / threads * Lanes - first;
        float* w = (float*)_store.Weights.At(first * sizeof(float), count * sizeof(float));
        float* g = (float*)_store.Gradients.At(first * sizeof(float), count * sizeof(float));
        if (_momentum == 0)
            Plain(w, g, count, LearningRate, decay);
        else
            WithMomentum(w, g, (float*)_velocity.At(first * sizeof(float), count * sizeof(float)), count, LearningRate, decay, _momentum, _nesterov);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plain(float* w, float* g, long count, float rate, float decay)
    {
        Vector512<float> rates = Vector512.Create(rate), decays = Vector512.Create(decay);
        for (long i = 0; i < count; i += Lanes)
        {
            Vector512<float> weight = Vector512.LoadAligned(w + i);
            Vector512<float> gradient = decay == 0 ? Vector512.LoadAligned(g + i) : Vector512.LoadAligned(g + i) + decays * weight;
            Vector512.StoreAligned(weight - rates * gradient, w + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WithMomentum(float* w, float* g, float* v, long count, float rate, float decay, float momentum, bool nesterov)
    {
        Vector512<float> rates = Vector512.Create(rate), decays = Vector512.Create(decay), momenta = Vector512.Create(momentum);
        for (long i = 0; i < count; i += Lanes)
        {
            Vector512<float> weight = Vector512.LoadAligned(w + i);
            Vector512<float> gradient = decay == 0 ? Vector512.LoadAligned(g + i) : Vector512.LoadAligned(g + i) + decays * weight;
            Vector512<float> velocity = Vector512.FusedMultiplyAdd(momenta, Vector512.LoadAligned(v + i), gradient);
            Vector512.StoreAligned(velocity, v + i);
            Vector512<float> step = nesterov ? Vector512.FusedMultiplyAdd(momenta, velocity, gradient) : velocity;
            Vector512.StoreAligned(weight - rates * step, w + i);
        }
    }
}
