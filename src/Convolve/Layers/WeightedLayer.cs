namespace Convolve.Layers;

/// <summary>What convolutions and fully connected layers share: weighted sums of their inputs, with an optional bias per output.</summary>
public abstract record WeightedLayer : Layer
{
    private protected WeightedLayer(bool hasBias) => HasBias = hasBias;

    /// <summary>Whether each output adds a learned number.</summary>
    public bool HasBias { get; }

    /// <summary>How weights and bias start; Kaiming normal and zero by default.</summary>
    public Initialization Initialization { get; init; } = Initialization.Default;

    /// <summary>Weight and, where there is one, bias.</summary>
    /// <param name="shape">The weight's; outputs first.</param>
    /// <param name="fanIn">Inputs of one output.</param>
    /// <param name="fanOut">Outputs that one input feeds.</param>
    private protected IReadOnlyList<ParameterSpec> Parameters(int[] shape, long fanIn, long fanOut)
    {
        ParameterSpec weight = new("weight", ParameterRole.Weight, shape, fanIn, fanOut, Initialization.Weights);
        return HasBias ? [weight, new("bias", ParameterRole.Bias, [shape[0]], fanIn, fanOut, Initialization.Biases)] : [weight];
    }
}
