using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

/// <summary>
/// The one-dimensional transforms of Winograd's convolution at the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity, on 8 vectors of 16 channels each.
/// </summary>
/// <remarks>
/// y = A^T ((G w) * (B^T x)) is the correlation of 8 inputs with r weights at 9 - r places. G and A are the values of a polynomial at the points
/// (<see cref="Evaluate"/>; G also scales by <see cref="Scale"/>), A^T and G^T are <see cref="Collect"/>, B^T is the input transform.
/// The relative error in float32 is about 3e-6 with 5x5 kernels and 6e-6 with 3x3 ones, where the direct way has 2e-7.
/// Source: Lavin and Gray 2016, Fast Algorithms for Convolutional Neural Networks, section 4.
/// </remarks>
internal static unsafe class WinogradTransform
{
    private const int Lanes = 16;

    /// <summary>What G divides the value at each point by.</summary>
    public static ReadOnlySpan<float> Scale => [1, -2 / 9f, -2 / 9f, 1 / 90f, 1 / 90f, 32 / 45f, 32 / 45f, 1];

    /// <summary>B^T: 8 inputs to 8 values. Steps are in floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(Vector512<float> x0, Vector512<float> x1, Vector512<float> x2, Vector512<float> x3,
        Vector512<float> x4, Vector512<float> x5, Vector512<float> x6, Vector512<float> x7, float* to, nint step)
    {
        Vector512<float> c525 = Vector512.Create(5.25f), c425 = Vector512.Create(4.25f), c25 = Vector512.Create(2.5f), c125 = Vector512.Create(1.25f);
        Vector512<float> two = Vector512.Create(2f), half = Vector512.Create(.5f), quarter = Vector512.Create(.25f), four = Vector512.Create(4f);
        Store(Vector512.FusedMultiplyAdd(x4 - x2, c525, x0 - x6), to, 0, step);
        Store(Vector512.FusedMultiplyAdd(x3 - x5, c525, x7 - x1), to, 7, step);

        Vector512<float> even = Vector512.FusedMultiplyAdd(-c425, x4, x2 + x6), odd = Vector512.FusedMultiplyAdd(-c425, x3, x1 + x5);
        Store(even + odd, to, 1, step);
        Store(even - odd, to, 2, step);

        even = Vector512.FusedMultiplyAdd(quarter, x2, Vector512.FusedMultiplyAdd(-c125, x4, x6));
        odd = Vector512.FusedMultiplyAdd(half, x1, Vector512.FusedMultiplyAdd(-c25, x3, x5 + x5));
        Store(even + odd, to, 3, step);
        Store(even - odd, to, 4, step);

        even = Vector512.FusedMultiplyAdd(four, Vector512.FusedMultiplyAdd(-c125, x4, x2), x6);
        odd = Vector512.FusedMultiplyAdd(two, x1, Vector512.FusedMultiplyAdd(-c25, x3, half * x5));
        Store(even + odd, to, 5, step);
        Store(even - odd, to, 6, step);
    }

    /// <summary>B^T of 8 vectors in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* from, nint fromStep, float* to, nint step) => Input(Load(from, 0, fromStep), Load(from, 1, fromStep), Load(from, 2, fromStep),
        Load(from, 3, fromStep), Load(from, 4, fromStep), Load(from, 5, fromStep), Load(from, 6, fromStep), Load(from, 7, fromStep), to, step);

    /// <summary>The polynomial with as many coefficients as <typeparamref name="T"/> says, at the 8 points; the last is the highest coefficient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<T>(float* from, nint fromStep, float* to, nint step) where T : struct, ISide
    {
        Vector512<float> c0 = Load(from, 0, fromStep), c1 = Load(from, 1, fromStep), c2 = Load(from, 2, fromStep);
        Vector512<float> c3 = T.Value > 3 ? Load(from, 3, fromStep) : default, c4 = T.Value > 4 ? Load(from, 4, fromStep) : default;
        Vector512<float> c5 = T.Value > 5 ? Load(from, 5, fromStep) : default;
        Store(c0, to, 0, step);
        Store(T.Value switch { 3 => c2, 4 => c3, 5 => c4, _ => c5 }, to, 7, step);

        Vector512<float> even = c0 + c2, odd = c1;
        if (T.Value > 3)
            odd += c3;
        if (T.Value > 4)
            even += c4;
        if (T.Value > 5)
            odd += c5;
        Store(even + odd, to, 1, step);
        Store(even - odd, to, 2, step);

        Vector512<float> four = Vector512.Create(4f);
        even = T.Value > 4 ? Vector512.FusedMultiplyAdd(four, c4, c2) : c2;
        even = Vector512.FusedMultiplyAdd(four, even, c0);
        odd = T.Value > 5 ? Vector512.FusedMultiplyAdd(four, c5, c3) : c3;
        odd = T.Value > 3 ? Vector512.FusedMultiplyAdd(four, odd, c1) : c1;
        odd += odd;
        Store(even + odd, to, 3, step);
        Store(even - odd, to, 4, step);

        Vector512<float> quarter = Vector512.Create(.25f), half = Vector512.Create(.5f);
        even = T.Value > 4 ? Vector512.FusedMultiplyAdd(quarter, c4, c2) : c2;
        even = Vector512.FusedMultiplyAdd(quarter, even, c0);
        odd = T.Value > 5 ? Vector512.FusedMultiplyAdd(quarter, c5, c3) : c3;
        odd = T.Value > 3 ? Vector512.FusedMultiplyAdd(quarter, odd, c1) : c1;
        odd *= half;
        Store(even + odd, to, 5, step);
        Store(even - odd, to, 6, step);
    }

    /// <summary>The transpose of <see cref="Evaluate"/>: 8 values to as many sums as <typeparamref name="T"/> says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Collect<T>(float* from, nint fromStep, float* to, nint step) where T : struct, ISide
    {
        Vector512<float> v1 = Load(from, 1, fromStep), v2 = Load(from, 2, fromStep), v3 = Load(from, 3, fromStep), v4 = Load(from, 4, fromStep);
        Vector512<float> v5 = Load(from, 5, fromStep), v6 = Load(from, 6, fromStep), last = Load(from, 7, fromStep);
        Vector512<float> s1 = v1 + v2, d1 = v1 - v2, s2 = v3 + v4, d2 = v3 - v4, s3 = v5 + v6, d3 = v5 - v6;
        Store(Load(from, 0, fromStep) + s1 + (s2 + s3), to, 0, step);
        Store(Sum(d1, d2, 2, d3, .5f), to, 1, step);
        Store(T.Value == 3 ? Sum(s1, s2, 4, s3, .25f) + last : Sum(s1, s2, 4, s3, .25f), to, 2, step);
        if (T.Value > 3)
            Store(T.Value == 4 ? Sum(d1, d2, 8, d3, .125f) + last : Sum(d1, d2, 8, d3, .125f), to, 3, step);
        if (T.Value > 4)
            Store(T.Value == 5 ? Sum(s1, s2, 16, s3, .0625f) + last : Sum(s1, s2, 16, s3, .0625f), to, 4, step);
        if (T.Value > 5)
            Store(Sum(d1, d2, 32, d3, .03125f) + last, to, 5, step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sum(Vector512<float> a, Vector512<float> b, float bTimes, Vector512<float> c, float cTimes) =>
        Vector512.FusedMultiplyAdd(Vector512.Create(cTimes), c, Vector512.FusedMultiplyAdd(Vector512.Create(bTimes), b, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(float* from, nint i, nint step) => Vector512.Load(from + i * step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> value, float* to, nint i, nint step) => Vector512.Store(value, to + i * step);

    public const int VectorFloats = Lanes;
}
