using Convolve.Data;

namespace Convolve.Tests.Data.Sets;

/// <summary>A set that reads its images on demand and counts how often; their sizes may vary.</summary>
internal sealed class ReadDataset(string name, (ImageSize Size, byte[] Pixels)[] images, int[] labels, string[] classNames)
    : Dataset(name, images[0].Size.Channels, images.All(i => i.Size == images[0].Size) ? images[0].Size : null, labels, classNames)
{
    private int _reads;

    public int Reads => _reads;

    /// <summary>Told of the number of reads and the image, at each.</summary>
    public Action<int, int>? WhenRead { get; set; }

    /// <summary>The images of another set, read on demand.</summary>
    public static ReadDataset Of(Dataset set) =>
        new(set.Name, [.. Enumerable.Range(0, set.Count).Select(i => (set.SizeOf(i), set.PixelsOf(i).ToArray()))], set.Labels.ToArray(),
            [.. set.ClassNames]);

    public override ImageSize SizeOf(int i) => images[i].Size;

    public override ReadOnlySpan<byte> Read(int i, Span<byte> buffer)
    {
        int count = Interlocked.Increment(ref _reads);
        WhenRead?.Invoke(count, i);
        images[i].Pixels.CopyTo(buffer);
        return buffer[..images[i].Pixels.Length];
    }
}
