namespace Convolve.Kernels.Pixels;

/// <summary>
/// The rows and columns of a picture that a resize without smoothing (<see cref="PlaneResize"/>) looks at. A picture of these alone gives
/// the same bits as the whole one.
/// </summary>
internal sealed class PixelSampling
{
    /// <param name="source">The picture.</param>
    /// <param name="target">What it is resized to.</param>
    /// <param name="isMirrored">Whether left and right may be swapped before.</param>
    public PixelSampling(PictureSize source, PictureSize target, bool isMirrored)
    {
        (Source, Target) = (source, target);
        Rows = Places(source.Height, target.Height, isMirrored: false);
        Columns = Places(source.Width, target.Width, isMirrored);
    }

    public PictureSize Source { get; }

    public PictureSize Target { get; }

    /// <summary>The rows, from the top.</summary>
    public int[] Rows { get; }

    /// <summary>The columns, from the left; with each its mirror image, where that may be asked for.</summary>
    public int[] Columns { get; }

    /// <summary>The size of what is kept.</summary>
    public PictureSize Kept => new(Source.Channels, Rows.Length, Columns.Length);

    /// <summary>Copies the rows and columns, in planes.</summary>
    public void Gather(ReadOnlySpan<byte> pixels, Span<byte> kept)
    {
        ReadOnlySpan<int> columns = Columns;
        for (int c = 0, to = 0; c < Source.Channels; c++)
            foreach (int y in Rows)
            {
                ReadOnlySpan<byte> row = pixels.Slice(c * Source.PixelCount + y * Source.Width, Source.Width);
                Span<byte> output = kept.Slice(to, columns.Length);
                for (int x = 0; x < columns.Length; x++)
                    output[x] = row[columns[x]];
                to += columns.Length;
            }
    }

    private static int[] Places(int source, int target, bool isMirrored)
    {
        ResizeAxis axis = new();
        axis.Set(source, target);
        IEnumerable<int> places = axis.First.Take(target).Concat(axis.Second.Take(target));
        if (isMirrored)
            places = places.SelectMany(place => (int[])[place, source - 1 - place]);
        return [.. places.Distinct().Order()];
    }
}
