namespace Convolve.Layers;

/// <summary>Fully connected layer: y = W x + b.</summary>
/// <remarks>
/// Shapes: a vector of n features to a vector of units.
/// Parameters: weight (units, n), bias (units).
/// Cost: units x n multiply-adds.
/// Source: Rosenblatt 1958. As PyTorch's Linear and Keras's Dense; images must pass a <see cref="Flatten"/> first.
/// </remarks>
public sealed record Linear : WeightedLayer
{
    /// <param name="units">Output features.</param>
    /// <param name="bias">Whether each unit adds a learned number.</param>
    /// <exception cref="NetworkException">There are no units.</exception>
    public Linear(int units, bool bias = true) : base(bias)
    {
        Units = units;
        Require(units >= 1, $"{units} units", "Use at least 1");
    }

    /// <summary>Output features.</summary>
    public int Units { get; }

    public override string Stem => "fc";

    public override Shape Infer(Shape input) => input.IsVector
        ? Shape.Vector(Units)
        : throw Wrong($"it takes a vector, but its input is an image of {input}", "Put a Flatten() before it");

    public override IReadOnlyList<ParameterSpec> Parameters(Shape input) => Parameters([Units, input.Channels], input.Channels, Units);

    public override long MultiplyAdds(Shape input) => (long)Units * input.Channels;

    private protected override object[] Values => [Units, HasBias];
}
