namespace Convolve.Layers;

/// <summary>
/// What both batch normalizations share: (x - mean) / sqrt(variance + eps) * weight + bias, for each channel alone. Training takes mean and
/// variance from the batch and keeps running averages of them; evaluation takes the averages. Which of the two runs is a matter of the
/// plan, not of a mode.
/// </summary>
public abstract record BatchNorm : Layer
{
    private protected BatchNorm(float eps, float momentum)
    {
        (Eps, Momentum) = (eps, momentum);
        Require(eps is > 0 and < float.PositiveInfinity, "eps must be above 0", "PyTorch's default is 1e-5");
        Require(momentum is >= 0 and <= 1, "the momentum must be in 0 to 1", "PyTorch's default is 0.1: the share of the new batch");
    }

    /// <summary>What is added to the variance.</summary>
    public float Eps { get; }

    /// <summary>The share of each batch in the running averages, as in PyTorch (Keras's momentum is 1 minus it).</summary>
    public float Momentum { get; }

    public override string Stem => "bn";

    public override IReadOnlyList<ParameterSpec> Parameters(Shape input) =>
    [
        new("weight", ParameterRole.Scale, [input.Channels], 1, 1, new Constant(1)),
        new("bias", ParameterRole.Shift, [input.Channels], 1, 1, new Constant(0)),
    ];

    public override IReadOnlyList<ParameterSpec> Buffers(Shape input) =>
    [
        new("running_mean", ParameterRole.RunningMean, [input.Channels], 1, 1, new Constant(0)),
        new("running_var", ParameterRole.RunningVariance, [input.Channels], 1, 1, new Constant(1)),
    ];

    private protected override object[] Values => [Eps, Momentum];
}

/// <summary>Batch normalization of images: mean and variance of each channel over the pixels of all images of the batch.</summary>
/// <remarks>
/// Shapes: C x H x W, kept.
/// Parameters: weight (C), bias (C); and, not learned, running_mean (C), running_var (C).
/// Cost: no multiply-adds; memory-bound. A ReLU or LeakyReLU behind it is free, forward and backward.
/// Source: Ioffe and Szegedy 2015. As PyTorch's BatchNorm2d: the running variance is the unbiased one.
/// </remarks>
public sealed record BatchNorm2d : BatchNorm
{
    /// <param name="eps">What is added to the variance, above 0; default 1e-5.</param>
    /// <param name="momentum">The share of each batch in the running averages, 0 to 1; default 0.1.</param>
    /// <exception cref="NetworkException">A number is out of range.</exception>
    public BatchNorm2d(float eps = 1e-5f, float momentum = 0.1f) : base(eps, momentum)
    {
    }

    public override Shape Infer(Shape input) => RequireImage(input);
}

/// <summary>Batch normalization of vectors: mean and variance of each feature over the batch.</summary>
/// <remarks>
/// Shapes: a vector of n features, kept.
/// Parameters: weight (n), bias (n); and, not learned, running_mean (n), running_var (n).
/// Cost: no multiply-adds; memory-bound. A ReLU or LeakyReLU behind it is free, forward and backward.
/// Source: Ioffe and Szegedy 2015. As PyTorch's BatchNorm1d on [N, n], but that a batch of one image is 0 before weight and bias, and no
/// error.
/// </remarks>
public sealed record BatchNorm1d : BatchNorm
{
    /// <param name="eps">What is added to the variance, above 0; default 1e-5.</param>
    /// <param name="momentum">The share of each batch in the running averages, 0 to 1; default 0.1.</param>
    /// <exception cref="NetworkException">A number is out of range.</exception>
    public BatchNorm1d(float eps = 1e-5f, float momentum = 0.1f) : base(eps, momentum)
    {
    }

    public override Shape Infer(Shape input) => input.IsVector
        ? input
        : throw Wrong($"it takes a vector, but its input is an image of {input}", "Use BatchNorm2d()");
}
