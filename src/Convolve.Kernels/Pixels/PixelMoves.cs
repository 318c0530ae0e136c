using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Pixels;

/// <summary>Transforms that move bytes and change none.</summary>
internal static class PixelMoves
{
    /// <summary>The part of an image that begins at a row and a column, which may be outside: there is black.</summary>
    public static void Crop(ref Picture picture, int top, int left, int height, int width)
    {
        PictureSize from = picture.Size, to = new(from.Channels, height, width);
        if (from == to && top == 0 && left == 0)
            return;
        ReadOnlySpan<byte> source = picture.Pixels;
        Span<byte> target = picture.Become(to);
        int firstRow = Math.Clamp(-top, 0, to.Height), endRow = Math.Clamp(from.Height - top, firstRow, to.Height);
        int firstColumn = Math.Clamp(-left, 0, to.Width), endColumn = Math.Clamp(from.Width - left, firstColumn, to.Width);
        if (endRow - firstRow < to.Height || endColumn - firstColumn < to.Width)
            target.Clear();
        if (endColumn == firstColumn)
            return;
        int length = endColumn - firstColumn;
        for (int c = 0; c < to.Channels; c++)
        {
            int read = c * from.PixelCount + (firstRow + top) * from.Width + firstColumn + left;
            int write = c * to.PixelCount + firstRow * to.Width + firstColumn;
            for (int y = firstRow; y < endRow; y++, read += from.Width, write += to.Width)
                source.Slice(read, length).CopyTo(target[write..]);
        }
    }

    /// <summary>The same where outside is the image mirrored; the part reaches less than the image's size beyond it.</summary>
    public static void CropReflected(ref Picture picture, int top, int left, int height, int width)
    {
        PictureSize from = picture.Size, to = new(from.Channels, height, width);
        ReadOnlySpan<byte> source = picture.Pixels;
        Span<byte> target = picture.Become(to);
        int firstColumn = Math.Clamp(-left, 0, to.Width), endColumn = Math.Clamp(from.Width - left, firstColumn, to.Width);
        for (int c = 0; c < to.Channels; c++)
        {
            for (int y = 0; y < to.Height; y++)
            {
                ReadOnlySpan<byte> row = source.Slice(c * from.PixelCount + Mirrored(y + top, from.Height) * from.Width, from.Width);
                Span<byte> output = target.Slice(c * to.PixelCount + y * to.Width, to.Width);
                for (int x = 0; x < firstColumn; x++)
                    output[x] = row[Mirrored(x + left, from.Width)];
                if (endColumn > firstColumn) // else the part is in the padding
                    row.Slice(firstColumn + left, endColumn - firstColumn).CopyTo(output[firstColumn..]);
                for (int x = endColumn; x < output.Length; x++)
                    output[x] = row[Mirrored(x + left, from.Width)];
            }
        }
    }

    /// <summary>The middle of an image.</summary>
    public static void CropCenter(ref Picture picture, int height, int width)
    {
        // torchvision rounds halves to even.
        PictureSize size = picture.Size;
        int top = (int)Math.Round((size.Height - height) / 2.0), left = (int)Math.Round((size.Width - width) / 2.0);
        Crop(ref picture, top, left, height, width);
    }

    /// <summary>Left and right swapped.</summary>
    public static void Flip(ref Picture picture)
    {
        PictureSize size = picture.Size;
        ReadOnlySpan<byte> source = picture.Pixels;
        Span<byte> target = picture.Become(size);
        for (int at = 0; at < source.Length; at += size.Width)
            Reverse(source.Slice(at, size.Width), target.Slice(at, size.Width));
    }

    private static int Mirrored(int place, int count) => place < 0 ? -place : place < count ? place : 2 * (count - 1) - place;

    private static void Reverse(ReadOnlySpan<byte> source, Span<byte> target)
    {
        ref byte from = ref MemoryMarshal.GetReference(source), to = ref MemoryMarshal.GetReference(target);
        int length = source.Length, x = 0;
        if (length >= 16)
        {
            Vector128<byte> order = Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
            for (; x < length; x += 16)
            {
                int start = Math.Min(x, length - 16); // the last reaches back to be whole
                Vector128.Shuffle(Vector128.LoadUnsafe(ref from, (nuint)(length - 16 - start)), order).StoreUnsafe(ref to, (nuint)start);
            }

            return;
        }

        for (; x < length; x++)
            Unsafe.Add(ref to, x) = Unsafe.Add(ref from, length - 1 - x);
    }
}
