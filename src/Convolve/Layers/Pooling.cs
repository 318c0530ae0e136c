namespace Convolve.Layers;

/// <summary>What the poolings share: a window that walks over each channel alone.</summary>
public abstract record Pool2d : Layer
{
    private protected Pool2d(Size2 kernel, Size2? stride, Padding padding)
    {
        (Kernel, Stride, Padding) = (kernel, stride ?? kernel, padding);
        Require(kernel.AtLeast(1) && Stride.AtLeast(1), "kernel and stride must be at least 1", "Stride defaults to the kernel");
        Require(padding.Size.AtLeast(0), "padding must not be negative", "Use 0 for none");
        Require(padding.IsSame || (padding.Size.Height <= kernel.Height / 2 && padding.Size.Width <= kernel.Width / 2),
            $"padding {padding} is more than half of the kernel {kernel}, so a window could have only zeros", "Use less padding");
    }

    /// <summary>Height and width of the window.</summary>
    public Size2 Kernel { get; }

    /// <summary>Step of the window; the kernel by default.</summary>
    public Size2 Stride { get; }

    /// <summary>Rows and columns around the input; 0 by default.</summary>
    public Padding Padding { get; }

    public override string Stem => "pool";

    public override Shape Infer(Shape input) => new(input.Channels, Walk(input).Output.Height, Walk(input).Output.Width);

    /// <summary>How the window walks over an input, with the padding resolved.</summary>
    internal Window Walk(Shape input) => Window.Over(this, RequireImage(input), Kernel, Stride, Padding, 1);

    private protected override object[] Values => [Kernel, Stride, Padding];

    private protected override Size2 OmittedSize => Kernel;
}

/// <summary>Keeps the largest value of each window.</summary>
/// <remarks>
/// Shapes: C x H x W to C x H' x W', with H' = floor((H + padding - kernel) / stride) + 1.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound. Training keeps one byte per output for the place of the largest value.
/// Source: Ranzato et al. 2007; overlapping windows (3, stride 2) from Krizhevsky et al. 2012, section 3.4. As PyTorch's MaxPool2d without
/// ceil_mode; padding never wins.
/// </remarks>
public sealed record MaxPool2d : Pool2d
{
    /// <param name="kernel">Window size.</param>
    /// <param name="stride">Step of the window; the kernel by default.</param>
    /// <param name="padding">Rows and columns around the input, at most half of the kernel, or <see cref="Padding.Same"/>; default
    /// 0.</param>
    /// <exception cref="NetworkException">A size is out of range.</exception>
    public MaxPool2d(Size2 kernel, Size2? stride = null, Padding padding = default) : base(kernel, stride, padding)
    {
    }
}

/// <summary>Keeps the smallest value of each window.</summary>
/// <remarks>
/// Shapes: C x H x W to C x H' x W', with H' = floor((H + padding - kernel) / stride) + 1.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound. Training keeps one byte per output for the place of the smallest value.
/// Source: morphology's erosion; -MaxPool2d(-x) in PyTorch. Behind a ReLU it keeps what a whole window agrees on, and is 0 nearly
/// everywhere. Padding never wins.
/// </remarks>
public sealed record MinPool2d : Pool2d
{
    private const int MostPlaces = 255;

    /// <param name="kernel">Window size, of at most 255 places.</param>
    /// <param name="stride">Step of the window; the kernel by default.</param>
    /// <param name="padding">Rows and columns around the input, at most half of the kernel, or <see cref="Padding.Same"/>; default
    /// 0.</param>
    /// <exception cref="NetworkException">A size is out of range.</exception>
    public MinPool2d(Size2 kernel, Size2? stride = null, Padding padding = default) : base(kernel, stride, padding) =>
        Require((long)kernel.Height * kernel.Width <= MostPlaces, $"a window of {kernel} has more than {MostPlaces} places",
            "Use a smaller kernel");
}

/// <summary>Takes the mean of each window.</summary>
/// <remarks>
/// Shapes: C x H x W to C x H' x W', with H' = floor((H + padding - kernel) / stride) + 1.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound.
/// Source: LeCun et al. 1989 (subsampling, there with a learned scale). As PyTorch's AvgPool2d: padded zeros count in the mean
/// unless <see cref="CountsPadding"/> is off.
/// </remarks>
public sealed record AvgPool2d : Pool2d
{
    // Inverted, so that an error of the base constructor, which comes first, prints the default.
    private readonly bool _ignoresPadding;

    /// <param name="kernel">Window size.</param>
    /// <param name="stride">Step of the window; the kernel by default.</param>
    /// <param name="padding">Zeros around the input, at most half of the kernel, or <see cref="Padding.Same"/>; default 0.</param>
    /// <param name="countPadding">Whether padded zeros count in the mean; PyTorch's default is true, Keras never counts them.</param>
    /// <exception cref="NetworkException">A size is out of range.</exception>
    public AvgPool2d(Size2 kernel, Size2? stride = null, Padding padding = default, bool countPadding = true)
        : base(kernel, stride, padding) =>
        _ignoresPadding = !countPadding;

    /// <summary>Whether padded zeros count in the mean.</summary>
    public bool CountsPadding => !_ignoresPadding;

    private protected override object[] Values => [.. base.Values, CountsPadding];
}
