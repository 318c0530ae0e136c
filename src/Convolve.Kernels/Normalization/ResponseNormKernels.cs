using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>Response normalisation across channels, forward and backward, tile by tile: some pixels with all of their channels.</summary>
/// <remarks>
/// The channels of a pixel are laid side by side in scratch space, where a window that crosses blocks is a few loads that overlap. The
/// gradient takes the sums anew from the source, so nothing is kept for it.
/// </remarks>
internal static unsafe class ResponseNormKernels
{
    /// <summary>Normalises some tiles.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="source">Images.</param>
    /// <param name="target">May be the source.</param>
    /// <param name="scratch">Zeroed at least once, and then only written by this.</param>
    /// <param name="firstTile">The first tile.</param>
    /// <param name="endTile">The one behind the last.</param>
    public static void Forward<TPixel>(in ResponseNormShape shape, byte* source, byte* target, float* scratch, int firstTile, int endTile)
        where TPixel : struct, IPixel
    {
        if (shape.Beta == 0.75f)
            Forward<TPixel, ThreeQuarters>(shape, source, target, scratch, firstTile, endTile);
        else
            Forward<TPixel, AnyPower>(shape, source, target, scratch, firstTile, endTile);
    }

    /// <summary>The gradient of some tiles, and of an activation before them that is linear on either side of 0.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="source">What was normalised.</param>
    /// <param name="diff">The gradient behind.</param>
    /// <param name="slope">What the gradient is multiplied by where the source is not positive: 1 for no activation, 0 for ReLU.</param>
    /// <param name="target">The gradient before; may be the one behind.</param>
    /// <param name="scratch">Zeroed at least once, and then only written by this.</param>
    /// <param name="firstTile">The first tile.</param>
    /// <param name="endTile">The one behind the last.</param>
    public static void Backward<TPixel>(in ResponseNormShape shape, byte* source, byte* diff, float slope, byte* target, float* scratch,
        int firstTile, int endTile)
        where TPixel : struct, IPixel
    {
        if (shape.Beta == 0.75f)
            Backward<TPixel, ThreeQuarters>(shape, source, diff, slope, target, scratch, firstTile, endTile);
        else
            Backward<TPixel, AnyPower>(shape, source, diff, slope, target, scratch, firstTile, endTile);
    }

    private static void Forward<TPixel,
        TPower>(in ResponseNormShape shape, byte* source, byte* target, float* scratch, int firstTile, int endTile)
        where TPixel : struct, IPixel where TPower : struct, IPower
    {
        for (int i = firstTile; i < endTile; i++)
        {
            Tile tile = new(shape, i);
            nint at = tile.At(shape, 0) * TPixel.Bytes;
            if (ResponseNormFive.Takes(shape))
                ResponseNormFive.Forward<TPixel, TPower>(shape, source + at, target + at, tile.Pixels);
            else
                Forward<TPixel, TPower>(shape, tile, source, target, scratch);
        }
    }

