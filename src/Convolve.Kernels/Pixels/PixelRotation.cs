using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Pixels;

//     for each row, each 8 pixels:  their places in the source;  for each channel: four neighbors, mixed
//
// source  [channel][row][column] bytes, 4 more behind the last; target the same
// Registers: places and shares of 8 pixels in float64. L1 or L2: the picture. Bound: two gathers of 8 for each channel.

/// <summary>Turns an image about its middle.</summary>
/// <remarks>
/// Source: Pillow's Image.rotate and Geometry.c (affine_transform, bilinear_filter8), in double precision, truncated; to the bit.
/// </remarks>
internal static class PixelRotation
{
    private const int Lanes = 8;

    /// <param name="picture">The image.</param>
    /// <param name="degrees">Counter-clockwise.</param>
    public static void Turn(ref Picture picture, double degrees)
    {
        PictureSize size = picture.Size;
        double radians = -(((degrees % 360 + 360) % 360) * (Math.PI / 180));
        double cos = FifteenDigits(Math.Cos(radians)), sin = FifteenDigits(Math.Sin(radians));
        double middleX = size.Width / 2.0, middleY = size.Height / 2.0;
        Affine from = new(cos, sin, cos * -middleX + sin * -middleY + middleX, -sin, cos, -sin * -middleX + cos * -middleY + middleY);
        // Eight pixels are fetched by four bytes each, the last of which would be behind the image.
        Span<byte> source = picture.Scratch.Band(size.Length + 4);
        picture.Pixels.CopyTo(source);
        source[^4..].Clear();
        Span<byte> target = picture.Become(size);
        for (int y = 0; y < size.Height; y++)
        {
            int x = 0;
            if (Avx512F.IsSupported && size.Width >= Lanes)
                for (; x < size.Width; x += Lanes)
                    Sample(source, size, from, Math.Min(x, size.Width - Lanes), y, target); // the last reaches back to be whole
            for (; x < size.Width; x++)
                SampleOne(source, size, from, x, y, target);
        }
    }

    /// <summary>Eight pixels in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Sample(ReadOnlySpan<byte> source, PictureSize size, in Affine from, int column, int row, Span<byte> target)
    {
        Vector512<double> placeX = Vector512.Create((double)column) + Vector512.Create(0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5),
            placeY = Vector512.Create(row + 0.5);
        Vector512<double> fromX = Vector512.Create(from.A) * placeX + Vector512.Create(from.B) * placeY + Vector512.Create(from.C);
        Vector512<double> fromY = Vector512.Create(from.D) * placeX + Vector512.Create(from.E) * placeY + Vector512.Create(from.F);
        Vector512<double> width = Vector512.Create((double)size.Width), height = Vector512.Create((double)size.Height);
        Vector512<double> inside = Vector512.GreaterThanOrEqual(fromX, Vector512<double>.Zero) & Vector512.LessThan(fromX, width)
            & Vector512.GreaterThanOrEqual(fromY, Vector512<double>.Zero) & Vector512.LessThan(fromY, height);
        fromX -= Vector512.Create(0.5);
        fromY -= Vector512.Create(0.5);
        Vector512<double> x = Vector512.Floor(fromX), y = Vector512.Floor(fromY), dx = fromX - x, dy = fromY - y,
            one = Vector512<double>.One;
        Vector512<double> lastX = width - one, lastY = height - one, zero = Vector512<double>.Zero;
        Vector512<double> left = Vector512.Min(Vector512.Max(x, zero), lastX), right = Vector512.Min(Vector512.Max(x + one, zero), lastX);
        Vector512<double> upper = Vector512.Min(Vector512.Max(y, zero), lastY), lower = Vector512.Min(Vector512.Max(y + one, zero), lastY);
        Vector256<int> upperAt = Avx512F.ConvertToVector256Int32(upper * width + left),
            lowerAt = Avx512F.ConvertToVector256Int32(lower * width + left);
        // Where there is no pixel to the right, the left one counts for both.
        Vector256<int> shift = Avx512F.ConvertToVector256Int32((right - left) * Vector512.Create(8.0)), low = Vector256.Create(0xFF);
        fixed (byte* pixels = source)
        {
            for (int c = 0; c < size.Channels; c++)
            {
                int* plane = (int*)(pixels + (long)c * size.PixelCount);
                Vector256<int> above = Avx2.GatherVector256(plane, upperAt, 1), below = Avx2.GatherVector256(plane, lowerAt, 1);
                Vector512<double> a = Between(above & low, Avx2.ShiftRightLogicalVariable(above, shift.AsUInt32()) & low, dx);
                Vector512<double> b = Between(below & low, Avx2.ShiftRightLogicalVariable(below, shift.AsUInt32()) & low, dx);
                Vector512<double> value = (a + (b - a) * dy) & inside;
                Vector256<int> whole = Avx512F.ConvertToVector256Int32WithTruncation(value);
                Vector128<byte> bytes = Avx512F.VL.ConvertToVector128Byte(whole);
                bytes.GetLower().StoreUnsafe(ref MemoryMarshal.GetReference(target),
                    (nuint)(c * size.PixelCount + row * size.Width + column));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Between(Vector256<int> a, Vector256<int> b, Vector512<double> share)
    {
        Vector512<double> first = Avx512F.ConvertToVector512Double(a);
        return first + (Avx512F.ConvertToVector512Double(b) - first) * share;
    }

    // By way of the exact digits, as Python's round; Math.Round multiplies, and that rounds too.
    private static double FifteenDigits(double value)
    {
        Span<char> digits = stackalloc char[32];
        bool fits = value.TryFormat(digits, out int count, "F15", CultureInfo.InvariantCulture);
        return fits ? double.Parse(digits[..count], NumberStyles.Float, CultureInfo.InvariantCulture) : value;
    }

    // Between four pixels; at the border between those there are.
    private static void SampleOne(ReadOnlySpan<byte> source, PictureSize size, in Affine from, int column, int row, Span<byte> target)
    {
        int plane = size.PixelCount, at = row * size.Width + column;
        double placeX = column + 0.5, placeY = row + 0.5;
        double fromX = from.A * placeX + from.B * placeY + from.C, fromY = from.D * placeX + from.E * placeY + from.F;
        bool isInside = fromX >= 0 && fromX < size.Width && fromY >= 0 && fromY < size.Height;
        fromX -= 0.5;
        fromY -= 0.5;
        double x = Math.Floor(fromX), y = Math.Floor(fromY), dx = fromX - x, dy = fromY - y;
        int left = Math.Max((int)x, 0), right = Math.Min((int)x + 1, size.Width - 1);
        int upper = Math.Max((int)y, 0) * size.Width, lower = Math.Min((int)y + 1, size.Height - 1) * size.Width;
        for (int c = 0; c < size.Channels; c++, upper += plane, lower += plane)
        {
            if (!isInside)
            {
                target[c * plane + at] = 0;
                continue;
            }

            double a = source[upper + left] + (source[upper + right] - source[upper + left]) * dx;
            double b = source[lower + left] + (source[lower + right] - source[lower + left]) * dx;
            target[c * plane + at] = (byte)(a + (b - a) * dy);
        }
    }

    /// <summary>Where a pixel comes from: x = A x + B y + C, y = D x + E y + F.</summary>
    private readonly record struct Affine(double A, double B, double C, double D, double E, double F);
}
