using Convolve.Kernels.Layouts;

namespace Convolve.Kernels.Direct;

//     for each block of channels, class of taps, block of filters, tap:  16 x 16 weights turned around
//
// weights  [O/16][C/16][KH][KW][16 c][16 o], or [O/16][C][KH][KW][16 o]  float32
// result   [C/16][class][O/16][tap][16 o][16 c]  float32
// L1: a square of 1 KiB, and its result. Bound: stores of single numbers; the weights are few beside the products.

/// <summary>The taps that take a gradient back to pixels whose rows and columns have the same remainders of the strides.</summary>
/// <param name="Row">The remainder of the row, padding included.</param>
/// <param name="Column">That of the column.</param>
/// <param name="Taps">Row and column of each.</param>
/// <param name="TapsBefore">The taps of the classes before.</param>
internal sealed record TapClass(int Row, int Column, (int Row, int Column)[] Taps, int TapsBefore)
{
    /// <summary>A class for each pair of remainders; some may have no taps.</summary>
    public static TapClass[] Of(in ConvolutionShape shape)
    {
        List<TapClass> classes = [];
        int before = 0;
        (int strideHeight, int strideWidth) = shape.Walk.Stride;
        for (int row = 0; row < strideHeight; row++)
            for (int column = 0; column < strideWidth; column++)
            {
                List<(int, int)> taps = [];
                for (int y = 0; y < shape.KernelHeight; y++)
                    for (int x = 0; x < shape.KernelWidth; x++)
                        if (y * shape.Walk.Dilation.Height % strideHeight == row && x * shape.Walk.Dilation.Width % strideWidth == column)
                            taps.Add((y, x));
                classes.Add(new(row, column, [.. taps], before));
                before += taps.Count;
            }
        return [.. classes];
    }
}

/// <summary>
/// Weights as the tiles of a pass back read them: for each block of channels, each class of taps, the blocks of filters that see it, each
/// tap, 16 filters by 16 channels.
/// </summary>
internal sealed unsafe class TransposedWeights
{
    private const int Block = ConvolutionShape.Block;
    private readonly ConvolutionShape _shape;
    private readonly WeightBlocks _blocks;
    private readonly TapClass[] _classes;
    private readonly bool _isPlanar;

    public TransposedWeights(in ConvolutionShape shape, bool isPlanar, Layout layout, TapClass[] classes)
    {
        (_shape, _isPlanar, _classes) = (shape, isPlanar, classes);
        _blocks = new(shape, isPlanar, layout);
        ConvolutionShape s = shape;
        int seen = Enumerable.Range(0, shape.ChannelBlocks).Max(block => s.FiltersOf(block).End - s.FiltersOf(block).First);
        ChannelStep = (nint)seen * shape.Taps * Block * Block;
    }

    /// <summary>Whether the weights must be brought to blocks first, by a separate phase.</summary>
    public bool IsExpanded => _blocks.IsExpanded;

    /// <summary>From one block of channels to the next, in floats.</summary>
    public nint ChannelStep { get; }

    public long ScratchBytes => _blocks.ScratchBytes + _shape.ChannelBlocks * (long)ChannelStep * sizeof(float);

    public void Expand(float* weights, float* scratch, int thread, int threads) => _blocks.Expand(weights, scratch, thread, threads);

    /// <summary>Where the result is in scratch space.</summary>
    public float* Result(float* scratch) => scratch + _blocks.ScratchBytes / sizeof(float);

    /// <summary>A thread's share of the blocks.</summary>
    public void Transpose(float* weights, float* scratch, int thread, int threads)
    {
        float* from = IsExpanded ? scratch : weights, to = Result(scratch);
        int all = _shape.ChannelBlocks;
        for (int block = all * thread / threads; block < all * (thread + 1) / threads; block++)
        {
            (int first, int end) = _shape.FiltersOf(block);
            foreach (TapClass taps in _classes)
            {
                float* target = to + block * ChannelStep + (nint)taps.TapsBefore * (end - first) * Block * Block;
                for (int filters = first; filters < end; filters++)
                    foreach ((int row, int column) in taps.Taps)
                    {
                        TransposeTap(from + filters * _blocks.FilterStep, filters, block, row * _shape.KernelWidth + column, target);
                        target += Block * Block;
                    }
            }
        }
    }

    private void TransposeTap(float* filters, int filterBlock, int block, int tap, float* to)
    {
        if (_isPlanar)
        {
            new Span<float>(to, Block * Block).Clear();
            for (int i = 0; i < Math.Min(Block, _shape.Channels - block * Block); i++)
                for (int o = 0; o < Block; o++)
                    to[o * Block + i] = filters[((nint)(block * Block + i) * _shape.Taps + tap) * Block + o];
            return;
        }
        (int first, int end) = _shape.ChannelsOf(filterBlock);
        if (block < first || block >= end)
        {
            new Span<float>(to, Block * Block).Clear();
            return;
        }
        float* from = filters + ((nint)(block - first) * _shape.Taps + tap) * Block * Block;
        for (int i = 0; i < Block; i++)
            for (int o = 0; o < Block; o++)
                to[o * Block + i] = from[i * Block + o];
    }
}
