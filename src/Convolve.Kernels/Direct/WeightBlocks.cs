using Convolve.Kernels.Layouts;
using Convolve.Kernels.Products;

namespace Convolve.Kernels.Direct;

//     for each block of filters, each weight in it:  block = weight, or back
//
// weights  plain [G][O][C][KH][KW]  float32; blocks [O/16][C/16][KH][KW][16 c][16 o]  float32, with zeros
// Bound: instructions, some for each weight; only groups that are narrower than a block come here, whose weights are few.

/// <summary>
/// Weights as the tiles of a forward pass read them: for each block of filters, the blocks of channels that it sees, each tap, 16 channels
/// by 16 filters. Where groups are narrower than blocks, the blocks are filled up with zeros.
/// </summary>
internal sealed unsafe class WeightBlocks
{
    private const int Block = ConvolutionShape.Block;
    private readonly ConvolutionShape _shape;
    private readonly long[][] _offsets;
    private readonly int _seen;

    public WeightBlocks(in ConvolutionShape shape, bool isPlanar, Layout layout)
    {
        _shape = shape;
        IsExpanded = !shape.HasWholeBlocks;
        ConvolutionShape s = shape;
        _seen = Enumerable.Range(0, shape.FilterBlocks).Max(block => s.ChannelsOf(block).End - s.ChannelsOf(block).First);
        FilterStep = (isPlanar ? shape.Channels : (nint)_seen * Block) * shape.Taps * Block;
        _offsets = IsExpanded ? [.. Enumerable.Range(0, layout.Sizes.Count).Select(layout.OffsetsOf)] : [];
    }

    /// <summary>Whether they are rebuilt in scratch space.</summary>
    public bool IsExpanded { get; }

    /// <summary>From one block of filters to the next, in floats.</summary>
    public nint FilterStep { get; }

    public long ScratchBytes => IsExpanded ? _shape.FilterBlocks * (long)FilterStep * sizeof(float) : 0;

    /// <summary>Where the weights of a pair of vectors begin.</summary>
    public float* At(FilterColumn column, int vectorFloats, float* weights) =>
        weights + FilterColumn.At(column.Vector, vectorFloats, FilterStep);

    /// <summary>A thread's share of the blocks, from plain weights.</summary>
    public void Expand(float* weights, float* blocks, int thread, int threads)
    {
        for (int block = _shape.FilterBlocks * thread / threads; block < _shape.FilterBlocks * (thread + 1) / threads; block++)
        {
            new Span<float>(blocks + block * FilterStep, (int)FilterStep).Clear();
            foreach ((nint inBlock, nint inWeights) in Pairs(block))
                blocks[block * FilterStep + inBlock] = weights[inWeights];
        }
    }

    /// <summary>Brings a gradient in blocks to plain weights: a thread's share.</summary>
    public void Collect(float* blocks, float* weights, int thread, int threads)
    {
        for (int block = _shape.FilterBlocks * thread / threads; block < _shape.FilterBlocks * (thread + 1) / threads; block++)
            foreach ((nint inBlock, nint inWeights) in Pairs(block))
                weights[inWeights] = blocks[block * FilterStep + inBlock];
    }

    // Every weight of a block of filters, where it is in the block and in the weights.
    private IEnumerable<(nint InBlock, nint InWeights)> Pairs(int block)
    {
        int first = _shape.ChannelsOf(block).First;
        for (int filter = block * Block; filter < Math.Min((block + 1) * Block, _shape.AllFilters); filter++)
        {
            int group = filter / _shape.Filters;
            for (int i = 0; i < _shape.Channels; i++)
            {
                int channel = group * _shape.Channels + i;
                nint at = (nint)(channel / Block - first) * _shape.Taps * Block * Block + channel % Block * Block + filter % Block;
                long from = _offsets[0][group] + _offsets[1][filter % _shape.Filters] + _offsets[2][i];
                for (int row = 0; row < _shape.KernelHeight; row++)
                    for (int column = 0; column < _shape.KernelWidth; column++)
                        yield return (at + (row * _shape.KernelWidth + column) * Block * Block,
                            (nint)(from + _offsets[3][row] + _offsets[4][column]));
            }
        }
    }
}
