using Convolve.Data;
using Convolve.Imaging;
using Convolve.Kernels.Pixels;

namespace Convolve.Reporting;

/// <summary>Pictures within a page: PNG files in data URIs, photographs made small.</summary>
internal static class Thumbnail
{
    // Twice the size at which they are shown, for fine screens.
    private const int LongestSide = 192;

    /// <summary>A picture of a data set.</summary>
    /// <exception cref="DatasetException">It cannot be read.</exception>
    public static string Of(Dataset data, int image)
    {
        Picture picture = new(data.PixelsOf(image), data.SizeOf(image).ForKernels, PictureScratch.OfThread);
        (int height, int width) = (picture.Size.Height, picture.Size.Width);
        if (Math.Max(height, width) is var longer && longer > LongestSide)
            PixelResize.Antialiased(ref picture,
                Math.Max(1, (int)((long)height * LongestSide / longer)), Math.Max(1, (int)((long)width * LongestSide / longer)));
        return Uri(PngEncoder.Encode(picture.Pixels, picture.Size.Channels, picture.Size.Height, picture.Size.Width));
    }

    /// <summary>A PNG file as an address.</summary>
    public static string Uri(byte[] png) => $"data:image/png;base64,{Convert.ToBase64String(png)}";
}
