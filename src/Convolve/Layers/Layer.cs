using System.Globalization;

namespace Convolve.Layers;

/// <summary>
/// What a layer is: an immutable value that knows its shape rule, its parameters and its cost, and nothing of how it runs.
/// </summary>
public abstract record Layer
{
    /// <summary>The shape of the output for one input; the only shape rule there is.</summary>
    /// <exception cref="NetworkException">The layer cannot take this input.</exception>
    public abstract Shape Infer(Shape input);

    /// <summary>What the layer learns, in a fixed order; empty for most layers.</summary>
    public virtual IReadOnlyList<ParameterSpec> Parameters(Shape input) => [];

    /// <summary>
    /// What the layer keeps from batch to batch without learning it by gradients, such as running averages; empty for most layers.
    /// </summary>
    public virtual IReadOnlyList<ParameterSpec> Buffers(Shape input) => [];

    /// <summary>Multiply-adds of the forward pass of one sample; 1 multiply-add = 2 FLOPs; additions of the bias are not counted.</summary>
    public virtual long MultiplyAdds(Shape input) => 0;

    /// <summary>The short name from which a graph makes the names of its nodes: "conv" gives conv1, conv2.</summary>
    public abstract string Stem { get; }

    /// <summary>What its constructor was given, in order, and the defaults.</summary>
    internal IReadOnlyList<LayerArgument> Arguments => LayerKind.Of(this).Arguments(Values, OmittedSize);

    /// <summary>The values of the constructor's arguments, in its order.</summary>
    private protected virtual object[] Values => [];

    /// <summary>What a <see cref="Size2"/> is that the constructor was not given.</summary>
    private protected virtual Size2 OmittedSize => 1;

    /// <summary>
    /// The call as it would be typed, such as <c>Conv2d(96, 11, stride: 4)</c>: options that have their default are left out.
    /// </summary>
    public sealed override string ToString() => $"{GetType().Name}({string.Join(", ", Arguments.Where(a => IsPositional(a) || !a.IsDefault)
        .Select(a => IsPositional(a) ? Text(a.Value) : $"{a.Name}: {Text(a.Value)}"))})";

    /// <summary>Whether an argument is printed always, and without its name: what has no default is.</summary>
    private protected virtual bool IsPositional(LayerArgument argument) => argument.Default is null;

    internal NetworkException Wrong(string problem, string fix) => new($"{this}: {problem}. {fix}.");

    internal Shape RequireImage(Shape input) => !input.IsVector
        ? input
        : throw Wrong($"it takes an image (channels x height x width), but its input is a vector of {input} features",
        "Put it before the Flatten");

    internal void Require(bool holds, string problem, string fix)
    {
        if (!holds)
            throw Wrong(problem, fix);
    }

    private static string Text(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        string text => $"\"{text}\"",
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

/// <summary>The network's entry: the shape of one image. Every graph has exactly one, its first node.</summary>
/// <param name="Shape">Channels x height x width.</param>
internal sealed record Input(Shape Shape) : Layer
{
    public override string Stem => "input";

    public override Shape Infer(Shape input) => Shape;

    private protected override object[] Values => [Shape];
}
