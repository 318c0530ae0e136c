using Convolve.Kernels.Pixels;

namespace Convolve.Data.Inputs;

/// <summary>A picture on its way to the network, with which of its transforms it has been through.</summary>
/// <param name="pixels">In planes.</param>
/// <param name="size">Its size.</param>
internal readonly ref struct KeptPicture(ReadOnlySpan<byte> pixels, ImageSize size)
{
    public ReadOnlySpan<byte> Pixels { get; } = pixels;

    public ImageSize Size { get; } = size;

    /// <summary>How many of the transforms are done.</summary>
    public int StepsDone { get; init; }

    /// <summary>Which pixels of a larger picture these are, for the resize at the end; null for all.</summary>
    public PixelSampling? Sampling { get; init; }
}
