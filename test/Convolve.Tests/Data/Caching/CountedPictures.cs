using Convolve.Data;
using Convolve.Kernels;

namespace Convolve.Tests.Data.Caching;

/// <summary>Pictures of noise of several sizes, which count how often each is decoded.</summary>
internal sealed class CountedPictures(params ImageSize[] sizes) : Dataset("counted", sizes[0].Channels,
    sizes.Distinct().Count() == 1 ? sizes[0] : null, [.. sizes.Select((_, i) => i % 2)], ["a", "b"])
{
    private readonly int[] _counts = new int[sizes.Length];

    /// <summary>How often each picture was read.</summary>
    public IReadOnlyList<int> Counts => _counts;

    /// <summary>The picture that cannot be read; -1 for none.</summary>
    public int Broken { get; set; } = -1;

    /// <summary>How long one takes.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Where they may be kept.</summary>
    public PictureCaching? Places { get; init; } = new(1 << 20, OnDisk: false);

    internal override PictureCaching? Caching => Places;

    public override ImageSize SizeOf(int i) => sizes[i];

    public override ReadOnlySpan<byte> Read(int i, Span<byte> buffer)
    {
        Interlocked.Increment(ref _counts[i]);
        Thread.Sleep(Duration);
        if (i == Broken)
            throw new DatasetException($"picture {i} is gone");
        CounterRandom random = new((ulong)i, RandomPurpose.Test);
        Span<byte> pixels = buffer[..sizes[i].Length];
        foreach (ref byte value in pixels)
            value = (byte)random.NextUInt32();
        return pixels;
    }

    internal override UInt128 DigestOf(int i) => (UInt128)i + 1;
}
