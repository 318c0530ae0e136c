using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each phase, each row of it:  dx = correlation of dy with the phase's part of the kernel
//
// dy, dx  [channel][row][column][16]  float32, dy with zeros on either side
// weights OIHW                        float32, packed by Correlation
// What is held where, and the bound, are CorrelationTile's.

/// <summary>The gradient of a convolution's input, made ready for one thread.</summary>
/// <remarks>
/// With stride s, the input rows of equal (row + padding) mod s meet the same kernel rows, every s-th one; likewise the columns. So the
/// gradient falls into s x s phases, each a correlation of stride 1 of the output's gradient with part of the kernel, turned around.
/// </remarks>
internal unsafe struct InterleavedBackwardData
{
    private readonly InterleavedConv _conv;
    private readonly Correlation* _phases;

    public InterleavedBackwardData(ref InterleavedArena arena, in InterleavedConv conv, float* weights, InterleavedView diff)
    {
        _conv = conv;
        _phases = arena.Take<Correlation>(conv.StrideH * conv.StrideW);
        float* zeros = arena.Take<float>(conv.Channels);
        new Span<float>(zeros, conv.Channels).Clear();
        for (int phaseH = 0; phaseH < conv.StrideH; phaseH++)
            for (int phaseW = 0; phaseW < conv.StrideW; phaseW++)
            {
                (int column, int count, int taps, int pad) = Columns(conv, phaseW);
                int rows = PhaseTaps(conv.KernelHeight, conv.StrideH, phaseH);
                Correlation.Taps part = new()
                {
                    Rows = rows,
                    Columns = taps,
                    StrideH = 1,
                    StrideW = 1,
                    PadTop = rows - 1,
                    PadLeft = pad,
                    Weights = weights + (phaseH + (rows - 1) * conv.StrideH) * conv.KernelWidth + phaseW + (taps - 1) * conv.StrideW,
                    FilterStep = conv.KernelHeight * conv.KernelWidth,
                    ChannelStep = conv.Taps,
                    RowStep = -conv.StrideH * conv.KernelWidth,
                    ColumnStep = -conv.StrideW,
                };
                _phases[phaseH * conv.StrideW + phaseW] = new Correlation(
                    ref arena, conv.Filters, conv.Channels, conv.OutHeight, conv.OutWidth, count, part, zeros, diff,
                    (nint)conv.StrideW * VectorBytes);
            }
    }

    public static long ScratchBytes(in InterleavedConv conv)
    {
        long bytes = InterleavedArena.Bytes<Correlation>(conv.StrideH * conv.StrideW) + InterleavedArena.Bytes<float>(conv.Channels);
        for (int phaseH = 0; phaseH < conv.StrideH; phaseH++)
            for (int phaseW = 0; phaseW < conv.StrideW; phaseW++)
            {
                (_, int count, int taps, _) = Columns(conv, phaseW);
                int rows = PhaseTaps(conv.KernelHeight, conv.StrideH, phaseH);
                bytes += Correlation.ScratchBytes(conv.Filters, conv.Channels, rows * taps, count);
            }
        return bytes;
    }

    /// <summary>The zero columns that the gradient of the output must have on either side.</summary>
    public static (int Left, int Right) Sides(in InterleavedConv conv)
    {
        int left = 0, right = 0;
        for (int phase = 0; phase < conv.StrideW; phase++)
        {
            (_, int count, int taps, int pad) = Columns(conv, phase);
            if (count > 0 && taps > 0)
            {
                left = Math.Max(left, pad);
                right = Math.Max(right, count - 1 - pad + taps - conv.OutWidth);
            }
        }
        return (left, right);
    }

    /// <summary>The rows of the output's gradient, from the first on, that <paramref name="row"/> of the input's gradient needs.</summary>
    public readonly int RowsNeeded(int row) => Math.Min(_conv.OutHeight, (row + _conv.PadTop) / _conv.StrideH + 1);

    /// <summary>Computes one row of the gradient of the input in all channels.</summary>
    public readonly void Row(int row, InterleavedView diff, InterleavedView diffSrc)
    {
        int padded = row + _conv.PadTop, phaseH = padded % _conv.StrideH;
        for (int phaseW = 0; phaseW < _conv.StrideW; phaseW++)
        {
            (int column, int count, _, _) = Columns(_conv, phaseW);
            if (count > 0)
                _phases[phaseH * _conv.StrideW + phaseW].Row(
                    padded / _conv.StrideH, diff, diffSrc.Origin + row * diffSrc.Row + column * VectorBytes, diffSrc.Plane, rectify: false);
        }
    }

    private static int PhaseTaps(int kernel, int stride, int phase) => phase < kernel ? CeilingDivide(kernel - phase, stride) : 0;

    /// <summary>A phase's first column of input, its count of columns, its taps, and the padding before the first of them.</summary>
    private static (int Column, int Count, int Taps, int Pad) Columns(in InterleavedConv conv, int phase)
    {
        int stride = conv.StrideW, column = ((phase - conv.PadLeft) % stride + stride) % stride;
        int taps = PhaseTaps(conv.KernelWidth, stride, phase);
        return (column, column < conv.Width ? CeilingDivide(conv.Width - column, stride) : 0, taps,
            taps - 1 - (column + conv.PadLeft) / stride);
    }
}
