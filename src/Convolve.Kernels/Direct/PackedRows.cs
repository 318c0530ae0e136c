using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Direct;

//     for each plane of channels, each row, each phase of columns:  packed = the row's pixels, a stride apart; 0 where there is none
//
// image   [plane][H][W][unit]  float32 or bfloat16, unit 16 channels in blocks or 1
// packed  [plane][row][phase][pitch][unit]  float32
// Registers: a vector at a time. Bound: memory.

/// <summary>
/// The pixels that a convolution's taps meet, as float32 numbers without strides and paddings: the pixels that one tap meets along a row of
/// outputs are neighbors. Where the image is so already, it is read in its place.
/// </summary>
internal sealed unsafe class PackedRows
{
    private readonly int _height, _width, _top, _left, _strideHeight, _strideWidth, _dilationHeight, _dilationWidth;
    private readonly int _sourceRowStep, _rowsPerOutput, _phases;
    private readonly nint _pitch;

    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="outWidth">Pixels that each tap meets along a row.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="stride">From one output to the next.</param>
    /// <param name="dilation">From one tap to the next.</param>
    /// <param name="before">Rows above and columns left of the image, of zeros; negative where the first ones are not met.</param>
    /// <param name="unit">Channels of a pixel that are stored together.</param>
    /// <param name="planes">Blocks of channels.</param>
    /// <param name="outRows">Rows of outputs that are packed for at once.</param>
    /// <param name="isDirect">Whether the image is read in its place.</param>
    /// <param name="hasPhases">Whether columns are parted by their remainder of the stride; else they stay in order.</param>
    public PackedRows(int height, int width, int outWidth, (int Height, int Width) kernel, (int Height, int Width) stride,
        (int Height, int Width) dilation, (int Height, int Width) before, int unit, int planes, int outRows, bool isDirect,
        bool hasPhases = true)
    {
        (_height, _width) = (height, width);
        (_top, _left) = before;
        (_strideHeight, _strideWidth) = stride;
        (_dilationHeight, _dilationWidth) = dilation;
        (Unit, Planes, OutRows, IsDirect) = (unit, planes, outRows, isDirect);
        // A kernel of one row or column leaves out what is between.
        (_sourceRowStep, _rowsPerOutput) = kernel.Height == 1 && !isDirect ? (stride.Height, 1) : (1, stride.Height);
        int rows = (outRows - 1) * _rowsPerOutput + (kernel.Height - 1) * dilation.Height + 1;
        if (isDirect)
            (_phases, _pitch) = (1, width);
        else if (!hasPhases)
            (_phases, _pitch) = (1, (outWidth - 1) * stride.Width + (kernel.Width - 1) * dilation.Width + 1);
        else
            (_phases, _pitch) = (kernel.Width == 1 ? 1 : stride.Width, (kernel.Width - 1) * dilation.Width / stride.Width + outWidth);
        _columnStep = isDirect || !hasPhases ? 1 : stride.Width;
        Rows = rows;
        RowFloats = _phases * _pitch * unit;
        PlaneFloats = (isDirect ? height : rows) * RowFloats;
    }

    private readonly int _columnStep;

    /// <summary>Channels of a pixel that are stored together.</summary>
    public int Unit { get; }

    public int Planes { get; }

    /// <summary>Rows of outputs that are packed for at once.</summary>
    public int OutRows { get; }

    public bool IsDirect { get; }

    /// <summary>Rows of the image that they meet.</summary>
    public int Rows { get; }

    /// <summary>From one row to the next.</summary>
    public nint RowFloats { get; }

    /// <summary>From one plane to the next.</summary>
    public nint PlaneFloats { get; }

    /// <summary>Of everything that is packed.</summary>
    public long Bytes => IsDirect ? 0 : Planes * (long)PlaneFloats * sizeof(float);

