namespace Convolve.Kernels.Copies;

/// <summary>A convolution with stride 4, and the convolution with stride 1 that does the same on 4x4 patches as 16 channels.</summary>
internal readonly record struct SpaceToDepthShape(int Channels, int Height, int Width, int Filters, int KernelHeight, int KernelWidth,
    int PadTop,
    int PadLeft, int OutHeight, int OutWidth)
{
    private const int Stride = 4;

    public int DeepChannels => Channels * Stride * Stride;

    public int DeepKernelHeight => (KernelHeight + Stride - 1) / Stride;

    public int DeepKernelWidth => (KernelWidth + Stride - 1) / Stride;

    public int DeepHeight => OutHeight + DeepKernelHeight - 1;

    public int DeepWidth => OutWidth + DeepKernelWidth - 1;
}
