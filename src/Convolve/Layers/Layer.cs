using System.Globalization;

namespace Convolve.Layers;

/// <summary>What a layer is: an immutable value that knows its shape rule, its parameters and its cost, and nothing of how it runs.</summary>
public abstract record Layer
{
    /// <summary>The shape of the output for one input; the only shape rule there is.</summary>
    /// <exception cref="NetworkException">The layer cannot take this input.</exception>
    public abstract Shape Infer(Shape input);

    /// <summary>What the layer learns, in a fixed order; empty for most layers.</summary>
    public virtual IReadOnlyList<ParameterSpec> Parameters(Shape input) => [];

    /// <summary>What the layer keeps from batch to batch without learning it by gradients, such as running averages; empty for most layers.</summary>
    public virtual IReadOnlyList<ParameterSpec> Buffers(Shape input) => [];

    /// <summary>Multiply-adds of the forward pass of one sample; 1 multiply-add = 2 FLOPs; additions of the bias are not counted.</summary>
    public virtual long MultiplyAdds(Shape input) => 0;

    /// <summary>The short name from which a graph makes the names of its nodes: "conv" gives conv1, conv2.</summary>
    public abstract string Stem { get; }

    internal NetworkException Wrong(string problem, string fix) => new($"{this}: {problem}. {fix}.");

    internal Shape RequireImage(Shape input) => !input.IsVector
        ? input
        : throw Wrong($"it takes an image (channels x height x width), and its input is a vector of {input} features", "Put it before the Flatten");

    internal void Require(bool holds, string problem, string fix)
    {
        if (!holds)
            throw Wrong(problem, fix);
    }

    /// <summary>Prints a call as it would be typed: options that have their default are left out.</summary>
    private protected string Print(object[] required, params (string Name, object Value, object Default)[] options)
    {
        var arguments = required.Select(Text).Concat(options.Where(o => !Equals(o.Value, o.Default)).Select(o => $"{o.Name}: {Text(o.Value)}"));
        return $"{GetType().Name}({string.Join(", ", arguments)})";
    }

    private static string Text(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}

/// <summary>A layer that joins several inputs into one output.</summary>
public abstract record MergeLayer : Layer
{
    /// <summary>The shape of the output for all inputs, in the order of the edges.</summary>
    /// <exception cref="NetworkException">The inputs do not go together.</exception>
    public abstract Shape Infer(IReadOnlyList<Shape> inputs);

    /// <inheritdoc/>
    public sealed override Shape Infer(Shape input) => Infer([input]);
}

/// <summary>A learned tensor of a layer: its name, shape and first values.</summary>
/// <param name="Name">"weight" or "bias", or "running_mean" of what is not learned, as in PyTorch's state dict.</param>
/// <param name="Shape">Weights of a convolution are OIHW: filters, channels of one group, kernel height, kernel width; of a Linear: out, in.</param>
/// <param name="FanIn">Inputs of one output unit.</param>
/// <param name="FanOut">Outputs that one input unit feeds.</param>
/// <param name="Initializer">How it starts.</param>
public sealed record ParameterSpec(string Name, IReadOnlyList<int> Shape, long FanIn, long FanOut, Initializer Initializer)
{
    /// <summary>The number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Whether this is a bias (or another per-channel vector), which weight decay leaves alone by default.</summary>
    public bool IsBias => Shape.Count == 1;
}

/// <summary>The network's entry: the shape of one image. Every graph has exactly one, its first node.</summary>
/// <param name="Shape">Channels x height x width.</param>
public sealed record Input(Shape Shape) : Layer
{
    public override string Stem => "input";

    public override Shape Infer(Shape input) => Shape;

    public override string ToString() => $"Input({Shape})";
}
