namespace Convolve.Kernels.BatchInterleaved;

/// <summary>The shape of a convolution with one group and no dilation; padding is zeros and may differ from side to side.</summary>
/// <remarks>Padding may be negative at the bottom and on the right, where it cuts off, but not at the top and on the left.</remarks>
internal readonly record struct InterleavedConv(
    int Channels, int Height, int Width, int Filters, int KernelHeight, int KernelWidth, int StrideH, int StrideW,
    int PadTop, int PadLeft, int PadBottom, int PadRight)
{
    public int OutHeight => (Height + PadTop + PadBottom - KernelHeight) / StrideH + 1;
    public int OutWidth => (Width + PadLeft + PadRight - KernelWidth) / StrideW + 1;

    /// <summary>The weights of one filter, and the multiply-adds of one output value.</summary>
    public int Taps => Channels * KernelHeight * KernelWidth;

    public int InFeatures => Channels * Height * Width;
    public int OutFeatures => Filters * OutHeight * OutWidth;

    /// <summary>The multiply-adds of one image, those with a padding zero included.</summary>
    public long MultiplyAdds => (long)OutFeatures * Taps;
}

/// <summary>How a pooling window becomes one value.</summary>
internal enum InterleavedPoolKind
{
    /// <summary>The largest value; among equals the first in row-major order; NaN if there is one.</summary>
    Max,

    /// <summary>The sum over the part of the window inside the input, divided by the size of that part.</summary>
    Average,

    /// <summary>The same sum, divided by the size of the whole window.</summary>
    AverageIncludingPadding,
}

/// <summary>The shape of a pooling; every window must overlap the input, and a max window holds at most 256 positions.</summary>
internal readonly record struct InterleavedPool(
    InterleavedPoolKind Kind, int Channels, int Height, int Width, int KernelHeight, int KernelWidth, int StrideH, int StrideW,
    int PadTop = 0, int PadLeft = 0, int PadBottom = 0, int PadRight = 0)
{
    public int OutHeight => (Height + PadTop + PadBottom - KernelHeight) / StrideH + 1;
    public int OutWidth => (Width + PadLeft + PadRight - KernelWidth) / StrideW + 1;
    public int InFeatures => Channels * Height * Width;
    public int OutFeatures => Channels * OutHeight * OutWidth;

    /// <summary>The bytes of the positions of the maxima of a batch, one byte for every output value; 0 for averages.</summary>
    public long ArgmaxBytes(int batch) => Kind == InterleavedPoolKind.Max
        ? (long)Interleaving.Groups(batch) * OutFeatures * Interleaving.Width : 0;

    internal bool IsTwoByTwo => (KernelHeight, KernelWidth, StrideH, StrideW) == (2, 2, 2, 2)
        && (PadTop, PadLeft, PadBottom, PadRight) == (0, 0, 0, 0);
}

/// <summary>The functions that the kernels apply on the fly.</summary>
internal enum InterleavedActivation
{
    None,
    ReLU,
    LeakyReLU,
    Tanh,
    Sigmoid,
}

/// <summary>A convolution, its activation and, if there is one, the pooling after it, as one unit of work.</summary>
/// <param name="Slope">The factor of LeakyReLU below zero.</param>
internal readonly record struct InterleavedStage(InterleavedConv Conv, InterleavedActivation Activation, float Slope = 0.01f,
    InterleavedPool? Pool = null)
{
    public int OutFeatures => Pool?.OutFeatures ?? Conv.OutFeatures;

    /// <summary>
    /// Whether the backward pass reads the activations before the pooling. After a max pooling it does not: the maximum is its own
    /// activation, so forward stores no more than the pooled values and where they came from.
    /// </summary>
    public bool KeepsActivations => Pool is { Kind: not InterleavedPoolKind.Max } && Activation != InterleavedActivation.None;

    /// <summary>Whether the activation of the maximum is the maximum of the activations.</summary>
    internal bool PoolsFirst => Pool is { Kind: InterleavedPoolKind.Max } && (Activation != InterleavedActivation.LeakyReLU || Slope > 0);
}
