namespace Convolve.Kernels.Direct;

/// <summary>One or two vectors of filters that a tile computes together, and the taps that they sum.</summary>
/// <param name="Vector">The first one's number.</param>
/// <param name="Vectors">1 or 2.</param>
/// <param name="Block">The block of filters that the first one is in.</param>
/// <param name="First">The first block of channels that they see.</param>
/// <param name="End">Behind the last.</param>
internal readonly record struct FilterColumn(int Vector, int Vectors, int Block, int First, int End)
{
    /// <summary>All vectors of filters in pairs, those alone whose neighbor sees other channels.</summary>
    /// <param name="blocks">Blocks of filters.</param>
    /// <param name="vectorFloats">Filters of a vector.</param>
    /// <param name="seen">The blocks of channels that a block of filters sees.</param>
    public static FilterColumn[] Of(int blocks, int vectorFloats, Func<int, (int First, int End)> seen)
    {
        int inBlock = ConvolutionShape.Block / vectorFloats, all = blocks * inBlock;
        List<FilterColumn> columns = [];
        for (int vector = 0; vector < all;)
        {
            int block = vector / inBlock;
            (int first, int end) = seen(block);
            int count = vector + 1 < all && seen((vector + 1) / inBlock) == (first, end) ? 2 : 1;
            columns.Add(new(vector, count, block, first, end));
            vector += count;
        }
        return [.. columns];
    }

    /// <summary>Where a vector of channels is, in floats, in what lies in blocks of 16.</summary>
    /// <param name="vector">Its number.</param>
    /// <param name="vectorFloats">Channels of a vector.</param>
    /// <param name="blockStep">From one block to the next.</param>
    public static nint At(int vector, int vectorFloats, nint blockStep)
    {
        int inBlock = ConvolutionShape.Block / vectorFloats;
        return vector / inBlock * blockStep + vector % inBlock * vectorFloats;
    }

    /// <summary>From the first of the vectors to the second.</summary>
    public nint Pair(int vectorFloats, nint blockStep) => At(Vector + 1, vectorFloats, blockStep) - At(Vector, vectorFloats, blockStep);
}
