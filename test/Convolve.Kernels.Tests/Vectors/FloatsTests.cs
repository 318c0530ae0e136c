using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Tests.Vectors;

/// <summary>
/// Both widths of registers against the same in plain numbers. On a machine without AVX-512 the wide ones are computed by halves.
/// </summary>
public unsafe class FloatsTests
{
    private static readonly float[] First = [0, -0f, 1.5f, -2.25f, float.NaN, 3e38f, float.NegativeInfinity, 1e-40f, 7, -7, 0.1f, float.NaN,
        255, 65536, -1e-3f, 2];
    private static readonly float[] Second = [1, 0, -1.5f, -2.25f, 4, 1e-3f, float.PositiveInfinity, 0, float.NaN, 7, 0.1f, float.NaN, 254,
        3, 1e-3f, -2];

    [Fact]
    public void Lanes_compute_as_plain_numbers_do()
    {
        Require<Floats16>();
        Require<Floats8x2>();
        Require<Floats8>();
    }

    [Fact]
    public void Rows_are_transposed_by_fours()
    {
        RequireTransposed<Floats16>();
        RequireTransposed<Floats8x2>();
        RequireTransposed<Floats8>();
    }

    [Fact]
    public void Lanes_move_and_add_up()
    {
        RequireMoved<Floats16>();
        RequireMoved<Floats8x2>();
        RequireMoved<Floats8>();
    }

    [Fact]
    public void Roots_and_powers_are_near_those_of_float64()
    {
        RequirePowers<Floats16>();
        RequirePowers<Floats8x2>();
        RequirePowers<Floats8>();
    }

    [Fact]
    public void Vectors_are_stored_past_the_caches_and_in_pairs()
    {
        RequireStored<Floats16>();
        RequireStored<Floats8x2>();
        RequireStored<Floats8>();
    }

    private static void RequireMoved<T>() where T : unmanaged, IFloats<T>
    {
        T first = T.Indices, second = first + T.Create(T.Count);
        foreach ((int skipped, T moved) in new[] { (1, T.Align(first, second, 1)), (2, T.Align(first, second, 2)),
            (3, T.Align(first, second, 3)), (4, T.Align(first, second, 4)), (5, T.Align(first, second, 5)),
            (T.Count - 2, T.Align(first, second, T.Count - 2)), (T.Count - 1, T.Align(first, second, T.Count - 1)) })
            Assert.Equal(Enumerable.Range(skipped, T.Count).Select(i => (float)i), Numbers(moved));
        Assert.Equal(T.Count * (T.Count + 1) / 2, T.Sum(first + T.Create(1)));
        Assert.True(float.IsNaN(T.Sum(T.WhereEqual(first, T.Create(5), T.Create(float.NaN), first))));
    }

    private static void RequirePowers<T>() where T : unmanaged, IFloats<T>
    {
        T values = (T.Indices + T.Create(1)) * T.Create(0.37f);
        float[] roots = Numbers(T.ReciprocalSqrt(values)), powers = Numbers(T.Power(values, T.Create(-0.6f)));
        for (int i = 0; i < T.Count; i++)
        {
            float x = (i + 1) * 0.37f;
            Assert.Equal(1, roots[i] * Math.Sqrt(x), 3e-7);
            Assert.Equal(1, powers[i] / Math.Pow(x, -0.6f), 1e-6);
        }
    }

    private static void RequireStored<T>() where T : unmanaged, IFloats<T>
    {
        using AlignedBuffer buffer = new(256);
        T first = T.Indices * T.Create(1.0009765625f), second = first - T.Create(3);
        first.StoreNonTemporal(buffer.Data + 64);
        Assert.Equal(Numbers(first), Numbers(T.Load(buffer.Data + 64)));
        foreach (int at in new[] { 0, 32, 64 })
            foreach (bool isStreamed in new[] { false, true })
            {
                new Span<byte>(buffer.Data, 256).Clear();
                T.StoreBFloat16(first, second, buffer.Data + at, isStreamed);
                Assert.Equal(Numbers(first).Concat(Numbers(second)).Select(BFloat16.FromSingle),
                    new Span<ushort>(buffer.Data + at, 2 * T.Count).ToArray());
            }
        T.StoreBFloat16Pairs(first, second, buffer.Data);
        Assert.Equal(Numbers(first).Zip(Numbers(second)).SelectMany(pair => new[] { pair.First, pair.Second }).Select(BFloat16.FromSingle),
            new Span<ushort>(buffer.Data, 2 * T.Count).ToArray());
    }