    private static void Backward<TPixel, TPower>(in ResponseNormShape shape, byte* source, byte* diff, float slope, byte* target,
        float* scratch, int firstTile, int endTile)
        where TPixel : struct, IPixel where TPower : struct, IPower
    {
        for (int i = firstTile; i < endTile; i++)
        {
            Tile tile = new(shape, i);
            nint at = tile.At(shape, 0) * TPixel.Bytes;
            if (ResponseNormFive.Takes(shape))
                ResponseNormFive.Backward<TPixel, TPower>(shape, source + at, diff + at, slope, target + at, tile.Pixels);
            else
                Backward<TPixel, TPower>(shape, tile, source, diff, slope, target, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TPixel, TPower>(in ResponseNormShape shape, Tile tile, byte* source, byte* target, float* scratch)
        where TPixel : struct, IPixel where TPower : struct, IPower
    {
        int before = shape.Before, after = shape.After, row = shape.Row;
        Vector512<float> factor = Vector512.Create(shape.Factor), beta = Vector512.Create(shape.Beta), k = Vector512.Create(shape.K);
        Square<TPixel>(shape, tile, source, scratch);
        for (int b = 0; b < shape.Blocks; b++)
        {
            nint at = tile.At(shape, b) * TPixel.Bytes;
            byte* from = source + at, to = target + at;
            float* squares = scratch + shape.Margin + b * Pixel.Channels;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, to += TPixel.Bytes, squares += row)
            {
                Vector512<float> s = Vector512.FusedMultiplyAdd(WindowSum(squares, before, after), factor, k);
                TPixel.Store(TPixel.Load(from) * TPower.Inverse(s, TPower.Root(s), beta), to);
            }
        }
    }

    // With s = k + a * sum of squares, y = x s^-beta: dx = g s^-beta - 2 a beta x * sum over the windows that x lies in of g x s^(-beta -
    // 1).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward<TPixel, TPower>(in ResponseNormShape shape, Tile tile, byte* source, byte* diff, float slope, byte* target,
        float* scratch)
        where TPixel : struct, IPixel where TPower : struct, IPower
    {
        int before = shape.Before, after = shape.After, row = shape.Row;
        Vector512<float> factor = Vector512.Create(shape.Factor), beta = Vector512.Create(shape.Beta), k = Vector512.Create(shape.K);
        Vector512<float> share = Vector512.Create(-2 * shape.Factor * shape.Beta), slopes = Vector512.Create(slope);
        nint tileFloats = (nint)shape.TilePixels * row;
        Square<TPixel>(shape, tile, source, scratch);
        for (int b = 0; b < shape.Blocks; b++)
        {
            nint at = tile.At(shape, b) * TPixel.Bytes;
            byte* from = source + at, gradient = diff + at;
            float* squares = scratch + shape.Margin + b * Pixel.Channels;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, gradient += TPixel.Bytes, squares += row)
            {
                Vector512<float> s = Vector512.FusedMultiplyAdd(WindowSum(squares, before, after), factor, k), root = TPower.Root(s);
                Vector512<float> direct = TPixel.Load(gradient) * TPower.Inverse(s, root, beta);
                Vector512.Store(direct, squares + tileFloats);
                Vector512.Store(direct * TPixel.Load(from) * TPower.Reciprocal(s, root), squares + 2 * tileFloats);
            }
        }
        for (int b = 0; b < shape.Blocks; b++)
        {
            nint at = tile.At(shape, b) * TPixel.Bytes;
            byte* from = source + at, to = target + at;
            float* direct = scratch + tileFloats + shape.Margin + b * Pixel.Channels;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, to += TPixel.Bytes, direct += row)
            {
                Vector512<float> x = TPixel.Load(from);
                Vector512<float> result = Vector512.FusedMultiplyAdd(WindowSum(direct + tileFloats, after, before) * x, share,
                    Vector512.Load(direct));
                TPixel.Store(Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512<float>.Zero), result, result * slopes), to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Square<TPixel>(in ResponseNormShape shape, Tile tile, byte* source, float* scratch) where TPixel : struct, IPixel
    {
        int row = shape.Row;
        for (int b = 0; b < shape.Blocks; b++)
        {
            byte* from = source + tile.At(shape, b) * TPixel.Bytes;
            float* squares = scratch + shape.Margin + b * Pixel.Channels;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, squares += row)
            {
                Vector512<float> x = TPixel.Load(from);
                Vector512.Store(x * x, squares);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> WindowSum(float* at, int before, int after)
    {
        if (before == 2 && after == 2)
            return Vector512.Load(at - 2) + Vector512.Load(at - 1) + (Vector512.Load(at + 1) + Vector512.Load(at + 2)) + Vector512.Load(at);
        Vector512<float> sum = Vector512.Load(at);
        for (int i = -before; i <= after; i++)
            if (i != 0)
                sum += Vector512.Load(at + i);
        return sum;
    }

    /// <summary>Some pixels of an image.</summary>
    private readonly struct Tile
    {
        private readonly int _image, _first;

        public Tile(in ResponseNormShape shape, int tile)
        {
            (_image, _first) = (tile / shape.TilesPerImage, tile % shape.TilesPerImage * shape.TilePixels);
            Pixels = Math.Min(shape.TilePixels, shape.Pixels - _first);
        }

        public readonly int Pixels;

        /// <summary>Where a block of the tile begins, in pixels.</summary>
        public nint At(in ResponseNormShape shape, int block) => ((nint)_image * shape.Blocks + block) * shape.Pixels + _first;
    }
}
