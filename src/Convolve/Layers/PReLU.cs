namespace Convolve.Layers;

/// <summary>x where x is positive, a learned slope times x elsewhere.</summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: weight (1), the slope of all values, or weight (C), one for each channel of an image or feature of a vector.
/// Cost: no multiply-adds; memory-bound. Training keeps its input.
/// Source: He et al. 2015, section 2.1. As PyTorch's PReLU (num_parameters 1 or C, init 0.25). Weight decay would pull the slopes to 0, so
/// both advise against it: here slopes have none, unless a recipe decays all that is learned, as PyTorch's optimizers do by default.
/// </remarks>
public sealed record PReLU : Activation
{
    /// <param name="perChannel">Whether each channel has its own slope; default false, one for all.</param>
    /// <param name="initial">What the slopes start at; default 0.25.</param>
    /// <exception cref="NetworkException">The first slope is not finite.</exception>
    public PReLU(bool perChannel = false, float initial = 0.25f)
    {
        (PerChannel, Initial) = (perChannel, initial);
        Require(float.IsFinite(initial), "the slopes must start at a finite number", "The paper's and PyTorch's is 0.25");
    }

    /// <summary>Whether each channel has its own slope.</summary>
    public bool PerChannel { get; }

    /// <summary>What the slopes start at.</summary>
    public float Initial { get; }

    // A slope may be learned to be negative.
    public override bool NeverFalls => false;

    public override string Stem => "relu";

    public override IReadOnlyList<ParameterSpec> Parameters(Shape input) =>
        [new("weight", ParameterRole.Slope, [PerChannel ? input.Channels : 1], 1, 1, new Constant(Initial))];

    private protected override object[] Values => [PerChannel, Initial];
}
