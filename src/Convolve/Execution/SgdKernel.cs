using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels;
using Convolve.OneDnn;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>The numbers of one update by stochastic gradient descent.</summary>
internal readonly record struct SgdStep(float Rate, float Decay, float Momentum, bool Nesterov);

/// <summary>Stochastic gradient descent over the arenas: g += decay w; v = momentum v + g; w -= rate v (Nesterov: rate (g + momentum v)).</summary>
/// <remarks>
/// Padding of blocked layouts stays 0: its weights and gradients are 0. Where a bfloat16 copy of a weight is the weight with its rows
/// interleaved in pairs, it is written in the same pass, which saves reading all weights once more.
/// </remarks>
internal sealed unsafe class SgdKernel(ParameterStore store, NativeBuffer velocity, SgdStep weights, SgdStep biases) : ITeamWork
{
    private const int Lanes = 16;

    public float LearningRate { get; set; }

    public void Run(int thread, int threads)
    {
        for (int i = 0; i < store.Plan.Slots.Count; i++)
        {
            ParameterSlot slot = store.Plan.Slots[i];
            if (!slot.IsLearned)
                continue;
            InterleavedCopy copy = store.InterleavedCopyOf(i);
            SgdStep step = (slot.Spec.IsBias ? biases : weights) with { Rate = LearningRate };
            // Arenas are whole cache lines long, so every share is whole vectors; a copy is written by pairs of rows.
            long unit = copy.Address == 0 ? Lanes : 2L * copy.RowLength, units = (slot.Layout.Bytes / sizeof(float) + unit - 1) / unit;
            long first = units * thread / threads * unit, count = units * (thread + 1) / threads * unit - first;
            if (count == 0)
                continue;
            long offset = slot.Offset + first * sizeof(float), bytes = count * sizeof(float);
            float* w = (float*)store.Weights.At(offset, bytes), g = (float*)store.Gradients.At(offset, bytes);
            float* v = step.Momentum == 0 ? null : (float*)velocity.At(offset, bytes);
            if (copy.Address == 0)
                Update(w, g, v, count, step);
            else
                Update(w, g, v, count, step, (uint*)copy.Address + first / 2, copy.RowLength);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update(float* w, float* g, float* v, long count, SgdStep step)
    {
        Vectors vectors = new(step);
        for (long i = 0; i < count; i += Lanes)
            Update(w + i, g + i, v == null ? null : v + i, vectors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update(float* w, float* g, float* v, long count, SgdStep step, uint* copy, int row)
    {
        Vectors vectors = new(step);
        for (long i = 0; i < count; i += 2 * row)
            for (int j = 0; j < row; j += Lanes, copy += Lanes)
            {
                long even = i + j, odd = even + row;
                Vector512<float> low = Update(w + even, g + even, v == null ? null : v + even, vectors);
                Vector512<float> high = Update(w + odd, g + odd, v == null ? null : v + odd, vectors);
                Vector512.StoreAligned((BFloat16.Round(low) >>> 16) | (BFloat16.Round(high) & Vector512.Create(0xFFFF0000u)), copy);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Update(float* w, float* g, float* v, in Vectors step)
    {
        Vector512<float> weight = Vector512.LoadAligned(w);
        Vector512<float> change = Vector512.FusedMultiplyAdd(step.Decay, weight, Vector512.LoadAligned(g));
        if (v != null)
        {
            Vector512<float> velocity = Vector512.FusedMultiplyAdd(step.Momentum, Vector512.LoadAligned(v), change);
            Vector512.StoreAligned(velocity, v);
            change = step.IsNesterov ? Vector512.FusedMultiplyAdd(step.Momentum, velocity, change) : velocity;
        }
        weight -= step.Rate * change;
        Vector512.StoreAligned(weight, w);
        return weight;
    }

    private readonly struct Vectors(SgdStep step)
    {
        public readonly Vector512<float> Rate = Vector512.Create(step.Rate), Decay = Vector512.Create(step.Decay), Momentum = Vector512.Create(step.Momentum);
        public readonly bool IsNesterov = step.Nesterov;
    }
}
