using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static Convolve.Kernels.Winograd.WinogradShape;
using static Convolve.Kernels.Winograd.WinogradTransform;

namespace Convolve.Kernels.Winograd;

/// <summary>Between images in blocks of 16 channels, [N][C/16][H][W][16], and the 64 points of their tiles.</summary>
internal static unsafe class WinogradTiles
{
    /// <summary>Floats that each call needs as scratch.</summary>
    public const int ScratchFloats = 2 * Points * VectorFloats;

    /// <summary>The points of one tile of the input, all channel blocks.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="source">The images that are read.</param>
    /// <param name="tile">Counts through the batch.</param>
    /// <param name="firstBlock">The first block of 16 channels.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="to">The first point of the tile's first block.</param>
    /// <param name="blockStep">From block to block, in floats.</param>
    /// <param name="pointStep">From point to point, in floats.</param>
    /// <param name="scratch">Room for <see cref="ScratchFloats"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input<TPixel>(in WinogradShape shape, byte* source, int tile, int firstBlock, int blocks, float* to, nint blockStep, nint pointStep, float* scratch)
        where TPixel : struct, IPixel
    {
        int image = tile / shape.TilesPerImage, place = tile % shape.TilesPerImage;
        int top = place / shape.TileColumns * shape.OutSide - shape.Top, left = place % shape.TileColumns * shape.OutSide - shape.Left;
        nint row = (nint)shape.Width * TPixel.Bytes, plane = row * shape.Height;
        byte* from = source + ((nint)image * shape.ChannelBlocks + firstBlock) * plane + top * row + (nint)left * TPixel.Bytes;
        int firstRow = Math.Max(0, -top), endRow = Math.Min(Side, shape.Height - top), firstColumn = Math.Max(0, -left), endColumn = Math.Min(Side, shape.Width - left);
        byte* zeros = (byte*)(scratch + Points * VectorFloats);
        NativeMemory.Clear(zeros, (nuint)(Side * TPixel.Bytes));
        for (int b = 0; b < blocks; b++, from += plane, to += blockStep)
        {
            Columns<TPixel>(from, row, zeros, firstRow, endRow, firstColumn, endColumn, scratch);
            for (int i = 0; i < Side; i++)
                WinogradTransform.Input(scratch + i * Side * VectorFloats, VectorFloats, to + i * Side * pointStep, pointStep);
        }
    }

    /// <summary>The points of one tile of the gradient of the output, and its sum over the tile.</summary>
    /// <returns>The sum of each of the 16 filters over the tile.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Diff<TPixel, TOut>(in WinogradShape shape, byte* source, int tile, int block, float* to, nint pointStep, float* scratch)
        where TPixel : struct, IPixel where TOut : struct, ISide
    {
        int image = tile / shape.TilesPerImage, place = tile % shape.TilesPerImage, side = TOut.Value;
        int top = place / shape.TileColumns * side, left = place % shape.TileColumns * side;
        nint row = (nint)shape.OutWidth * TPixel.Bytes;
        byte* from = source + ((nint)image * shape.FilterBlocks + block) * row * shape.OutHeight + top * row + (nint)left * TPixel.Bytes;
        float* patch = scratch + Points * VectorFloats;
        Vector512<float> sum = Patch<TPixel>(from, row, 0, Math.Min(side, shape.OutHeight - top), 0, Math.Min(side, shape.OutWidth - left), patch, side);
        for (int x = 0; x < side; x++)
            Evaluate<TOut>(patch + x * VectorFloats, side * VectorFloats, scratch + x * VectorFloats, Side * VectorFloats);
        for (int i = 0; i < Side; i++)
            Evaluate<TOut>(scratch + i * Side * VectorFloats, VectorFloats, to + i * Side * pointStep, pointStep);
        return sum;
    }

