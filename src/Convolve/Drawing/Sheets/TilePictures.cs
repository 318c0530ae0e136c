using Convolve.Data;
using Convolve.Kernels.Pixels;

namespace Convolve.Drawing.Sheets;

/// <summary>Makes pictures of numbers, of data sets, and of both.</summary>
internal static class TilePictures
{
    // Matplotlib's "inferno" (Smith and van der Walt 2015) at every eighth: equal steps look equally large, in gray too.
    private static readonly (byte Red, byte Green, byte Blue)[] Heat = [(0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106),
        (186, 54, 85), (227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164)];

    // What a picture shows of itself where the heat is largest.
    private const float Transparency = .3f;

    /// <summary>The factor that makes a side about as long as this.</summary>
    public static int FactorFor(int side, int wanted) => Math.Max(1, (wanted + side / 2) / side);

    /// <summary>
    /// Numbers as gray: from black for 0 to white for the largest; where some are negative, 0 is mid gray.
    /// </summary>
    public static Tile Gray(ReadOnlySpan<float> values, int height, int width, int factor)
    {
        float largest = 0;
        bool hasNegative = false;
        foreach (float value in values)
            (largest, hasNegative) = (Math.Max(largest, float.IsFinite(value) ? Math.Abs(value) : 0), hasNegative || value < 0);
        byte[] planes = new byte[values.Length];
        for (int i = 0; i < planes.Length; i++)
        {
            float share = largest > 0 && float.IsFinite(values[i]) ? values[i] / largest : 0;
            planes[i] = (byte)MathF.Round(hasNegative ? 127.5f + 127.5f * share : 255 * share);
        }
        return new(planes, new(1, height, width), factor);
    }

    /// <summary>A picture of a data set, the longer side as this many pixels or less.</summary>
    /// <exception cref="DatasetException">It cannot be read.</exception>
    public static Tile Of(Dataset data, int image, int side) => Of(data.PixelsOf(image), data.SizeOf(image), side);

    /// <summary>A picture, the longer side as this many pixels or less.</summary>
    public static Tile Of(ReadOnlySpan<byte> planes, ImageSize size, int side)
    {
        Picture picture = new(planes, size.ForKernels, PictureScratch.OfThread);
        int longer = Math.Max(size.Height, size.Width);
        if (longer > side)
            PixelResize.Antialiased(ref picture, Math.Max(1, (int)((long)size.Height * side / longer)),
                Math.Max(1, (int)((long)size.Width * side / longer)));
        return new(picture.Pixels.ToArray(), ImageSize.Of(picture.Size), longer > side ? 1 : side / longer);
    }

    /// <summary>Two pictures side by side; the second is cut or filled to the height of the first.</summary>
    public static Tile Beside(Tile first, Tile second)
    {
        const int Gap = 2;
        ImageSize size = new(3, first.Height, first.Width + Gap + second.Width);
        byte[] planes = new byte[size.Length];
        Array.Fill(planes, (byte)245);
        Put(first, 0);
        Put(second, first.Width + Gap);
        return new(planes, size);

        void Put(Tile tile, int left)
        {
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < Math.Min(size.Height, tile.Height); y++)
                    for (int x = 0; x < tile.Width; x++)
                        planes[(c * size.Height + y) * size.Width + left + x] = tile.Planes[
                            (Math.Min(c, tile.Size.Channels - 1) * tile.Size.Height + y / tile.Factor) * tile.Size.Width + x / tile.Factor];
        }
    }

    /// <summary>Numbers as heat: black for 0 and less, bright yellow for the largest; smooth between the places.</summary>
    /// <param name="map">Row by row.</param>
    /// <param name="size">Height and width of the map.</param>
    /// <param name="under">What the heat covers; its pixels and its size are taken.</param>
    /// <param name="place">Where the middle of the first row and column is, and how far it is to the next, as shares of the
    /// picture.</param>
    /// <param name="alone">Whether the heat is shown without the picture.</param>
    public static Tile Warm(ReadOnlySpan<float> map, (int Height, int Width) size, Tile under,
        (double Top, double RowStep, double Left, double ColumnStep) place, bool alone)
    {
        (int height, int width) = (under.Height, under.Width);
        float largest = 0;
        foreach (float value in map)
            largest = Math.Max(largest, value);
        byte[] planes = new byte[3 * height * width];
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                float share = largest > 0 ? Math.Clamp(Between(map, size, (float)(((y + .5) / height - place.Top) / place.RowStep),
                    (float)(((x + .5) / width - place.Left) / place.ColumnStep)) / largest, 0, 1) : 0;
                (float red, float green, float blue) = ColorOf(share);
                float opacity = alone ? 1 : share * (1 - Transparency);
                for (int c = 0; c < 3; c++)
                {
                    float own = under.Planes[(Math.Min(c, under.Size.Channels - 1) * under.Size.Height + y / under.Factor)
                        * under.Size.Width + x / under.Factor];
                    planes[(c * height + y) * width + x] =
                        (byte)MathF.Round(own + opacity * ((c == 0 ? red : c == 1 ? green : blue) - own));
                }
            }
        return new(planes, new(3, height, width));
    }

    private static (float Red, float Green, float Blue) ColorOf(float share)
    {
        float at = share * (Heat.Length - 1);
        int low = Math.Min((int)at, Heat.Length - 2);
        (var a, var b, float t) = (Heat[low], Heat[low + 1], at - low);
        return (a.Red + t * (b.Red - a.Red), a.Green + t * (b.Green - a.Green), a.Blue + t * (b.Blue - a.Blue));
    }

    // Bilinear between the centers of the places; beyond the outer ones as at these.
    private static float Between(ReadOnlySpan<float> map, (int Height, int Width) size, float row, float column)
    {
        (row, column) = (Math.Clamp(row, 0, size.Height - 1), Math.Clamp(column, 0, size.Width - 1));
        int top = (int)row, left = (int)column, bottom = Math.Min(top + 1, size.Height - 1), right = Math.Min(left + 1, size.Width - 1);
        (float down, float across) = (row - top, column - left);
        float upper = map[top * size.Width + left] * (1 - across) + map[top * size.Width + right] * across;
        float lower = map[bottom * size.Width + left] * (1 - across) + map[bottom * size.Width + right] * across;
        return upper * (1 - down) + lower * down;
    }
}