    private static void Require<T>() where T : unmanaged, IFloats<T>
    {
        for (int first = 0; first < First.Length; first += T.Count)
        {
            Require<T>(first, (a, b) => a + b, (a, b) => a + b);
            Require<T>(first, (a, b) => a - b, (a, b) => a - b);
            Require<T>(first, (a, b) => a * b, (a, b) => a * b);
            Require<T>(first, (a, b) => a / b, (a, b) => a / b);
            Require<T>(first, (a, _) => -a, (a, _) => -a);
            Require<T>(first, (a, b) => T.FusedMultiplyAdd(a, b, T.Create(0.3f)), (a, b) => MathF.FusedMultiplyAdd(a, b, 0.3f));
            Require<T>(first, (a, _) => T.Sqrt(a), (a, _) => MathF.Sqrt(a));
            Require<T>(first, T.Max, (a, b) => a > b ? a : b);
            Require<T>(first, T.Min, (a, b) => a < b ? a : b);
            Require<T>(first, (a, b) => T.Select(T.GreaterThan(a, b), a, T.Zero), (a, b) => a > b ? a : 0);
            Require<T>(first, (a, b) => T.Select(T.GreaterOrNaN(a, b), T.Create(1), b), (a, b) => a > b || float.IsNaN(a) ? 1 : b);
            Require<T>(first, (a, b) => T.Select(T.LessThan(a, b), a, T.Zero), (a, b) => a < b ? a : 0);
            Require<T>(first, (a, b) => T.WhereGreater(a, b, a, T.Create(3)), (a, b) => a > b ? a : 3);
            Require<T>(first, (a, b) => T.WhereEqual(a, b, T.Create(1), b), (a, b) => a == b ? 1 : b);
            Require<T>(first, (a, b) => T.WhereUnordered(a, b, T.Create(1), b), (a, b) => float.IsNaN(a) || float.IsNaN(b) ? 1 : b);
            Require<T>(first, (a, b) => T.Select(T.Unordered(a, b), T.Create(1), T.Zero), (a, b) => float.IsNaN(a)
                || float.IsNaN(b) ? 1 : 0);
            Require<T>(first, (a, b) => T.WhereSameBits(a, b, T.Create(1), T.Zero),
                (a, b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) ? 1 : 0);
            Require<T>(first, (a, b) => T.AddWhereSameBits(a, b, T.Create(1), a),
                (a, b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) ? 1 + a : 1);
            Require<T>(first, (a, b) => a & b, (a, b) => Bits(a, b, (x, y) => x & y));
            Require<T>(first, (a, b) => a | b, (a, b) => Bits(a, b, (x, y) => x | y));
            Require<T>(first, (a, b) => a ^ b, (a, b) => Bits(a, b, (x, y) => x ^ y));
            Require<T>(first, (a, _) => ~a, (a, _) => Bits(a, 0, (x, _) => ~x));
        }
        float[] indices = Numbers(T.Indices);
        Assert.Equal(Enumerable.Range(0, T.Count).Select(i => (float)i), indices);

        byte* bytes = stackalloc byte[T.Count], back = stackalloc byte[T.Count];
        for (int i = 0; i < T.Count; i++)
            bytes[i] = (byte)(255 - 17 * i);
        T positions = T.LoadBytes(bytes);
        positions.StoreBytes(back);
        Assert.Equal(new Span<byte>(bytes, T.Count).ToArray(), new Span<byte>(back, T.Count).ToArray());
        Assert.Equal(Enumerable.Range(0, T.Count).Select(i => i == 3 ? 5f : 0),
            Numbers(T.WhereSameBits(positions, T.CreateBits(255 - 17 * 3), T.Create(5), T.Zero)));

        float[] values = [1, -1.00390625f, 3.14159274f, -0f, 1e-38f, 3e38f, float.PositiveInfinity, 0.1f, 1.01171875f, 5, 6, 7, 8, 9, 10,
            65535];
        ushort* halves = stackalloc ushort[T.Count];
        fixed (float* from = values)
            T.Load(from).StoreBFloat16(halves);
        Assert.Equal(values.Take(T.Count).Select(BFloat16.FromSingle), new Span<ushort>(halves, T.Count).ToArray());
        Assert.Equal(values.Take(T.Count).Select(x => BFloat16.ToSingle(BFloat16.FromSingle(x))), Numbers(T.LoadBFloat16(halves)));
    }

    private static void Require<T>(int first, Func<T, T, T> vector, Func<float, float, float> plain) where T : unmanaged, IFloats<T>
    {
        fixed (float* a = First, b = Second)
        {
            float[] actual = Numbers(vector(T.Load(a + first), T.Load(b + first)));
            for (int i = 0; i < T.Count; i++)
            {
                float expected = plain(a[first + i], b[first + i]);
                Assert.True(float.IsNaN(expected) ? float.IsNaN(actual[i])
                    : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual[i]),
                    $"{actual[i]:r} of {a[first + i]:r} and {b[first + i]:r}, and {expected:r} was expected");
            }
        }
    }

    private static float Bits(float a, float b, Func<int, int, int> function) =>
        BitConverter.Int32BitsToSingle(function(BitConverter.SingleToInt32Bits(a), BitConverter.SingleToInt32Bits(b)));

    private static void RequireTransposed<T>() where T : unmanaged, IFloats<T>
    {
        float* numbers = stackalloc float[16 * 8];
        float** rows = stackalloc float*[16];
        for (int i = 0; i < 16 * 8; i++)
            numbers[i] = i;
        for (int i = 0; i < 16; i++)
            rows[i] = numbers + 8 * i;
        var (x0, x1, x2, x3) = T.Transpose(T.Gather(rows, 0, 4), T.Gather(rows, 1, 4), T.Gather(rows, 2, 4), T.Gather(rows, 3, 4));
        foreach ((int column, T x) in new[] { (0, x0), (1, x1), (2, x2), (3, x3) })
            Assert.Equal(Enumerable.Range(0, T.Count).Select(row => 8f * row + 4 + column), Numbers(x));
    }

    private static float[] Numbers<T>(T value) where T : unmanaged, IFloats<T>
    {
        float[] numbers = new float[T.Count];
        fixed (float* to = numbers)
            value.Store(to);
        return numbers;
    }
}
