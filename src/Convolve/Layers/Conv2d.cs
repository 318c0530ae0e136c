namespace Convolve.Layers;

/// <summary>Two-dimensional convolution (a cross-correlation, as everywhere in the field) with an optional bias per filter.</summary>
/// <remarks>
/// Shapes: C x H x W to filters x H' x W', with H' = floor((H + padding - dilation x (kernel - 1) - 1) / stride) + 1.
/// Parameters: weight (filters, C / groups, kernel height, kernel width), bias (filters).
/// Cost: filters x H' x W' x C / groups x kernel height x kernel width multiply-adds.
/// Source: LeCun et al. 1989; groups from Krizhevsky et al. 2012, section 3.5. As PyTorch's Conv2d; Same padding also with strides, as in
/// Keras.
/// </remarks>
public sealed record Conv2d : WeightedLayer
{
    /// <param name="filters">Output channels.</param>
    /// <param name="kernel">Kernel size.</param>
    /// <param name="stride">Step of the window; default 1.</param>
    /// <param name="padding">Zeros around the input: a number, a pair or <see cref="Padding.Same"/>; default 0.</param>
    /// <param name="dilation">Distance of the kernel's taps; 1, the default, means dense.</param>
    /// <param name="groups">Parts into which input and output channels are split; default 1.</param>
    /// <param name="bias">Whether each filter adds a learned number.</param>
    /// <exception cref="NetworkException">A size is out of range, or the groups do not divide the filters.</exception>
    public Conv2d(int filters, Size2 kernel, Size2? stride = null, Padding padding = default, Size2? dilation = null, int groups = 1,
        bool bias = true)
        : base(bias)
    {
        (Filters, Kernel, Stride, Padding, Dilation, Groups) = (filters, kernel, stride ?? OmittedSize, padding, dilation ?? OmittedSize,
            groups);
        Require(filters >= 1, $"{filters} filters", "Use at least 1");
        Require(kernel.AtLeast(1) && Stride.AtLeast(1) && Dilation.AtLeast(1), "kernel, stride and dilation must be at least 1",
            "Dilation 1 means dense");
        Require(padding.Size.AtLeast(0), "padding must not be negative", "Use 0 for none");
        Require(groups >= 1 && filters % groups == 0, $"groups {groups} must divide the {filters} filters", "Change one of the two");
    }

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>Height and width of the kernel.</summary>
    public Size2 Kernel { get; }

    /// <summary>Step of the window; 1 by default.</summary>
    public Size2 Stride { get; }

    /// <summary>Zeros around the input; 0 by default.</summary>
    public Padding Padding { get; }

    /// <summary>Distance of the kernel's taps; 1, the default, means dense.</summary>
    public Size2 Dilation { get; }

    /// <summary>Parts into which channels and filters are divided, each connected with itself alone; 1 by default.</summary>
    public int Groups { get; }

    public override string Stem => "conv";

    /// <summary>The same convolution with more or fewer filters.</summary>
    /// <param name="filters">Output channels.</param>
    /// <param name="isDepthwise">Whether each filter has a group of its own; else there are as many groups as now.</param>
    internal Conv2d WithFilters(int filters, bool isDepthwise = false) =>
        new(filters, Kernel, Stride, Padding, Dilation, isDepthwise ? filters : Groups, HasBias) { Initialization = Initialization };

    public override Shape Infer(Shape input) => new(Filters, Walk(input).Output.Height, Walk(input).Output.Width);

    /// <summary>How the kernel walks over an input, with the padding resolved.</summary>
    public Window Walk(Shape input)
    {
        RequireImage(input);
        if (input.Channels % Groups != 0)
            throw Wrong($"groups {Groups} must divide the {input.Channels} input channels and the {Filters} filters",
                $"Use groups that divide both, or {(input.Channels + Groups - 1) / Groups * Groups} input channels");
        return Window.Over(this, input, Kernel, Stride, Padding, Dilation);
    }

    public override IReadOnlyList<ParameterSpec> Parameters(Shape input)
    {
        long taps = (long)Kernel.Height * Kernel.Width;
        int channels = input.Channels / Groups;
        return Parameters([Filters, channels, Kernel.Height, Kernel.Width], channels * taps, Filters / Groups * taps);
    }

    public override long MultiplyAdds(Shape input) =>
        checked(Infer(input).Elements * (input.Channels / Groups) * Kernel.Height * Kernel.Width);

    private protected override object[] Values => [Filters, Kernel, Stride, Padding, Dilation, Groups, HasBias];
}
