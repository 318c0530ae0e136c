using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Tests.Vectors;

/// <summary>
/// Both widths of registers of 16-bit integers against the same in plain numbers. Without AVX-512, the wide ones are computed by halves.
/// </summary>
public unsafe class ShortsTests
{
    private static readonly short[] First = [.. Enumerable.Range(0, 80).Select(i => (short)(i * 4999 - 32768))];
    private static readonly short[] Second = [.. Enumerable.Range(0, 80).Select(i => (short)(i % 3 == 0 ? First[i] : 30011 - i * 977))];

    [Fact]
    public void Lanes_compute_as_plain_numbers_do()
    {
        Require<Shorts32>();
        Require<Shorts16>();
    }

    private static void Require<T>() where T : unmanaged, IShorts<T>
    {
        Require<T>((a, b) => a + b, (a, b) => a + b);
        Require<T>((a, b) => a - b, (a, b) => a - b);
        Require<T>((a, b) => a & b, (a, b) => a & b);
        Require<T>((a, b) => a | b, (a, b) => a | b);
        Require<T>((a, b) => a ^ b, (a, b) => a ^ b);
        Require<T>((a, _) => ~a, (a, _) => ~a);
        Require<T>((a, _) => T.TurnNegative(a), (a, _) => a < 0 ? -a ^ short.MinValue : a);
        Require<T>(T.Max, (a, b) => Math.Max(a, b));
        Require<T>((a, b) => T.WhereGreater(a, b, T.Create(7), a), (a, b) => a > b ? 7 : a);
        fixed (short* first = First, second = Second)
        {
            T values = T.Load(first), least = T.Create(short.MinValue);
            Assert.True(T.IsAnyGreater(values, least));
            Assert.False(T.IsAnyGreater(values, values));
            Assert.False(T.IsAnyGreater(least, values));

            foreach ((int block, T loaded) in new[] { (0, T.LoadFirst(first)), (1, T.LoadSecond(first)), (2, T.LoadThird(first)) })
                Assert.Equal(Enumerable.Range(0, T.Count).Select(i => First[i / 16 * 32 + block * 16 + i % 16]), Numbers(loaded));

            using AlignedBuffer buffer = new(128);
            values.StoreNonTemporal((short*)(buffer.Data + 32));
            Assert.Equal(First.Take(T.Count), new Span<short>(buffer.Data + 32, T.Count).ToArray());
            values.StoreBytes(buffer.Data + 32);
            Assert.Equal(First.Take(T.Count).Select(x => (byte)x), new Span<byte>(buffer.Data + 32, T.Count).ToArray());
        }
    }

    private static void Require<T>(Func<T, T, T> vector, Func<short, short, int> plain) where T : unmanaged, IShorts<T>
    {
        fixed (short* a = First, b = Second)
            Assert.Equal(Enumerable.Range(0, T.Count).Select(i => (short)plain(First[i], Second[i])),
                Numbers(vector(T.Load(a), T.Load(b))));
    }

    private static short[] Numbers<T>(T value) where T : unmanaged, IShorts<T>
    {
        short[] numbers = new short[T.Count];
        fixed (short* to = numbers)
            value.Store(to);
        return numbers;
    }
}
