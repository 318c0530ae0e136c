using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>Response normalization across channels, forward and backward, tile by tile: some pixels with all of their channels.</summary>
/// <remarks>
/// Loops: for each tile, for each block of channels, for each pixel. source, diff and target are {images, C/16, pixels, 16}; scratch
/// is one tile, three for the gradient, of {pixels, zeros, C, zeros}: the channels of a pixel are side by side there, and a window that
/// crosses blocks is a few loads that overlap. A tile has at most 2048 values and stays in the first cache; loads from it are the bound.
/// The gradient computes the sums again from the source, so nothing is kept for it.
/// </remarks>
internal static unsafe class ResponseNormKernels
{
    /// <summary>Normalizes some tiles.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="source">Images.</param>
    /// <param name="target">May be the source.</param>
    /// <param name="scratch">Zeroed at least once, and then only written by this.</param>
    /// <param name="firstTile">The first tile.</param>
    /// <param name="endTile">The one behind the last.</param>
    public static void Forward<TPixel>(in ResponseNormShape shape, byte* source, byte* target, float* scratch, int firstTile, int endTile)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Forward<TPixel, Floats8x2>(shape, source, target, scratch, firstTile, endTile);
        else
            Forward<TPixel, Floats16>(shape, source, target, scratch, firstTile, endTile);
    }

    public static void Forward<TPixel, TVector>(in ResponseNormShape shape, byte* source, byte* target, float* scratch, int firstTile,
        int endTile) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        if (shape.Beta == 0.75f)
            Forward<TPixel, ThreeQuarters, TVector>(shape, source, target, scratch, firstTile, endTile);
        else
            Forward<TPixel, AnyPower, TVector>(shape, source, target, scratch, firstTile, endTile);
    }

    /// <summary>The gradient of some tiles, and of an activation before them that is linear on either side of 0.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="source">What was normalized.</param>
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
        if (Floats8.IsWidest)
            Backward<TPixel, Floats8x2>(shape, source, diff, slope, target, scratch, firstTile, endTile);
        else
            Backward<TPixel, Floats16>(shape, source, diff, slope, target, scratch, firstTile, endTile);
    }

    public static void Backward<TPixel, TVector>(in ResponseNormShape shape, byte* source, byte* diff, float slope, byte* target,
        float* scratch, int firstTile, int endTile) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        if (shape.Beta == 0.75f)
            Backward<TPixel, ThreeQuarters, TVector>(shape, source, diff, slope, target, scratch, firstTile, endTile);
        else
            Backward<TPixel, AnyPower, TVector>(shape, source, diff, slope, target, scratch, firstTile, endTile);
    }

    private static void Forward<TPixel, TPower, TVector>(in ResponseNormShape shape, byte* source, byte* target, float* scratch,
        int firstTile, int endTile)
        where TPixel : struct, IPixel where TPower : struct, IPower where TVector : unmanaged, IFloats<TVector>
    {
        for (int i = firstTile; i < endTile; i++)
        {
            Tile tile = new(shape, i);
            nint at = tile.At<TPixel>(shape, 0);
            if (ResponseNormFive.Takes(shape))
                ResponseNormFive.Forward<TPixel, TPower, TVector>(shape, source + at, target + at, tile.Pixels);
            else
                Forward<TPixel, TPower, TVector>(shape, tile, source, target, scratch);
        }
    }

    private static void Backward<TPixel, TPower, TVector>(in ResponseNormShape shape, byte* source, byte* diff, float slope, byte* target,
        float* scratch, int firstTile, int endTile)
        where TPixel : struct, IPixel where TPower : struct, IPower where TVector : unmanaged, IFloats<TVector>
    {
        for (int i = firstTile; i < endTile; i++)
        {
            Tile tile = new(shape, i);
            nint at = tile.At<TPixel>(shape, 0);
            if (ResponseNormFive.Takes(shape))
                ResponseNormFive.Backward<TPixel, TPower, TVector>(shape, source + at, diff + at, slope, target + at, tile.Pixels);
            else
                Backward<TPixel, TPower, TVector>(shape, tile, source, diff, slope, target, scratch);
        }
    }

    // bounds: channels run over whole blocks of 16, pixels over those of the tile; windows reach into the zeros, which are as wide.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TPixel, TPower, TVector>(in ResponseNormShape shape, Tile tile, byte* source, byte* target, float* scratch)
        where TPixel : struct, IPixel where TPower : struct, IPower where TVector : unmanaged, IFloats<TVector>
    {
        int before = shape.Before, after = shape.After, row = shape.Row;
        TVector factor = TVector.Create(shape.Factor), beta = TVector.Create(shape.Beta), k = TVector.Create(shape.K);
        Square<TPixel, TVector>(shape, tile, source, scratch);
        for (int c = 0; c < shape.Blocks * Pixel.Channels; c += Pixel.Channels)
        {
            nint at = tile.At<TPixel>(shape, c);
            byte* from = source + at, to = target + at;
            float* squares = scratch + shape.Margin + c;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, to += TPixel.Bytes, squares += row)
            {
                TVector s = TVector.FusedMultiplyAdd(WindowSum<TVector>(squares, before, after), factor, k);
                TPixel.Store(TPixel.Load<TVector>(from) * TPower.Inverse(s, TPower.Root(s), beta), to);
            }
        }
    }

    // With s = k + a * sum of squares, y = x s^-beta: dx = g s^-beta - 2 a beta x * sum over the windows that x is in of g x s^(-beta -
    // 1).
    // bounds: as in Forward; the three tiles of scratch space are one behind the other.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward<TPixel, TPower, TVector>(in ResponseNormShape shape, Tile tile, byte* source, byte* diff, float slope,
        byte* target, float* scratch)
        where TPixel : struct, IPixel where TPower : struct, IPower where TVector : unmanaged, IFloats<TVector>
    {
        int before = shape.Before, after = shape.After, row = shape.Row, channels = shape.Blocks * Pixel.Channels;
        TVector factor = TVector.Create(shape.Factor), beta = TVector.Create(shape.Beta), k = TVector.Create(shape.K);
        TVector share = TVector.Create(-2 * shape.Factor * shape.Beta), slopes = TVector.Create(slope);
        nint tileFloats = (nint)shape.TilePixels * row;
        Square<TPixel, TVector>(shape, tile, source, scratch);
        for (int c = 0; c < channels; c += Pixel.Channels)
        {
            nint at = tile.At<TPixel>(shape, c);
            byte* from = source + at, gradient = diff + at;
            float* squares = scratch + shape.Margin + c;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, gradient += TPixel.Bytes, squares += row)
            {
                TVector s = TVector.FusedMultiplyAdd(WindowSum<TVector>(squares, before, after), factor, k), root = TPower.Root(s);
                TVector direct = TPixel.Load<TVector>(gradient) * TPower.Inverse(s, root, beta);
                direct.Store(squares + tileFloats);
                (direct * TPixel.Load<TVector>(from) * TPower.Reciprocal(s, root)).Store(squares + 2 * tileFloats);
            }
        }
        for (int c = 0; c < channels; c += Pixel.Channels)
        {
            nint at = tile.At<TPixel>(shape, c);
            byte* from = source + at, to = target + at;
            float* direct = scratch + tileFloats + shape.Margin + c;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, to += TPixel.Bytes, direct += row)
            {
                TVector x = TPixel.Load<TVector>(from);
                TVector result = TVector.FusedMultiplyAdd(WindowSum<TVector>(direct + tileFloats, after, before) * x, share,
                    TVector.Load(direct));
                TPixel.Store(TVector.WhereGreater(x, TVector.Zero, result, result * slopes), to);
            }
        }
    }

    // bounds: as in Forward.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Square<TPixel, TVector>(in ResponseNormShape shape, Tile tile, byte* source, float* scratch)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int row = shape.Row;
        for (int c = 0; c < shape.Blocks * Pixel.Channels; c += Pixel.Channels)
        {
            byte* from = source + tile.At<TPixel>(shape, c);
            float* squares = scratch + shape.Margin + c;
            for (int p = 0; p < tile.Pixels; p++, from += TPixel.Bytes, squares += row)
            {
                TVector x = TPixel.Load<TVector>(from);
                (x * x).Store(squares);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector WindowSum<TVector>(float* at, int before, int after) where TVector : unmanaged, IFloats<TVector>
    {
        if (before == 2 && after == 2)
            return TVector.Load(at - 2) + TVector.Load(at - 1) + (TVector.Load(at + 1) + TVector.Load(at + 2)) + TVector.Load(at);
        TVector sum = TVector.Load(at);
        for (int i = -before; i <= after; i++)
            if (i != 0)
                sum += TVector.Load(at + i);
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

        /// <summary>Where the block of a channel begins in the tile, in bytes.</summary>
        public nint At<TPixel>(in ResponseNormShape shape, int channel) where TPixel : struct, IPixel =>
            (((nint)_image * shape.Blocks + channel / Pixel.Channels) * shape.Pixels + _first) * TPixel.Bytes;
    }
}
