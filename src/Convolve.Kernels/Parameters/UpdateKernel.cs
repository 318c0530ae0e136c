using System.Runtime.CompilerServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

//     for each parameter, each vector of the thread's share:  w, states = rule(w, clipped g, states);  with a copy, two rows at a time
//
// w, g, states  arenas of float32, a parameter at the same place in each, in whole lines of 16
// copy          [pair of rows][column][2]  bfloat16
// Registers: the vectors of one update, the clip's limits and what finds NaN. Bound: memory; every number is read and written once.

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

/// <summary>What an update works on; a parameter is at the same place in all of them.</summary>
/// <param name="Weights">Of all parameters.</param>
/// <param name="Gradients">Of all parameters.</param>
/// <param name="States">What the rule keeps, in its order.</param>
internal readonly record struct UpdateArenas(NativeBuffer Weights, NativeBuffer Gradients, IReadOnlyList<NativeBuffer> States);

/// <summary>How a vector of weights changes: an optimizer's formula.</summary>
internal unsafe interface IUpdateRule
{
    /// <summary>The new weights; what is kept for them is changed in place.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="gradient">Their gradients.</param>
    /// <param name="first">What the rule keeps first for them, or anything where it keeps nothing; and so on.</param>
    /// <param name="second">The second.</param>
    /// <param name="third">The third.</param>
    T Update<T>(T weight, T gradient, float* first, float* second, float* third) where T : unmanaged, IFloats<T>;
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

    /// <summary>The lengths that the rule asks for, measured before each update; null where it asks for none.</summary>
    public ParameterNormsKernel? Norms { get; init; }

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
            if (copy.Address != 0)
                copy = copy with { Address = (nint)((uint*)copy.Address + first / 2) };
            if (!(Floats8.IsWidest ? Update<Floats8x2>(share, count, rule, copy) : Update<Floats16>(share, count, rule, copy)))
                HasNonFinite = true; // by several threads, all the same
        }
    }

    private bool Update<T>(in Share share, long count, TRule rule, InterleavedCopy copy) where T : unmanaged, IFloats<T> =>
        copy.Address == 0 ? Update<T>(share, count, rule, new GradientClip<T>(Step))
            : Update(share, count, rule, new GradientClip<T>(Step), (uint*)copy.Address, copy.RowLength);

    // False where a new weight isn't finite: times 0, only those are not 0.
    // bounds: the count is whole lines of 16 floats, and so whole vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Update<T>(in Share share, long count, TRule rule, GradientClip<T> clip) where T : unmanaged, IFloats<T>
    {
        float* w = share.Weights, g = share.Gradients, a = share.First, b = share.Second, c = share.Third;
        T suspects = T.Zero;
        for (long i = 0; i < count; i += T.Count)
        {
            T weight = rule.Update(T.Load(w + i), clip.Of(g + i), a + i, b + i, c + i);
            weight.Store(w + i);
            suspects = T.FusedMultiplyAdd(weight, T.Zero, suspects);
        }
        return T.Sum(suspects) == 0;
    }

    // bounds: the count is whole pairs of rows, and rows are whole lines; the copy has half as many words.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Update<T>(in Share share, long count, TRule rule, GradientClip<T> clip, uint* copy, int row)
        where T : unmanaged, IFloats<T>
    {
        T suspects = T.Zero;
        float* w = share.Weights, g = share.Gradients, a = share.First, b = share.Second, c = share.Third;
        for (long i = 0; i < count; i += 2 * row)
            for (int j = 0; j < row; j += T.Count, copy += T.Count)
            {
                long even = i + j, odd = even + row;
                T low = rule.Update(T.Load(w + even), clip.Of(g + even), a + even, b + even, c + even);
                low.Store(w + even);
                T high = rule.Update(T.Load(w + odd), clip.Of(g + odd), a + odd, b + odd, c + odd);
                high.Store(w + odd);
                suspects = T.FusedMultiplyAdd(high, T.Zero, T.FusedMultiplyAdd(low, T.Zero, suspects));
                T.StoreBFloat16Pairs(low, high, copy);
            }
        return T.Sum(suspects) == 0;
    }

    /// <summary>Where a thread's part of a parameter is in each arena; rules don't read states that don't exist.</summary>
    private readonly struct Share(long offset, long bytes, UpdateArenas arenas)
    {
        public readonly float* Weights = (float*)arenas.Weights.At(offset, bytes), Gradients = (float*)arenas.Gradients.At(offset, bytes);
        public readonly float* First = At(0, offset, bytes, arenas.States), Second = At(1, offset, bytes, arenas.States),
            Third = At(2, offset, bytes, arenas.States);

        private static float* At(int index, long offset, long bytes, IReadOnlyList<NativeBuffer> states) =>
            index < states.Count ? (float*)states[index].At(offset, bytes) : null;
    }
}

/// <summary>Gradients as an update takes them. One that is NaN stays NaN: Min and Max choose their second number then.</summary>
internal readonly unsafe struct GradientClip<T>(UpdateStep step) where T : unmanaged, IFloats<T>
{
    private readonly T _scale = T.Create(step.GradientScale), _limit = T.Create(step.GradientLimit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of(float* gradients) => T.Max(-_limit, T.Min(_limit, T.Load(gradients) * _scale));
}
