using Convolve.Kernels;

namespace Convolve.Layers;

/// <summary>How a parameter starts: a distribution that may depend on the fans of the layer.</summary>
public abstract record Initializer
{
    /// <summary>Fills a parameter from the stream of random numbers.</summary>
    internal abstract void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random);

    private protected static void FillUniform(Span<float> values, double bound, CounterRandom random)
    {
        foreach (ref float value in values)
            value = (float)((random.NextSingle() * 2 - 1) * bound);
    }

    private protected static void FillNormal(Span<float> values, double deviation, CounterRandom random)
    {
        foreach (ref float value in values)
            value = (float)(random.NextNormal() * deviation);
    }
}

/// <summary>Uniform in plus or minus sqrt(6 / (fan in + fan out)); Keras's default for weights (Glorot and Bengio 2010).</summary>
internal sealed record XavierUniform : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) =>
        FillUniform(values, Math.Sqrt(6.0 / (fanIn + fanOut)), random);

    public override string ToString() => "xavier-uniform";
}

/// <summary>Normal with variance 2 / (fan in + fan out) (Glorot and Bengio 2010).</summary>
internal sealed record XavierNormal : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) =>
        FillNormal(values, Math.Sqrt(2.0 / (fanIn + fanOut)), random);

    public override string ToString() => "xavier-normal";
}

/// <summary>Uniform in plus or minus sqrt(6 / fan in) (He et al. 2015).</summary>
internal sealed record KaimingUniform : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) =>
        FillUniform(values, Math.Sqrt(6.0 / fanIn), random);

    public override string ToString() => "kaiming-uniform";
}

/// <summary>Normal with variance 2 / fan in (He et al. 2015); DJL's default for weights.</summary>
internal sealed record KaimingNormal : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) =>
        FillNormal(values, Math.Sqrt(2.0 / fanIn), random);

    public override string ToString() => "kaiming-normal";
}

/// <summary>Normal with variance 2 / fan out (He et al. 2015, section 2.2, backward case); torchvision's for convolutions.</summary>
internal sealed record KaimingNormalFanOut : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) =>
        FillNormal(values, Math.Sqrt(2.0 / fanOut), random);

    public override string ToString() => "kaiming-normal-fan-out";
}

/// <summary>Uniform in plus or minus 1 / sqrt(fan in), for weights and biases alike: what PyTorch's Conv2d and Linear do.</summary>
internal sealed record PyTorchUniform : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) =>
        FillUniform(values, 1 / Math.Sqrt(fanIn), random);

    public override string ToString() => "pytorch";
}

/// <summary>Normal with mean 0; N(0, 0.01) in Krizhevsky 2012.</summary>
/// <param name="Deviation">The standard deviation.</param>
internal sealed record Normal(float Deviation) : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) => FillNormal(values, Deviation, random);

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"normal({Deviation})");
}

/// <summary>The same value everywhere.</summary>
/// <param name="Value">The value.</param>
internal sealed record Constant(float Value) : Initializer
{
    internal override void Fill(Span<float> values, long fanIn, long fanOut, CounterRandom random) => values.Fill(Value);

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"constant({Value})");
}
