using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels;

/// <summary>
/// A counter-based random generator: every draw is a pure function of a key and a counter, so a run is the same bits whatever the order
/// of the calls, and resumes anywhere.
/// </summary>
/// <remarks>Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011 (Philox4x32-10).</remarks>
internal struct CounterRandom
{
    private readonly uint _key0, _key1, _high0, _high1, _high2;
    private uint _counter;
    private uint _block0, _block1, _block2, _block3;
    private int _left;

    /// <summary>
    /// A stream named by a seed and up to three coordinates (such as purpose, epoch, sample); each stream has 2^34 draws.
    /// </summary>
    public CounterRandom(ulong seed, RandomPurpose purpose, uint first = 0, uint second = 0)
    {
        (_key0, _key1) = ((uint)seed, (uint)(seed >> 32));
        (_high0, _high1, _high2) = ((uint)purpose, first, second);
    }

    /// <summary>The next 32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (_left == 0)
            NextBlock();
        return --_left switch { 3 => _block0, 2 => _block1, 1 => _block2, _ => _block3 };
    }

    /// <summary>The next integer in [0, exclusiveMax), without modulo bias (Lemire 2019).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is below 1.</exception>
    public int NextInt32(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveMax, 1);
        uint range = (uint)exclusiveMax, threshold = (uint)-(int)range % range;
        while (true)
        {
            ulong product = (ulong)NextUInt32() * range;
            if ((uint)product >= threshold)
                return (int)(product >> 32);
        }
    }

    /// <summary>The next number in [0, 1), with 24 random bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>The next draw from the normal distribution with mean 0 and standard deviation 1 (Box and Muller 1958).</summary>
    public float NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextSingle()));
        return (float)(radius * Math.Cos(2 * Math.PI * NextSingle()));
    }

    /// <summary>Puts the items in a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>Draws as many numbers as there is room for: the same as this many calls of <see cref="NextUInt32"/>.</summary>
    public void Fill(Span<uint> numbers)
    {
        int i = 0;
        for (; i < numbers.Length && _left > 0; i++)
            numbers[i] = NextUInt32();
        if (Avx512F.IsSupported)
            for (; i + 32 <= numbers.Length && _counter <= uint.MaxValue - 8; i += 32, _counter += 8)
                EightBlocks(numbers.Slice(i, 32));
        for (; i < numbers.Length; i++)
            numbers[i] = NextUInt32();
    }

    // Eight counters side by side, each in a lane of 64 bits, where the products of 32-bit halves have room.
    private readonly void EightBlocks(Span<uint> numbers)
    {
        Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue);
        Vector512<ulong> c0 = Vector512.Create((ulong)_counter) + Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7),
            c1 = Vector512.Create((ulong)_high0);
        Vector512<ulong> c2 = Vector512.Create((ulong)_high1), c3 = Vector512.Create((ulong)_high2);
        Vector512<uint> m0 = Vector512.Create(0xD2511F53UL).AsUInt32(), m1 = Vector512.Create(0xCD9E8D57UL).AsUInt32();
        uint k0 = _key0, k1 = _key1;
        for (int round = 0; round < 10; round++)
        {
            Vector512<ulong> p0 = Avx512F.Multiply(c0.AsUInt32(), m0), p1 = Avx512F.Multiply(c2.AsUInt32(), m1);
            (c0, c1, c2, c3) = ((p1 >>> 32) ^ c1 ^ Vector512.Create((ulong)k0), p1 & low, (p0 >>> 32) ^ c3 ^ Vector512.Create((ulong)k1),
                p0 & low);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        Vector512<ulong> first = c0 | c1 << 32, second = c2 | c3 << 32;
        Avx512F.PermuteVar8x64x2(first, Vector512.Create(0UL, 8, 1, 9, 2, 10, 3, 11), second).AsUInt32().CopyTo(numbers);
        Avx512F.PermuteVar8x64x2(first, Vector512.Create(4UL, 12, 5, 13, 6, 14, 7, 15), second).AsUInt32().CopyTo(numbers[16..]);
    }

    private void NextBlock()
    {
        uint c0 = _counter++, c1 = _high0, c2 = _high1, c3 = _high2, k0 = _key0, k1 = _key1;
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        (_block0, _block1, _block2, _block3, _left) = (c0, c1, c2, c3, 4);
    }
}

/// <summary>What a stream of random numbers is for; streams of different purposes never share a draw.</summary>
internal enum RandomPurpose
{
    Initialization = 1,
    Split = 2,
    Shuffle = 3,
    Augmentation = 4,
    Mixing = 5,
    Sweep = 6,
    Noise = 7,
    Test = 99,
}
