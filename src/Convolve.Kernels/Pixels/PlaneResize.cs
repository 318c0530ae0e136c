using System.Runtime.CompilerServices;

namespace Convolve.Kernels.Pixels;

//     for each row of the result:  widen the source rows that it needs;  target = mix of two of them
//
// plane   [row][column] bytes; values: one source row and two wide rows, float32; output float32, bfloat16 or bytes
// L1: the two wide rows, which serve all results between them. Bound: the loads of PixelRows.

/// <summary>
/// Resizes planes of bytes in single precision without smoothing, in some number format: PyTorch's bilinear interpolation with
/// align_corners=False. A source row is widened once, and each output row is one fused multiply-add of two of those.
/// </summary>
internal sealed class PlaneResize
{
    private static readonly float[] Plain = [.. Enumerable.Range(0, 256).Select(i => (float)i)];

    [ThreadStatic]
    private static PlaneResize? _ofThread;

    private readonly ResizeAxis _rows = new(), _columns = new();
    private float[] _values = [];
    private PictureSize _from, _to;
    private PixelSampling? _sampling;
    private bool _widens;

    /// <summary>
    /// The axes for two sizes, whatever their channels; a thread that asks for the same again finds them ready, and one that has met
    /// larger ones allocates nothing.
    /// </summary>
    public static PlaneResize OfThread(PictureSize source, PictureSize target)
    {
        PlaneResize resize = _ofThread ??= new();
        resize.Set(source with { Channels = 1 }, target with { Channels = 1 }, null);
        return resize;
    }

    /// <summary>The same for pictures of which only those rows and columns are kept that count.</summary>
    public static PlaneResize OfThread(PixelSampling sampling)
    {
        PlaneResize resize = _ofThread ??= new();
        resize.Set(sampling.Kept with { Channels = 1 }, sampling.Target with { Channels = 1 }, sampling);
        return resize;
    }

    /// <summary>Resizes a picture, rounded to bytes.</summary>
    public static void Run(ref Picture picture, int height, int width)
    {
        PictureSize from = picture.Size, to = new(from.Channels, height, width);
        ReadOnlySpan<byte> source = picture.Pixels;
        Span<byte> target = picture.Become(to);
        PlaneResize resize = OfThread(from, to);
        for (int c = 0; c < from.Channels; c++)
        {
            resize.Run<byte, ByteRows>(source.Slice(c * from.PixelCount, from.PixelCount), Plain,
                target.Slice(c * to.PixelCount, to.PixelCount));
        }
    }

    /// <summary>Resizes one plane of values that a table gives for bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<T, TRows>(ReadOnlySpan<byte> plane, ReadOnlySpan<float> table, Span<T> output) where TRows : struct, IRowWriter<T>
    {
        int sourceWidth = _from.Width, width = _to.Width;
        Span<float> values = _values.AsSpan(0, sourceWidth + 2 * width);
        Span<float> narrow = values[..sourceWidth], upper = values.Slice(sourceWidth, width), lower = values[(sourceWidth + width)..];
        int upperRow = -1, lowerRow = -1;
        for (int y = 0; y < _to.Height; y++)
        {
            int first = _rows.First[y], second = _rows.Second[y];
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
        if (!_widens)
        {
            PixelRows.LookUp(row, table, wide);
            return;
        }

        PixelRows.LookUp(row, table, narrow);
        PixelRows.Widen(narrow, _columns, wide);
    }

    private void Set(PictureSize from, PictureSize to, PixelSampling? sampling)
    {
        if ((from, to) == (_from, _to) && sampling == _sampling)
            return;
        if (sampling is null)
        {
            _rows.Set(from.Height, to.Height);
            _columns.Set(from.Width, to.Width);
        }
        else
        {
            _rows.SetKept(sampling.Source.Height, to.Height, sampling.Rows);
            _columns.SetKept(sampling.Source.Width, to.Width, sampling.Columns);
        }
        (_sampling, _widens) = (sampling, (sampling?.Source ?? from).Width != to.Width);
        int length = checked(from.Width + 2 * to.Width);
        if (_values.Length < length)
            _values = new float[length];
        (_from, _to) = (from, to);
    }
}
