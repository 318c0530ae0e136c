using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Vectors.Pixel;
using static Convolve.Kernels.Winograd.WinogradShape;
using static Convolve.Kernels.Winograd.WinogradTransform;

namespace Convolve.Kernels.Winograd;

//     for each block of channels:  for each of 8 columns: transform;  for each of 8 rows: transform
//
// images   [N][C/b][H][W][b]  float32 or bfloat16
// points   [64], a step apart, [b]  float32, of one tile
// scratch  [64][b] and a row of zeros  float32
// Registers: a column or a row. L1: the tile. Bound: additions, and the stores of points, which are 64 streams.

/// <summary>Between images in blocks of channels, [N][C/16][H][W][16] or the same with 8, and the 64 points of their tiles.</summary>
internal static unsafe class WinogradTiles
{
    /// <summary>Floats that each call needs as scratch.</summary>
    public static int ScratchFloats(in WinogradShape shape) => 2 * Points * shape.Lanes;

    /// <summary>The points of one tile of the input, all channel blocks.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="source">The images that are read.</param>
    /// <param name="tile">Counts through the batch.</param>
    /// <param name="firstBlock">The first block of channels.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="to">The first point of the tile's first block.</param>
    /// <param name="blockStep">From block to block, in floats.</param>
    /// <param name="pointStep">From point to point, in floats.</param>
    /// <param name="scratch">Room for <see cref="ScratchFloats"/>.</param>
    // bounds: rows and columns outside of the image are read from zeros.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input<TPixel, TVector>(in WinogradShape shape, byte* source, int tile, int firstBlock, int blocks, float* to,
        nint blockStep, nint pointStep, float* scratch)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int image = tile / shape.TilesPerImage, place = tile % shape.TilesPerImage;
        int top = place / shape.TileColumns * shape.OutSide - shape.Top, left = place % shape.TileColumns * shape.OutSide - shape.Left;
        int number = TPixel.Bytes / Channels, pixel = number * shape.Block;
        nint area = (nint)shape.Height * shape.Width, row = (nint)shape.Width * pixel;
        byte* corner = source + image * area * shape.Channels * number + top * row + (nint)left * pixel;
        int firstRow = Math.Max(0, -top), endRow = Math.Min(Side, shape.Height - top), firstColumn = Math.Max(0, -left),
            endColumn = Math.Min(Side, shape.Width - left);
        byte* zeros = (byte*)(scratch + Points * TVector.Count);
        NativeMemory.Clear(zeros, (nuint)(Side * pixel));
        for (int b = 0; b < blocks; b++, to += blockStep)
        {
            Columns<TPixel, TVector>(corner + shape.At(firstBlock + b, area) * number, row, pixel, zeros, firstRow, endRow, firstColumn,
                endColumn, scratch);
            for (int i = 0; i < Side; i++)
                WinogradTransform.Input<TVector>(scratch + i * Side * TVector.Count, TVector.Count, to + i * Side * pointStep, pointStep);
        }
    }

    /// <summary>The points of one tile of the gradient of the output, and its sum over the tile.</summary>
    /// <returns>The sum of each filter of the block over the tile.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Diff<TPixel, TVector,
        TOut>(in WinogradShape shape, byte* source, int tile, int block, float* to, nint pointStep, float* scratch)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> where TOut : struct, ISide
    {
        int image = tile / shape.TilesPerImage, place = tile % shape.TilesPerImage, side = TOut.Value;
        int top = place / shape.TileColumns * side, left = place % shape.TileColumns * side;
        int number = TPixel.Bytes / Channels, pixel = number * shape.Block;
        nint area = (nint)shape.OutHeight * shape.OutWidth, row = (nint)shape.OutWidth * pixel;
        byte* from = source + (image * area * shape.Filters + shape.At(block, area)) * number + top * row + (nint)left * pixel;
        float* patch = scratch + Points * TVector.Count;
        TVector sum = Patch<TPixel, TVector>(from, row, pixel, 0, Math.Min(side, shape.OutHeight - top), 0,
            Math.Min(side, shape.OutWidth - left), patch, side);
        for (int x = 0; x < side; x++)
            Evaluate<TVector, TOut>(patch + x * TVector.Count, side * TVector.Count, scratch + x * TVector.Count, Side * TVector.Count);
        for (int i = 0; i < Side; i++)
            Evaluate<TVector, TOut>(scratch + i * Side * TVector.Count, TVector.Count, to + i * Side * pointStep, pointStep);
        return sum;
    }

    /// <summary>The points of one tile's products to its pixels of the output.</summary>
    // bounds: pixels within the image.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<TPixel, TVector, TOut>(in WinogradShape shape, float* from, nint pointStep, byte* target, int tile, int block,
        TVector bias, TVector slope, float* scratch)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> where TOut : struct, ISide
    {
        int image = tile / shape.TilesPerImage, place = tile % shape.TilesPerImage, side = TOut.Value;
        int top = place / shape.TileColumns * side, left = place % shape.TileColumns * side;
        int rows = Math.Min(side, shape.OutHeight - top), columns = Math.Min(side, shape.OutWidth - left);
        int number = TPixel.Bytes / Channels, pixel = number * shape.Block;
        nint area = (nint)shape.OutHeight * shape.OutWidth, row = (nint)shape.OutWidth * pixel;
        byte* to = target + (image * area * shape.Filters + shape.At(block, area)) * number + top * row + (nint)left * pixel;
        for (int x = 0; x < Side; x++)
            Collect<TVector, TOut>(from + x * pointStep, Side * pointStep, scratch + x * TVector.Count, Side * TVector.Count);
        float* line = scratch + Points * TVector.Count;
        // 0 * -infinity is NaN
        TVector least = TVector.WhereEqual(slope, TVector.Zero, TVector.Create(float.MinValue), TVector.Create(float.NegativeInfinity));
        for (int y = 0; y < rows; y++, to += row)
        {
            Collect<TVector, TOut>(scratch + y * Side * TVector.Count, TVector.Count, line, TVector.Count);
            for (int x = 0; x < columns; x++)
            {
                TVector value = TVector.Load(line + x * TVector.Count) + bias;
                TPixel.Store(TVector.WhereGreater(TVector.Zero, value, TVector.Max(least, value) * slope, value), to + x * pixel);
            }
        }
    }

    // Rows outside of the image are read from zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns<TPixel, TVector>(byte* from, nint row, int pixel, byte* zeros, int firstRow, int endRow, int firstColumn,
        int endColumn, float* to)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        byte* row0 = firstRow > 0 || endRow <= 0 ? zeros : from, row1 = firstRow > 1 || endRow <= 1 ? zeros : from + row;
        byte* row2 = firstRow > 2 || endRow <= 2 ? zeros : from + 2 * row, row3 = firstRow > 3 || endRow <= 3 ? zeros : from + 3 * row;
        byte* row4 = firstRow > 4 || endRow <= 4 ? zeros : from + 4 * row, row5 = endRow <= 5 ? zeros : from + 5 * row;
        byte* row6 = endRow <= 6 ? zeros : from + 6 * row, row7 = endRow <= 7 ? zeros : from + 7 * row;
        for (int x = 0; x < Side; x++, to += TVector.Count)
        {
            nint at = (nint)x * pixel;
            if (x < firstColumn || x >= endColumn)
                for (int i = 0; i < Side; i++)
                    TVector.Zero.Store(to + i * Side * TVector.Count);
            else
                WinogradTransform.Input(TPixel.Load<TVector>(row0 + at), TPixel.Load<TVector>(row1 + at), TPixel.Load<TVector>(row2 + at),
                    TPixel.Load<TVector>(row3 + at), TPixel.Load<TVector>(row4 + at),
                    TPixel.Load<TVector>(row5 + at), TPixel.Load<TVector>(row6 + at), TPixel.Load<TVector>(row7 + at), to,
                    Side * TVector.Count);
        }
    }

    /// <summary>The pixels of a square that are within the image; the others are 0.</summary>
    /// <returns>The sum of all.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Patch<TPixel,
        TVector>(byte* from, nint row, int pixel, int firstRow, int endRow, int firstColumn, int endColumn, float* to, int side)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        TVector sum = TVector.Zero;
        if (firstRow > 0 || firstColumn > 0 || endRow < side || endColumn < side)
            NativeMemory.Clear(to, (nuint)(side * side * TVector.Count * sizeof(float)));
        for (int y = firstRow; y < endRow; y++)
            for (int x = firstColumn; x < endColumn; x++)
            {
                TVector value = TPixel.Load<TVector>(from + y * row + (nint)x * pixel);
                sum += value;
                value.Store(to + (y * side + x) * TVector.Count);
            }
        return sum;
    }
}
