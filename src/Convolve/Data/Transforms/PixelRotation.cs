using System.Globalization;

namespace Convolve.Data.Transforms;

/// <summary>Turns an image about its middle.</summary>
/// <remarks>Source: Pillow's Image.rotate and Geometry.c (affine_transform, bilinear_filter8), in double precision, truncated; to the bit.</remarks>
internal static class PixelRotation
{
    /// <param name="picture">The image.</param>
    /// <param name="degrees">Counter-clockwise.</param>
    public static void Turn(ref Picture picture, double degrees)
    {
        ImageSize size = picture.Size;
        ReadOnlySpan<byte> source = picture.Pixels;
        Span<byte> target = picture.Become(size);
        double radians = -(((degrees % 360 + 360) % 360) * (Math.PI / 180));
        double cos = FifteenDigits(Math.Cos(radians)), sin = FifteenDigits(Math.Sin(radians));
        double middleX = size.Width / 2.0, middleY = size.Height / 2.0;
        double shiftX = cos * -middleX + sin * -middleY + middleX, shiftY = -sin * -middleX + cos * -middleY + middleY;
        for (int y = 0; y < size.Height; y++)
        {
            double placeY = y + 0.5;
            for (int x = 0; x < size.Width; x++)
            {
                double placeX = x + 0.5;
                Sample(source, size, cos * placeX + sin * placeY + shiftX, -sin * placeX + cos * placeY + shiftY, target, y * size.Width + x);
            }
        }
    }

    // By way of the exact digits, as Python's round; Math.Round multiplies, and that rounds too.
    private static double FifteenDigits(double value)
    {
        Span<char> digits = stackalloc char[32];
        bool fits = value.TryFormat(digits, out int count, "F15", CultureInfo.InvariantCulture);
        return fits ? double.Parse(digits[..count], NumberStyles.Float, CultureInfo.InvariantCulture) : value;
    }

    // Between four pixels; at the border between those there are.
    private static void Sample(ReadOnlySpan<byte> source, ImageSize size, double fromX, double fromY, Span<byte> target, int at)
    {
        int plane = size.PixelCount;
        if (!(fromX >= 0 && fromX < size.Width && fromY >= 0 && fromY < size.Height))
        {
            for (int c = 0; c < size.Channels; c++)
                target[c * plane + at] = 0;
            return;
        }

        fromX -= 0.5;
        fromY -= 0.5;
        int x = (int)Math.Floor(fromX), y = (int)Math.Floor(fromY);
        double dx = fromX - x, dy = fromY - y;
        int left = Math.Max(x, 0), right = Math.Min(x + 1, size.Width - 1);
        int upper = Math.Max(y, 0) * size.Width, lower = Math.Min(y + 1, size.Height - 1) * size.Width;
        for (int c = 0; c < size.Channels; c++, upper += plane, lower += plane)
        {
            double a = source[upper + left] + (source[upper + right] - source[upper + left]) * dx;
            double b = source[lower + left] + (source[lower + right] - source[lower + left]) * dx;
            target[c * plane + at] = (byte)(a + (b - a) * dy);
        }
    }
}
