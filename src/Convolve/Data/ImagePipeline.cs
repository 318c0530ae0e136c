using System.Runtime.CompilerServices;

namespace Convolve.Data;

/// <summary>
/// Turns the bytes of an image into the input of a network, as a <see cref="Preprocessing"/> says: resized and normalised, in planes
/// (channel, row, column), in float32 or bfloat16.
/// </summary>
/// <remarks>
/// Cost: normalisation is one table look-up per source pixel; a source row is widened once and each output row is one fused
/// multiply-add of two of those. Safe to use from several threads at once. After a thread's first call, no call allocates.
/// </remarks>
public sealed class ImagePipeline
{
    [ThreadStatic]
    private static ResizeScratch? _threadScratch;

    private readonly ImageSize _target;
    private readonly float[] _table;
    private readonly ushort[] _bfloat16Table;
    private readonly bool[] _repeatsFirst;

    /// <param name="preprocessing">What to do.</param>
    /// <param name="channels">The channels that images come in. Grey images fit three channels: they are repeated.</param>
    /// <exception cref="DataException">The channels do not fit, or the preprocessing contradicts itself.</exception>
    public ImagePipeline(Preprocessing preprocessing, int channels)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        (Preprocessing, Channels, _target) = (preprocessing.Validate(), channels, preprocessing.Size);
        CheckChannels(channels, _target);
        _table = new float[_target.Channels * 256];
        for (int i = 0; i < _table.Length; i++)
            _table[i] = preprocessing.Normalized(i >> 8, i & 255);
        _bfloat16Table = Array.ConvertAll(_table, BFloat16Bits.From);
        _repeatsFirst = [.. Enumerable.Range(0, _target.Channels).Select(c =>
            c > 0 && channels == 1 && _table.AsSpan(c * 256, 256).SequenceEqual(_table.AsSpan(0, 256)))];
    }

    /// <summary>What the pipeline does.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>The channels that images come in.</summary>
    public int Channels { get; }

    /// <summary>The input of one image as float32.</summary>
    /// <param name="pixels">An image in planes.</param>
    /// <param name="size">Its size; of <see cref="Channels"/> channels.</param>
    /// <param name="destination">Room for exactly one input of the network.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    public void Write(ReadOnlySpan<byte> pixels, ImageSize size, Span<float> destination) =>
        Write<float, SingleRows>(pixels, size, destination, _table);

    /// <summary>The input of one image as the bits of bfloat16, rounded to nearest, ties to even.</summary>
    /// <param name="pixels">An image in planes.</param>
    /// <param name="size">Its size; of <see cref="Channels"/> channels.</param>
    /// <param name="bfloat16Destination">Room for exactly one input of the network.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    public void Write(ReadOnlySpan<byte> pixels, ImageSize size, Span<ushort> bfloat16Destination) =>
        Write<ushort, BFloat16Rows>(pixels, size, bfloat16Destination, _bfloat16Table);

    internal static void CheckChannels(int channels, ImageSize target)
    {
        if (channels != target.Channels && channels != 1)
        {
            throw new DataException(
                $"Images of {channels} channels do not fit a network's input of {target}: {target.Channels} " +
                $"{(target.Channels == 1 ? "was" : "were")} expected. Use a network with {channels} input channels, " +
                "or convert the images.");
        }
    }

    private void Write<T, TRows>(ReadOnlySpan<byte> pixels, ImageSize size, Span<T> destination, T[] table)
        where TRows : struct, IRowWriter<T>
    {
        if (size.Channels != Channels || !size.IsValid)
            throw new ArgumentException($"An image of {size} came, and one of {Channels} channels and at least one pixel was expected.", nameof(size));
        if (pixels.Length != size.Length)
            throw new ArgumentException($"{pixels.Length} bytes came; an image of {size} has {size.Length}.", nameof(pixels));
        if (destination.Length != _target.Length)
        {
            throw new ArgumentException(
                $"There is room for {destination.Length} values; an input of {_target} has {_target.Length}.", nameof(destination));
        }

        bool resizes = (size.Height, size.Width) != (_target.Height, _target.Width);
        ResizeScratch scratch = _threadScratch ??= new();
        if (resizes)
            scratch.Prepare(size, _target);
        int sourcePlane = size.PixelCount, targetPlane = _target.PixelCount;
        for (int c = 0; c < _target.Channels; c++)
        {
            ReadOnlySpan<byte> plane = pixels.Slice(Math.Min(c, Channels - 1) * sourcePlane, sourcePlane);
            Span<T> output = destination.Slice(c * targetPlane, targetPlane);
            if (_repeatsFirst[c])
                destination[..targetPlane].CopyTo(output);
            else if (resizes)
                Resize<T, TRows>(plane, size.Width, _table.AsSpan(c * 256, 256), scratch, output);
            else
                PixelRows.LookUp(plane, table.AsSpan(c * 256, 256), output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Resize<T, TRows>(ReadOnlySpan<byte> plane, int sourceWidth, ReadOnlySpan<float> table, ResizeScratch scratch, Span<T> output)
        where TRows : struct, IRowWriter<T>
    {
        int width = _target.Width;
        Span<float> values = scratch.Values.AsSpan(0, sourceWidth + 2 * width);
        Span<float> narrow = values[..sourceWidth], upper = values.Slice(sourceWidth, width), lower = values[(sourceWidth + width)..];
        ResizeAxis rows = scratch.Rows;
        int upperRow = -1, lowerRow = -1;
        for (int y = 0; y < _target.Height; y++)
        {
            int first = rows.First[y], second = rows.Second[y];
            if (upperRow != first)
            {
                // The rows wanted only ever move down: the new upper one is most often the old lower one.
                Span<float> held = upper;
                upper = lower;
                lower = held;
                (upperRow, lowerRow) = (lowerRow, upperRow);
                if (upperRow != first)
                {
                    Widen(plane.Slice(first * sourceWidth, sourceWidth), upper, narrow, table, scratch.Columns);
                    upperRow = first;
                }
            }

            if (second != first && lowerRow != second)
            {
                Widen(plane.Slice(second * sourceWidth, sourceWidth), lower, narrow, table, scratch.Columns);
                lowerRow = second;
            }

            TRows.Blend(upper, second == first ? upper : lower, rows.Fraction[y], output.Slice(y * width, width));
        }
    }

    private static void Widen(ReadOnlySpan<byte> row, Span<float> wide, Span<float> narrow, ReadOnlySpan<float> table, ResizeAxis columns)
    {
        if (row.Length == wide.Length)
        {
            PixelRows.LookUp(row, table, wide);
            return;
        }

        PixelRows.LookUp(row, table, narrow);
        PixelRows.Widen(narrow, columns, wide);
    }

    /// <summary>What a thread keeps from image to image; images of one size find it ready.</summary>
    private sealed class ResizeScratch
    {
        public ResizeAxis Rows { get; } = new();
        public ResizeAxis Columns { get; } = new();
        public float[] Values { get; private set; } = [];

        public void Prepare(ImageSize source, ImageSize target)
        {
            Rows.Set(source.Height, target.Height);
            Columns.Set(source.Width, target.Width);
            int length = checked(source.Width + 2 * target.Width);
            if (Values.Length < length)
                Values = new float[length];
        }
    }
}
