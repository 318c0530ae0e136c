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
    private static float[]? _threadScratch;

    private readonly ImageSize _source, _target;
    private readonly float[] _table;
    private readonly ushort[] _bfloat16Table;
    private readonly bool[] _repeatsFirst;
    private readonly ResizeAxis? _rows, _columns;

    /// <param name="preprocessing">What to do.</param>
    /// <param name="source">The size that images come in. Grey images fit three channels: they are repeated.</param>
    /// <exception cref="DataException">The channels do not fit, or the preprocessing contradicts itself.</exception>
    public ImagePipeline(Preprocessing preprocessing, ImageSize source)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        (Preprocessing, _source, _target) = (preprocessing.Validate(), source, preprocessing.Size);
        CheckChannels(source, _target);
        _table = new float[_target.Channels * 256];
        for (int i = 0; i < _table.Length; i++)
            _table[i] = preprocessing.Normalized(i >> 8, i & 255);
        _bfloat16Table = Array.ConvertAll(_table, BFloat16Bits.From);
        _repeatsFirst = [.. Enumerable.Range(0, _target.Channels).Select(c =>
            c > 0 && source.Channels == 1 && _table.AsSpan(c * 256, 256).SequenceEqual(_table.AsSpan(0, 256)))];
        if ((source.Height, source.Width) != (_target.Height, _target.Width))
            (_rows, _columns) = (new ResizeAxis(source.Height, _target.Height), new ResizeAxis(source.Width, _target.Width));
    }

    /// <summary>What the pipeline does.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>The size that images come in.</summary>
    public ImageSize Source => _source;

    /// <summary>The input of one image as float32.</summary>
    /// <param name="pixels">An image of <see cref="Source"/>, in planes.</param>
    /// <param name="destination">Room for exactly one input of the network.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    public void Write(ReadOnlySpan<byte> pixels, Span<float> destination) =>
        Write<float, SingleRows>(pixels, destination, _table);

    /// <summary>The input of one image as the bits of bfloat16, rounded to nearest, ties to even.</summary>
    /// <param name="pixels">An image of <see cref="Source"/>, in planes.</param>
    /// <param name="bfloat16Destination">Room for exactly one input of the network.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    public void Write(ReadOnlySpan<byte> pixels, Span<ushort> bfloat16Destination) =>
        Write<ushort, BFloat16Rows>(pixels, bfloat16Destination, _bfloat16Table);

    internal static void CheckChannels(ImageSize source, ImageSize target)
    {
        if (!source.IsValid)
            throw new DataException($"Images of {source} are not possible. Channels, height and width must be at least 1.");
        if (source.Channels != target.Channels && source.Channels != 1)
        {
            throw new DataException(
                $"Images of {source} do not fit a network's input of {target}: {source.Channels} channels came, {target.Channels} " +
                $"{(target.Channels == 1 ? "was" : "were")} expected. Use a network with {source.Channels} input channels, or convert the images.");
        }
    }

    private void Write<T, TRows>(ReadOnlySpan<byte> pixels, Span<T> destination, T[] table) where TRows : struct, IRowWriter<T>
    {
        if (pixels.Length != _source.Length)
            throw new ArgumentException($"{pixels.Length} bytes came; an image of {_source} has {_source.Length}.", nameof(pixels));
        if (destination.Length != _target.Length)
            throw new ArgumentException($"There is room for {destination.Length} values; an input of {_target} has {_target.Length}.", nameof(destination));

        int sourcePlane = _source.PixelCount, targetPlane = _target.PixelCount;
        for (int c = 0; c < _target.Channels; c++)
        {
            ReadOnlySpan<byte> plane = pixels.Slice(Math.Min(c, _source.Channels - 1) * sourcePlane, sourcePlane);
            Span<T> output = destination.Slice(c * targetPlane, targetPlane);
            if (_repeatsFirst[c])
                destination[..targetPlane].CopyTo(output);
            else if (_rows is null)
                PixelRows.LookUp(plane, table.AsSpan(c * 256, 256), output);
            else
                Resize<T, TRows>(plane, _table.AsSpan(c * 256, 256), output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Resize<T, TRows>(ReadOnlySpan<byte> plane, ReadOnlySpan<float> table, Span<T> output) where TRows : struct, IRowWriter<T>
    {
        int sourceWidth = _source.Width, width = _target.Width;
        Span<float> scratch = Scratch(sourceWidth + 2 * width);
        Span<float> narrow = scratch[..sourceWidth], upper = scratch.Slice(sourceWidth, width), lower = scratch.Slice(sourceWidth + width, width);
        int upperRow = -1, lowerRow = -1;
        for (int y = 0; y < _target.Height; y++)
        {
            int first = _rows!.First[y], second = _rows.Second[y];
            if (upperRow != first)
            {
                // The rows wanted only ever move down: the new upper one is most often the old lower one.
                Span<float> held = upper;
                upper = lower;
                lower = held;
                (upperRow, lowerRow) = (lowerRow, upperRow);
                if (upperRow != first)
                {
                    Widen(plane.Slice(first * sourceWidth, sourceWidth), upper, narrow, table);
                    upperRow = first;
                }
            }

            if (second != first && lowerRow != second)
            {
                Widen(plane.Slice(second * sourceWidth, sourceWidth), lower, narrow, table);
                lowerRow = second;
            }

            TRows.Blend(upper, second == first ? upper : lower, _rows.Fraction[y], output.Slice(y * width, width));
        }
    }

    private void Widen(ReadOnlySpan<byte> row, Span<float> wide, Span<float> narrow, ReadOnlySpan<float> table)
    {
        if (_source.Width == _target.Width)
        {
            PixelRows.LookUp(row, table, wide);
            return;
        }

        PixelRows.LookUp(row, table, narrow);
        PixelRows.Widen(narrow, _columns!, wide);
    }

    private static Span<float> Scratch(int length)
    {
        if (_threadScratch is null || _threadScratch.Length < length)
            _threadScratch = new float[length];
        return _threadScratch.AsSpan(0, length);
    }
}
