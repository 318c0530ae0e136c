using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Winograd;

/// <summary>A size that is known when code is compiled.</summary>
internal interface ISide
{
    static abstract int Value { get; }
}

internal readonly struct Side3 : ISide
{
    public static int Value => 3;
}

internal readonly struct Side4 : ISide
{
    public static int Value => 4;
}

internal readonly struct Side5 : ISide
{
    public static int Value => 5;
}

internal readonly struct Side6 : ISide
{
    public static int Value => 6;
}

// For one vector of channels, written out: 8 values to 8 or to 3, 4, 5 or 6, a step apart.
// Registers: the 8 values and up to 8 constants. Bound: additions and multiply-adds; the values are in the first cache.

/// <summary>
/// The one-dimensional transforms of Winograd's convolution at the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity, on 8 vectors of
/// channels.
/// </summary>
/// <remarks>
/// y = A^T ((G w) * (B^T x)) is the correlation of 8 inputs with r weights at 9 - r places. G and A are the values of a polynomial at the
/// points (<see cref="Evaluate"/>; G also scales by <see cref="Scale"/>), A^T and G^T are <see cref="Collect"/>, B^T is the input
/// transform. The relative error in float32 is about 3e-6 with 5x5 kernels and 6e-6 with 3x3 ones, where the direct way has 2e-7. Source:
/// Lavin and Gray 2016, Fast Algorithms for Convolutional Neural Networks, section 4.
/// </remarks>
internal static unsafe class WinogradTransform
{
    /// <summary>What G divides the value at each point by.</summary>
    public static ReadOnlySpan<float> Scale => [1, -2 / 9f, -2 / 9f, 1 / 90f, 1 / 90f, 32 / 45f, 32 / 45f, 1];

