using Convolve.Kernels.Vectors;
namespace Convolve.Kernels.Products;

/// <summary>A few vectors of filters that a tile computes together, and the channels that they see.</summary>
/// <param name="Vector">The first one's number.</param>
/// <param name="Vectors">1, 2 or 4.</param>
/// <param name="First">The first block of channels that they see.</param>
/// <param name="End">Behind the last.</param>
internal readonly record struct FilterColumn(int Vector, int Vectors, int First, int End)
{
    /// <summary>All vectors of filters, as many together as see the same channels.</summary>
    /// <param name="blocks">Blocks of filters.</param>
    /// <param name="vectorFloats">Filters of a vector.</param>
    /// <param name="most">Of a column: 2, or 4 where vectors are as long as blocks.</param>
    /// <param name="seen">The blocks of channels that a block of filters sees.</param>
    public static FilterColumn[] Of(int blocks, int vectorFloats, int most, Func<int, (int First, int End)> seen)
    {
        int inBlock = Pixel.Channels / vectorFloats, all = blocks * inBlock;
        List<FilterColumn> columns = [];
        for (int vector = 0; vector < all;)
        {
            (int first, int end) = seen(vector / inBlock);
            int same = 1;
            while (same < most && vector + same < all && seen((vector + same) / inBlock) == (first, end))
                same++;
            int count = same == 3 ? 2 : same;
            columns.Add(new(vector, count, first, end));
            vector += count;
        }
        return [.. columns];
    }

    /// <summary>Where a vector of channels is, in floats, in tensors in blocks of 16.</summary>
    /// <param name="vector">Its number.</param>
    /// <param name="vectorFloats">Channels of a vector.</param>
    /// <param name="blockStep">From one block to the next.</param>
    public static nint At(int vector, int vectorFloats, nint blockStep)
    {
        int inBlock = Pixel.Channels / vectorFloats;
        return vector / inBlock * blockStep + vector % inBlock * vectorFloats;
    }

    /// <summary>From one of the vectors to the next.</summary>
    public nint Pair(int vectorFloats, nint blockStep) => At(Vector + 1, vectorFloats, blockStep) - At(Vector, vectorFloats, blockStep);
}
