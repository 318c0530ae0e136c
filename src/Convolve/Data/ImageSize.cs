using Convolve.Kernels.Pixels;

namespace Convolve.Data;

/// <summary>The size of an image: channels, height, width; height comes before width, as everywhere here.</summary>
/// <param name="Channels">1 for gray, 3 for color.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct ImageSize(int Channels, int Height, int Width)
{
    /// <summary>Pixels in one channel: height times width.</summary>
    public int PixelCount => checked(Height * Width);

    /// <summary>Values in the image: channels times height times width; also its bytes, at one byte per value.</summary>
    public int Length => checked(Channels * Height * Width);

    internal static ImageSize Of(PictureSize picture) => new(picture.Channels, picture.Height, picture.Width);

    /// <summary>Whether all three are at least 1 and their product is within an int.</summary>
    internal bool IsValid =>
        Channels > 0 && Height > 0 && Width > 0 && (Int128)Channels * Height * Width <= Array.MaxLength;

    /// <summary>The same for the loops over pixels, which know nothing of data sets.</summary>
    internal PictureSize ForKernels => new(Channels, Height, Width);

    /// <summary>Channels, height and width, as in <c>1x28x28</c>.</summary>
    public override string ToString() => $"{Channels}x{Height}x{Width}";
}