    /// <summary>B^T: 8 inputs to 8 values. Steps are in floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<TVector>(TVector x0, TVector x1, TVector x2, TVector x3,
        TVector x4, TVector x5, TVector x6, TVector x7, float* to, nint step)
        where TVector : unmanaged, IFloats<TVector>
    {
        TVector c525 = TVector.Create(5.25f), c425 = TVector.Create(4.25f), c25 = TVector.Create(2.5f), c125 = TVector.Create(1.25f);
        TVector two = TVector.Create(2f), half = TVector.Create(.5f), quarter = TVector.Create(.25f), four = TVector.Create(4f);
        Store(TVector.FusedMultiplyAdd(x4 - x2, c525, x0 - x6), to, 0, step);
        Store(TVector.FusedMultiplyAdd(x3 - x5, c525, x7 - x1), to, 7, step);

        TVector even = TVector.FusedMultiplyAdd(-c425, x4, x2 + x6), odd = TVector.FusedMultiplyAdd(-c425, x3, x1 + x5);
        Store(even + odd, to, 1, step);
        Store(even - odd, to, 2, step);

        even = TVector.FusedMultiplyAdd(quarter, x2, TVector.FusedMultiplyAdd(-c125, x4, x6));
        odd = TVector.FusedMultiplyAdd(half, x1, TVector.FusedMultiplyAdd(-c25, x3, x5 + x5));
        Store(even + odd, to, 3, step);
        Store(even - odd, to, 4, step);

        even = TVector.FusedMultiplyAdd(four, TVector.FusedMultiplyAdd(-c125, x4, x2), x6);
        odd = TVector.FusedMultiplyAdd(two, x1, TVector.FusedMultiplyAdd(-c25, x3, half * x5));
        Store(even + odd, to, 5, step);
        Store(even - odd, to, 6, step);
    }

    /// <summary>B^T of 8 vectors in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<TVector>(float* from, nint fromStep, float* to, nint step) where TVector : unmanaged,
        IFloats<TVector> => Input(Load<TVector>(from, 0, fromStep), Load<TVector>(from, 1, fromStep), Load<TVector>(from, 2, fromStep),
        Load<TVector>(from, 3, fromStep), Load<TVector>(from, 4, fromStep), Load<TVector>(from, 5, fromStep),
        Load<TVector>(from, 6, fromStep), Load<TVector>(from, 7, fromStep), to, step);

    /// <summary>
    /// The polynomial with as many coefficients as <typeparamref name="TSide"/> says, at the 8 points; the last is the highest coefficient.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<TVector, TSide>(float* from, nint fromStep, float* to, nint step)
        where TVector : unmanaged, IFloats<TVector> where TSide : struct, ISide
    {
        TVector c0 = Load<TVector>(from, 0, fromStep), c1 = Load<TVector>(from, 1, fromStep), c2 = Load<TVector>(from, 2, fromStep);
        TVector c3 = TSide.Value > 3 ? Load<TVector>(from, 3, fromStep) : default, c4 = TSide.Value > 4 ? Load<TVector>(from, 4, fromStep)
            : default;
        TVector c5 = TSide.Value > 5 ? Load<TVector>(from, 5, fromStep) : default;
        Store(c0, to, 0, step);
        Store(TSide.Value switch { 3 => c2, 4 => c3, 5 => c4, _ => c5 }, to, 7, step);

        TVector even = c0 + c2, odd = c1;
        if (TSide.Value > 3)
            odd += c3;
        if (TSide.Value > 4)
            even += c4;
        if (TSide.Value > 5)
            odd += c5;
        Store(even + odd, to, 1, step);
        Store(even - odd, to, 2, step);

        TVector four = TVector.Create(4f);
        even = TSide.Value > 4 ? TVector.FusedMultiplyAdd(four, c4, c2) : c2;
        even = TVector.FusedMultiplyAdd(four, even, c0);
        odd = TSide.Value > 5 ? TVector.FusedMultiplyAdd(four, c5, c3) : c3;
        odd = TSide.Value > 3 ? TVector.FusedMultiplyAdd(four, odd, c1) : c1;
        odd += odd;
        Store(even + odd, to, 3, step);
        Store(even - odd, to, 4, step);

        TVector quarter = TVector.Create(.25f), half = TVector.Create(.5f);
        even = TSide.Value > 4 ? TVector.FusedMultiplyAdd(quarter, c4, c2) : c2;
        even = TVector.FusedMultiplyAdd(quarter, even, c0);
        odd = TSide.Value > 5 ? TVector.FusedMultiplyAdd(quarter, c5, c3) : c3;
        odd = TSide.Value > 3 ? TVector.FusedMultiplyAdd(quarter, odd, c1) : c1;
        odd *= half;
        Store(even + odd, to, 5, step);
        Store(even - odd, to, 6, step);
    }

    /// <summary>The transpose of <see cref="Evaluate"/>: 8 values to as many sums as <typeparamref name="TSide"/> says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Collect<TVector, TSide>(float* from, nint fromStep, float* to, nint step) where TVector : unmanaged, IFloats<TVector>
        where TSide : struct, ISide
    {
        TVector v1 = Load<TVector>(from, 1, fromStep), v2 = Load<TVector>(from, 2, fromStep), v3 = Load<TVector>(from, 3, fromStep),
            v4 = Load<TVector>(from, 4, fromStep);
        TVector v5 = Load<TVector>(from, 5, fromStep), v6 = Load<TVector>(from, 6, fromStep), last = Load<TVector>(from, 7, fromStep);
        TVector s1 = v1 + v2, d1 = v1 - v2, s2 = v3 + v4, d2 = v3 - v4, s3 = v5 + v6, d3 = v5 - v6;
        Store(Load<TVector>(from, 0, fromStep) + s1 + (s2 + s3), to, 0, step);
        Store(Sum(d1, d2, 2, d3, .5f), to, 1, step);
        Store(TSide.Value == 3 ? Sum(s1, s2, 4, s3, .25f) + last : Sum(s1, s2, 4, s3, .25f), to, 2, step);
        if (TSide.Value > 3)
            Store(TSide.Value == 4 ? Sum(d1, d2, 8, d3, .125f) + last : Sum(d1, d2, 8, d3, .125f), to, 3, step);
        if (TSide.Value > 4)
            Store(TSide.Value == 5 ? Sum(s1, s2, 16, s3, .0625f) + last : Sum(s1, s2, 16, s3, .0625f), to, 4, step);
        if (TSide.Value > 5)
            Store(Sum(d1, d2, 32, d3, .03125f) + last, to, 5, step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sum<TVector>(TVector a, TVector b, float bTimes, TVector c, float cTimes)
        where TVector : unmanaged, IFloats<TVector> =>
        TVector.FusedMultiplyAdd(TVector.Create(cTimes), c, TVector.FusedMultiplyAdd(TVector.Create(bTimes), b, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load<TVector>(float* from, nint i, nint step)
        where TVector : unmanaged, IFloats<TVector> => TVector.Load(from + i * step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVector>(TVector value, float* to, nint i, nint step)
        where TVector : unmanaged, IFloats<TVector> => value.Store(to + i * step);
}
