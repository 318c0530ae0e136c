using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

/// <summary>What changes from update to update.</summary>
/// <param name="Rate">The learning rate.</param>
/// <param name="Number">Counts the updates, from 1.</param>
internal readonly record struct UpdateStep(float Rate, long Number)
{
    /// <summary>What gradients are multiplied by first.</summary>
    public float GradientScale { get; init; } = 1;

    /// <summary>What they are then cut to, at both sides of 0; infinite for no cut.</summary>
    public float GradientLimit { get; init; } = float.PositiveInfinity;
}

/// <summary>What an update works on; a parameter lies at the same place in all of them.</summary>
/// <param name="Weights">Of all parameters.</param>
/// <param name="Gradients">Of all parameters.</param>
/// <param name="States">What the rule keeps, in its order.</param>
internal readonly record struct UpdateArenas(NativeBuffer Weights, NativeBuffer Gradients, IReadOnlyList<NativeBuffer> States);

/// <summary>How 16 weights change: an optimizer's formula, with its numbers as vectors.</summary>
internal unsafe interface IUpdateRule
{
    /// <summary>The new weights; what is kept for them is changed in place.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="gradient">Their gradients.</param>
    /// <param name="first">What the rule keeps first for them, or anything where it keeps nothing; and so on.</param>
    /// <param name="second">The second.</param>
    /// <param name="third">The third.</param>
    Vector512<float> Update(Vector512<float> weight, Vector512<float> gradient, float* first, float* second, float* third);
}

/// <summary>One update of all parameters, as flat loops over the arenas.</summary>
/// <remarks>
/// Padding of blocked layouts stays 0: its weights and gradients are 0. Where a bfloat16 copy of a weight is the weight with its rows
/// interleaved in pairs, it is written in the same pass, which saves reading all weights once more.
/// </remarks>
internal abstract class UpdateKernel : ITeamWork
{
    public UpdateStep Step { get; set; }

    /// <summary>
    /// What the rate of each parameter is multiplied by, in the plan's order; 0 leaves it as it is. Null for 1 throughout.
    /// </summary>
    public float[]? RateFactors { get; set; }

    /// <summary>
    /// Whether an update since it was last set to false has left a weight that isn't finite: seen here, it costs nothing.
    /// </summary>
    public bool HasNonFinite { get; set; }

    public abstract void Run(int thread, int threads);
}

/// <inheritdoc/>
/// <param name="arenas">What it works on.</param>
/// <param name="ranges">Of all parameters; those without bytes are left out.</param>
/// <param name="copyOf">The interleaved copy of a parameter, by its number.</param>
/// <param name="ruleOf">The rule for a parameter, by its number.</param>
internal sealed unsafe class UpdateKernel<TRule>(UpdateArenas arenas, IReadOnlyList<ArenaRange> ranges, Func<int, InterleavedCopy> copyOf,
    Func<UpdateStep, int, TRule> ruleOf) : UpdateKernel
    where TRule : struct, IUpdateRule
{
    private const int Lanes = 16;

    public override void Run(int thread, int threads)
    {
        for (int i = 0; i < ranges.Count; i++)
        {
            float factor = RateFactors is null ? 1 : RateFactors[i];
            if (ranges[i].Bytes == 0 || factor == 0)
                continue;
            TRule rule = ruleOf(Step with { Rate = Step.Rate * factor }, i);
            InterleavedCopy copy = copyOf(i);
            // Arenas are whole cache lines long, so every share is whole vectors; a copy is written by pairs of rows.
            long unit = copy.Address == 0 ? Lanes : 2L * copy.RowLength, units = (ranges[i].Bytes / sizeof(float) + unit - 1) / unit;
            long first = units * thread / threads * unit, count = units * (thread + 1) / threads * unit - first;
            if (count == 0)
                continue;
            Share share = new(ranges[i].Offset + first * sizeof(float), count * sizeof(float), arenas);
            bool isFinite = copy.Address == 0 ? Update(share, count, rule, new(Step))
                : Update(share, count, rule, new(Step), (uint*)copy.Address + first / 2, copy.RowLength);
            if (!isFinite)
                HasNonFinite = true; // by several threads, all the same
        }
    }

    // False where a weight came out that isn't finite: times 0, only those are not 0.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Update(in Share share, long count, TRule rule, Clip clip)
    {
        float* w = share.Weights, g = share.Gradients, a = share.First, b = share.Second, c = share.Third;
        Vector512<float> suspects = Vector512<float>.Zero;
        for (long i = 0; i < count; i += Lanes)
        {
            Vector512<float> weight = rule.Update(Vector512.LoadAligned(w + i), clip.Of(g + i), a + i, b + i, c + i);
            Vector512.StoreAligned(weight, w + i);
            suspects = Vector512.FusedMultiplyAdd(weight, Vector512<float>.Zero, suspects);
        }
        return Vector512.EqualsAll(suspects, suspects);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Update(in Share share, long count, TRule rule, Clip clip, uint* copy, int row)
    {
        Vector512<float> suspects = Vector512<float>.Zero;
        float* w = share.Weights, g = share.Gradients, a = share.First, b = share.Second, c = share.Third;
        for (long i = 0; i < count; i += 2 * row)
            for (int j = 0; j < row; j += Lanes, copy += Lanes)
            {
                long even = i + j, odd = even + row;
                Vector512<float> low = rule.Update(Vector512.LoadAligned(w + even), clip.Of(g + even), a + even, b + even, c + even);
                Vector512.StoreAligned(low, w + even);
                Vector512<float> high = rule.Update(Vector512.LoadAligned(w + odd), clip.Of(g + odd), a + odd, b + odd, c + odd);
                Vector512.StoreAligned(high, w + odd);
                suspects = Vector512.FusedMultiplyAdd(high, Vector512<float>.Zero,
                    Vector512.FusedMultiplyAdd(low, Vector512<float>.Zero, suspects));
                Vector512.StoreAligned((BFloat16.Round(low) >>> 16) | (BFloat16.Round(high) & Vector512.Create(0xFFFF0000u)), copy);
            }
        return Vector512.EqualsAll(suspects, suspects);
    }

    // A gradient that is no number stays none.
    private readonly struct Clip(UpdateStep step)
    {
        private readonly Vector512<float> _scale = Vector512.Create(step.GradientScale), _limit = Vector512.Create(step.GradientLimit);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Of(float* gradients) =>
            Vector512.Max(Vector512.Min(Vector512.LoadAligned(gradients) * _scale, _limit), -_limit);
    }

    /// <summary>Where a thread's part of a parameter lies in each arena; a state that there is none of is read by no rule.</summary>
    private readonly struct Share(long offset, long bytes, UpdateArenas arenas)
    {
        public readonly float* Weights = (float*)arenas.Weights.At(offset, bytes), Gradients = (float*)arenas.Gradients.At(offset, bytes);
        public readonly float* First = At(0, offset, bytes, arenas.States), Second = At(1, offset, bytes, arenas.States),
            Third = At(2, offset, bytes, arenas.States);

        private static float* At(int index, long offset, long bytes, IReadOnlyList<NativeBuffer> states) =>
            index < states.Count ? (float*)states[index].At(offset, bytes) : null;
    }
}
