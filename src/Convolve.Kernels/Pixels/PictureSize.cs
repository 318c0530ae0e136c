namespace Convolve.Kernels.Pixels;

/// <summary>The size of a picture: its planes, one for each channel, and their height and width.</summary>
internal readonly record struct PictureSize(int Channels, int Height, int Width)
{
    /// <summary>Pixels of one plane.</summary>
    public int PixelCount => checked(Height * Width);

    /// <summary>Bytes of all planes.</summary>
    public int Length => checked(Channels * Height * Width);
}
