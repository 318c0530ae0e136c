using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each group, each row of the output:  y = function(correlation of x with the kernel)
//
// x, y    [channel][row][column][16]  float32; x is copied to planes with zeros on either side where there is padding
// weights OIHW                        float32, packed by Correlation
// L1: the rows of x that a kernel covers. What is held in registers, and the bound, are CorrelationTile's.

/// <summary>A forward convolution made ready for one thread: weights packed, tiles chosen, room for the padded input.</summary>
internal unsafe struct InterleavedForward
{
    private readonly InterleavedConv _conv;
    private readonly bool _copies;
    private Correlation _correlation;
    private PaddedPlanes _padded;
    private InterleavedView _dense, _view;

    public static long ScratchBytes(in InterleavedConv conv)
    {
        (int left, int right) = Sides(conv);
        return PaddedPlanes.Bytes(conv.Channels, conv.Height, left + conv.Width + right)
            + Correlation.ScratchBytes(conv.Channels, conv.Filters, conv.KernelHeight * conv.KernelWidth, conv.OutWidth);
    }

    public InterleavedForward(ref InterleavedArena arena, in InterleavedConv conv, float* weights, float* bias)
    {
        _conv = conv;
        (int left, int right) = Sides(conv);
        _copies = left + right > 0;
        if (_copies)
        {
            _padded = new PaddedPlanes(
                ref arena, conv.Channels, conv.Height, conv.Width, top: 0, left, conv.Height, left + conv.Width + right);
            _view = _padded.View;
        }
        else
        {
            _view = InterleavedView.Dense(null, 0, conv.Channels, conv.Height, conv.Width);
        }
        Correlation.Taps taps = new()
        {
            Rows = conv.KernelHeight,
            Columns = conv.KernelWidth,
            StrideH = conv.StrideH,
            StrideW = conv.StrideW,
            PadTop = conv.PadTop,
            PadLeft = conv.PadLeft,
            Weights = weights,
            FilterStep = conv.Taps,
            ChannelStep = conv.KernelHeight * conv.KernelWidth,
            RowStep = conv.KernelWidth,
            ColumnStep = 1,
        };
        _correlation = new Correlation(
            ref arena, conv.Channels, conv.Filters, conv.Height, conv.Width, conv.OutWidth, taps, bias, _view, VectorBytes);
    }

    /// <summary>Turns to a group of images.</summary>
    public void Start(float* src, int group)
    {
        _dense = InterleavedView.Dense(src, group, _conv.Channels, _conv.Height, _conv.Width);
        if (_copies)
            _padded.Restart();
        else
            _view = _dense;
    }

    /// <summary>Computes one row of the output, its activation included; rows come in order.</summary>
    public void Row(int row, byte* output, nint outPlane, InterleavedActivation activation, float slope)
    {
        if (_copies)
            _padded.Copy(_dense, _correlation.RowsNeeded(row));
        _correlation.Row(row, _view, output, outPlane, activation == InterleavedActivation.ReLU);
        if (activation is InterleavedActivation.LeakyReLU or InterleavedActivation.Tanh or InterleavedActivation.Sigmoid)
            for (int f = 0; f < _conv.Filters; f++)
                InterleavedElementwise.Apply(activation, (float*)(output + f * outPlane), _conv.OutWidth, slope);
    }

    private static (int Left, int Right) Sides(in InterleavedConv conv) =>
        (Math.Max(0, conv.PadLeft),
            Math.Max(0, (conv.OutWidth - 1) * conv.StrideW - conv.PadLeft + conv.KernelWidth - conv.Width));
}