    /// <summary>Where the first pixel that a tap meets is, for the first row of outputs.</summary>
    public nint Tap(int plane, int row, int column)
    {
        int at = column * _dilationWidth, phase = _phases == 1 ? 0 : at % _strideWidth;
        return plane * PlaneFloats + row * _dilationHeight * RowFloats
            + (phase * _pitch + (_phases == 1 ? at / _columnStep : at / _strideWidth)) * Unit;
    }

    /// <summary>How far a row of outputs is from the first one.</summary>
    public nint OutRow(int row) => row * _rowsPerOutput * RowFloats;

    /// <summary>Where the taps of some rows of outputs begin, packed or in the image itself.</summary>
    /// <param name="image">The planes, of the first that is packed.</param>
    /// <param name="firstOutRow">The first of the rows of outputs.</param>
    /// <param name="planes">How many are packed.</param>
    /// <param name="packed">Receives them, where the image is not read in its place.</param>
    public float* Pack<TPixel>(byte* image, int firstOutRow, int planes, float* packed) where TPixel : struct, IPixel
    {
        int first = firstOutRow * _strideHeight - _top;
        if (IsDirect)
            return (float*)image + first * RowFloats - _left * Unit;
        int pixelBytes = TPixel.Bytes / Pixel.Channels * Unit;
        for (int plane = 0; plane < planes; plane++)
        {
            byte* from = image + (nint)plane * _height * _width * pixelBytes;
            for (int row = 0; row < Rows; row++, packed += RowFloats)
            {
                int y = first + row * _sourceRowStep;
                if ((uint)y >= (uint)_height)
                    new Span<float>(packed, (int)RowFloats).Clear();
                else
                    PackRow<TPixel>(from + (nint)y * _width * pixelBytes, packed);
            }
        }
        return packed - planes * PlaneFloats;
    }

    private void PackRow<TPixel>(byte* row, float* packed) where TPixel : struct, IPixel
    {
        for (int phase = 0; phase < _phases; phase++, packed += _pitch * Unit)
        {
            // Column of pixel i: i * step + phase - left.
            int start = phase - _left, step = _columnStep;
            int first = Math.Clamp((-start + step - 1) / step, 0, (int)_pitch);
            int end = Math.Clamp((_width - start + step - 1) / step, first, (int)_pitch);
            if (start >= 0)
                first = 0;
            new Span<float>(packed, first * Unit).Clear();
            new Span<float>(packed + (nint)end * Unit, (int)(_pitch - end) * Unit).Clear();
            int column = first * step + start;
            float* to = packed + (nint)first * Unit;
            if (Unit == 1)
                Copy<TPixel>(row, column, step, to, end - first);
            else if (Floats16.IsSupported)
                Copy<TPixel, Floats16>(row, column, step, to, end - first);
            else
                Copy<TPixel, Floats8>(row, column, step, to, end - first);
        }
    }

    // bounds: the columns are in the image, the pixels in the row's pitch.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<TPixel, TVector>(byte* row, int column, int step, float* to, int count)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        byte* from = row + (nint)column * TPixel.Bytes;
        int part = Pixel.Bytes<TPixel, TVector>();
        for (; count > 0; count--, from += (nint)step * TPixel.Bytes, to += Pixel.Channels)
            for (int i = 0; i < Pixel.Channels / TVector.Count; i++)
                TPixel.Load<TVector>(from + i * part).Store(to + i * TVector.Count);
    }

    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<TPixel>(byte* row, int column, int step, float* to, int count) where TPixel : struct, IPixel
    {
        if (TPixel.Bytes != SinglePixel.Bytes)
        {
            ushort* halves = (ushort*)row + column;
            for (int i = 0; i < count; i++)
                to[i] = BFloat16.ToSingle(halves[(nint)i * step]);
            return;
        }
        float* from = (float*)row + column;
        if (step == 1)
        {
            new ReadOnlySpan<float>(from, count).CopyTo(new(to, count));
            return;
        }
        for (int i = 0; i < count; i++)
            to[i] = from[(nint)i * step];
    }
}
