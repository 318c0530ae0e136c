using System.Runtime.CompilerServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Elementwise;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

//     for each row of a tile, each vector:  target = function(sum), rounded
//
// tile    [row][vectors]  float32, in L1; target a tensor in blocks, float32 or bfloat16
// Bound: the function; loads and stores where it has none.

/// <summary>What becomes of a tile's sums: activation, and rounding to bfloat16.</summary>
internal readonly unsafe struct TileEnd
{
    private readonly ElementwiseFunction? _function;

    public TileEnd(ElementwiseFunction? activation)
    {
        bool isSlope = activation is null or { Kind: ElementwiseKind.ReLU };
        Slope = activation is { } a && isSlope ? a.Alpha : 1;
        _function = isSlope ? null : activation;
    }

    /// <summary>What the tile itself multiplies negative sums by.</summary>
    public float Slope { get; }

    /// <summary>Whether the tile may write where the results belong: else it goes through a buffer.</summary>
    public bool IsDirect<TPixel>() where TPixel : struct, IPixel => _function is null && TPixel.Bytes == SinglePixel.Bytes;

    /// <summary>Takes a tile from the buffer to where its results belong.</summary>
    /// <param name="tile">Its sums are the buffer.</param>
    /// <param name="rows">Of the tile.</param>
    /// <param name="vectors">Of each.</param>
    /// <param name="filters">Those of the first vector and after that exist; what fills up the block becomes 0.</param>
    /// <param name="to">The first vector of the first row.</param>
    /// <param name="step">From one row to the next, in bytes.</param>
    /// <param name="pair">From the first vector to the second, in bytes.</param>
    public void Finish<TPixel, TVector>(in ProductTile tile, int rows, int vectors, int filters, byte* to, nint step, nint pair)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        for (int row = 0; row < rows; row++)
            for (int vector = 0; vector < vectors; vector++)
            {
                float* from = tile.Sums + row * tile.SumsStep + vector * tile.SumsPair;
                if (_function is { } function)
                    Apply<TVector>(function, from, filters - vector * TVector.Count);
                TPixel.Store(TVector.Load(from), to + row * step + vector * pair);
            }
    }

    /// <summary>Applies an activation that the tile itself does not know.</summary>
    public void Apply<TVector>(float* values, int count) where TVector : unmanaged, IFloats<TVector>
    {
        if (_function is { } function)
            for (int i = 0; i < count; i += TVector.Count)
                Apply<TVector>(function, values + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Apply<TVector>(ElementwiseFunction function, float* values, int filters) where TVector : unmanaged, IFloats<TVector>
    {
        ElementwiseFunctions.Apply(function, TVector.Load(values)).Store(values);
        for (int i = Math.Max(filters, 0); i < TVector.Count; i++)
            values[i] = 0;
    }
}