    /// <summary>The points of one tile's products to its pixels of the output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<TPixel, TOut>(in WinogradShape shape, float* from, nint pointStep, byte* target, int tile, int block,
        Vector512<float> bias, Vector512<float> slope, float* scratch)
        where TPixel : struct, IPixel where TOut : struct, ISide
    {
        int image = tile / shape.TilesPerImage, place = tile % shape.TilesPerImage, side = TOut.Value;
        int top = place / shape.TileColumns * side, left = place % shape.TileColumns * side;
        int rows = Math.Min(side, shape.OutHeight - top), columns = Math.Min(side, shape.OutWidth - left);
        nint row = (nint)shape.OutWidth * TPixel.Bytes;
        byte* to = target + ((nint)image * shape.FilterBlocks + block) * row * shape.OutHeight + top * row + (nint)left * TPixel.Bytes;
        for (int x = 0; x < Side; x++)
            Collect<TOut>(from + x * pointStep, Side * pointStep, scratch + x * VectorFloats, Side * VectorFloats);
        float* line = scratch + Points * VectorFloats;
        for (int y = 0; y < rows; y++, to += row)
        {
            Collect<TOut>(scratch + y * Side * VectorFloats, VectorFloats, line, VectorFloats);
            for (int x = 0; x < columns; x++)
            {
                Vector512<float> value = Vector512.Load(line + x * VectorFloats) + bias;
                TPixel.Store(Vector512.ConditionalSelect(Vector512.LessThan(value, Vector512<float>.Zero), value * slope, value), to + x * TPixel.Bytes);
            }
        }
    }

    // Rows outside of the image are read from zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns<TPixel>(byte* from, nint row, byte* zeros, int firstRow, int endRow, int firstColumn, int endColumn, float* to)
        where TPixel : struct, IPixel
    {
        byte* row0 = firstRow > 0 || endRow <= 0 ? zeros : from, row1 = firstRow > 1 || endRow <= 1 ? zeros : from + row;
        byte* row2 = firstRow > 2 || endRow <= 2 ? zeros : from + 2 * row, row3 = firstRow > 3 || endRow <= 3 ? zeros : from + 3 * row;
        byte* row4 = firstRow > 4 || endRow <= 4 ? zeros : from + 4 * row, row5 = endRow <= 5 ? zeros : from + 5 * row;
        byte* row6 = endRow <= 6 ? zeros : from + 6 * row, row7 = endRow <= 7 ? zeros : from + 7 * row;
        for (int x = 0; x < Side; x++, to += VectorFloats)
        {
            nint at = (nint)x * TPixel.Bytes;
            if (x < firstColumn || x >= endColumn)
                for (int i = 0; i < Side; i++)
                    Vector512.Store(Vector512<float>.Zero, to + i * Side * VectorFloats);
            else
                WinogradTransform.Input(TPixel.Load(row0 + at), TPixel.Load(row1 + at), TPixel.Load(row2 + at), TPixel.Load(row3 + at), TPixel.Load(row4 + at),
                    TPixel.Load(row5 + at), TPixel.Load(row6 + at), TPixel.Load(row7 + at), to, Side * VectorFloats);
        }
    }

    /// <summary>The pixels of a square that lie within the image; the others are 0.</summary>
    /// <returns>The sum of all.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Patch<TPixel>(byte* from, nint row, int firstRow, int endRow, int firstColumn, int endColumn, float* to, int side)
        where TPixel : struct, IPixel
    {
        Vector512<float> sum = Vector512<float>.Zero;
        if (firstRow > 0 || firstColumn > 0 || endRow < side || endColumn < side)
            NativeMemory.Clear(to, (nuint)(side * side * VectorFloats * sizeof(float)));
        for (int y = firstRow; y < endRow; y++)
            for (int x = firstColumn; x < endColumn; x++)
            {
                Vector512<float> value = TPixel.Load(from + y * row + (nint)x * TPixel.Bytes);
                sum += value;
                Vector512.Store(value, to + (y * side + x) * VectorFloats);
            }
        return sum;
    }
}
