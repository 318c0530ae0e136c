using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Pixels;

//     for each 16 rows: turn around, Columns, turn back;  then Columns
//     Columns:  for each row of the result, each 32 columns, each tap:  sum += weight source
//
// source, between, target  [channel][row][column] bytes; a band of 16 rows [column][16]; weights integers of a fixed point
// Registers: two sums of 16. L1: the source rows of a result's row. Bound: a multiplication of 16 integers for each tap.

/// <summary>Resizes bytes as Pillow does: first every row, then every column, each rounded to bytes.</summary>
/// <remarks>
/// Sixteen values of a column are side by side where rows are resized: blocks of sixteen rows are transposed before and after, so that both
/// passes are sums of contiguous bytes times one weight.
/// </remarks>
internal static class PixelResize
{
    private const int Lanes = 16;

    /// <summary>Resizes a picture. Where it is made smaller, each pixel is a mean of those it covers.</summary>
    public static void Antialiased(ref Picture picture, int height, int width)
    {
        PictureSize from = picture.Size, to = new(from.Channels, height, width);
        ReadOnlySpan<byte> pixels = picture.Pixels;
        if (from.Width != to.Width)
        {
            ResizeWeights columns = picture.Scratch.Columns;
            columns.Set(from.Width, to.Width);
            PictureSize between = new(from.Channels, from.Height, to.Width);
            Span<byte> output = picture.Become(between);
            Rows(pixels, from.Width, output, to.Width, columns, picture.Scratch.Band((from.Width + to.Width) * Lanes));
            pixels = output;
        }

        if (from.Height != to.Height)
        {
            ResizeWeights rows = picture.Scratch.Rows;
            rows.Set(from.Height, to.Height);
            Span<byte> output = picture.Become(to);
            for (int c = 0; c < to.Channels; c++)
            {
                Columns(pixels.Slice(c * from.Height * to.Width, from.Height * to.Width),
                    output.Slice(c * to.PixelCount, to.PixelCount), to.Width, rows);
            }
        }
    }

    /// <summary>Resizes each row of a matrix.</summary>
    private static void Rows(ReadOnlySpan<byte> source, int width, Span<byte> target, int newWidth, ResizeWeights weights, Span<byte> band)
    {
        int count = source.Length / width;
        Span<byte> before = band[..(width * Lanes)], after = band.Slice(width * Lanes, newWidth * Lanes);
        for (int row = 0; row < count; row += Lanes)
        {
            // The last block reaches back to be whole; a matrix of fewer rows has blocks that are not.
            int start = Math.Max(Math.Min(row, count - Lanes), 0), rows = Math.Min(Lanes, count);
            Transposition.Run(source.Slice(start * width, rows * width), width, before, Lanes);
            Columns(before, after, Lanes, weights);
            Transposition.Run(after, Lanes, target.Slice(start * newWidth, rows * newWidth), newWidth);
        }
    }

    /// <summary>Resizes each column of a matrix: each row of the target is a sum of weighted rows of the source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns(ReadOnlySpan<byte> source, Span<byte> target, int width, ResizeWeights weights)
    {
        ReadOnlySpan<int> first = weights.First, values = weights.Values;
        int taps = weights.Taps;
        for (int y = 0; y < first.Length; y++)
        {
            ReadOnlySpan<int> row = values.Slice(y * taps, taps);
            ref byte from = ref MemoryMarshal.GetReference(source.Slice(first[y] * width, taps * width));
            ref byte to = ref MemoryMarshal.GetReference(target.Slice(y * width, width));
            int x = 0;
            for (; x + 2 * Lanes <= width; x += 2 * Lanes)
            {
                Vector512<int> a = Vector512.Create(1 << (ResizeWeights.Bits - 1)), b = a;
                ref byte at = ref Unsafe.Add(ref from, x);
                foreach (int weight in row)
                {
                    Vector512<int> w = Vector512.Create(weight);
                    a += w * Wide(ref at);
                    b += w * Wide(ref Unsafe.Add(ref at, Lanes));
                    at = ref Unsafe.Add(ref at, width);
                }

                Narrow(a).StoreUnsafe(ref Unsafe.Add(ref to, x));
                Narrow(b).StoreUnsafe(ref Unsafe.Add(ref to, x + Lanes));
            }

            for (; x < width; x += Lanes)
            {
                if (width < Lanes)
                {
                    Few(ref from, row, width, ref to);
                    break;
                }

                int start = Math.Min(x, width - Lanes);
                Vector512<int> sum = Vector512.Create(1 << (ResizeWeights.Bits - 1));
                ref byte at = ref Unsafe.Add(ref from, start);
                foreach (int weight in row)
                {
                    sum += Vector512.Create(weight) * Wide(ref at);
                    at = ref Unsafe.Add(ref at, width);
                }

                Narrow(sum).StoreUnsafe(ref Unsafe.Add(ref to, start));
            }
        }
    }

    private static void Few(ref byte from, ReadOnlySpan<int> weights, int width, ref byte to)
    {
        for (int x = 0; x < width; x++)
        {
            int sum = 1 << (ResizeWeights.Bits - 1);
            for (int k = 0; k < weights.Length; k++)
                sum += weights[k] * Unsafe.Add(ref from, k * width + x);
            Unsafe.Add(ref to, x) = (byte)Math.Min(sum >> ResizeWeights.Bits, 255);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Wide(ref byte from) => PixelVectors.Widen(Vector128.LoadUnsafe(ref from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector512<int> sums) => PixelVectors.Narrow(sums >> ResizeWeights.Bits);
}
