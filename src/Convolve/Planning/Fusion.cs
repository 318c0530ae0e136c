using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>Which layers run inside others, read off the graph before any layout is known.</summary>
internal sealed class Fusion
{
    private readonly Node?[] _activationOf;
    private readonly bool[] _isFused;
    private readonly int[] _consumers;
    private readonly bool[] _needsGradient;
    private readonly Node?[] _poolOf, _normOf;

    public Fusion(Graph graph, PlanOptions options)
    {
        bool training = options.GoesBack;
        int count = graph.Nodes.Count;
        (_activationOf, _isFused, _consumers, _needsGradient, _poolOf, _normOf) =
            (new Node?[count], new bool[count], new int[count], new bool[count], new Node?[count], new Node?[count]);
        foreach (Node input in graph.Nodes.SelectMany(n => n.Inputs))
            _consumers[input.Index]++;
        // Whoever looks at an output is one more reader of it.
        foreach (Node node in graph.Nodes.Where(n => options.Probe?.Keeps(n.Index) == true))
            _consumers[node.Index]++;
        foreach (Node node in graph.Nodes)
        {
            _needsGradient[node.Index] = (options.Probe?.GradientOf is { } target ? node.Index == target : node.ParameterCount > 0)
                || node.Inputs.Any(i => _needsGradient[i.Index]);
            if (node.Layer is Activation activation && IsFusable(activation, node.Inputs[0].Layer, training)
                && node.Inputs[0] is var producer && _consumers[producer.Index] == 1)
            {
                _activationOf[producer.Index] = node;
                _isFused[node.Index] = true;
            }
            if (training && node.Layer is MaxPool2d && node.Inputs[0] is { Layer: Activation { NeverFalls: true } } input
                && _consumers[input.Index] == 1 && !TakesGradient(input))
                _poolOf[node.Inputs[0].Index] = node;
            if (node.Layer is LocalResponseNorm && node.Inputs[0] is { Layer: ReLU or LeakyReLU } before && _consumers[before.Index] == 1
                && !TakesGradient(before))
                _normOf[before.Index] = node;
        }
    }

    /// <summary>The activation that a convolution or a fully connected layer computes on its way out.</summary>
    public Node? ActivationOf(Node node) => _activationOf[node.Index];

    /// <summary>Whether the layer runs inside the one before it.</summary>
    public bool IsFused(Node node) => _isFused[node.Index];

    /// <summary>
    /// Whether an activation's gradient is taken inside of the layer before it, as batch normalization does, or behind it, as response
    /// normalization does.
    /// </summary>
    public bool TakesGradient(Node activation) => (_isFused[activation.Index] && activation.Inputs[0].Layer is BatchNorm)
        || _normOf[activation.Index] is not null;

    /// <summary>Whether a layer takes the gradient of the activation before it with its own.</summary>
    public bool TakesGradientOf(Node node, Node activation) => _normOf[activation.Index] == node;

    public int Consumers(Node node) => _consumers[node.Index];

    /// <summary>Whether anything whose gradient is wanted is at or before the node: what is learned, or the node of a probe.</summary>
    public bool NeedsGradient(Node node) => _needsGradient[node.Index];

    /// <summary>
    /// The max pooling behind which an activation's gradient is taken: its derivative is a function of its output, and pooling passes the
    /// output of the chosen element on, so the product is the same on the smaller tensor. The activation's own output is then free after
    /// the forward pass.
    /// </summary>
    public Node? PoolOf(Node activation) => _poolOf[activation.Index];

    // Where the derivative is taken from the input, training keeps that. A learned slope has its own kernel.
    private static bool IsFusable(Activation activation, Layer producer, bool training) => (activation.NeverFalls || !training)
        && activation is not PReLU
        && (producer is Conv2d or Linear || (producer is BatchNorm && activation is (ReLU or LeakyReLU)));

    /// <summary>The function that an activation applies to each element.</summary>
    public static ElementwiseFunction FunctionOf(Layer layer) => layer switch
    {
        ReLU => new(ElementwiseKind.ReLU),
        LeakyReLU leaky => new(ElementwiseKind.ReLU, leaky.Slope),
        Tanh => new(ElementwiseKind.Tanh),
        Sigmoid => new(ElementwiseKind.Logistic),
        GELU gelu => new(gelu.Approximate == "tanh" ? ElementwiseKind.GeluTanh : ElementwiseKind.GeluErf),
        SiLU => new(ElementwiseKind.Swish, 1),
        _ => throw new NotSupportedException($"No kernel is known for {layer}."),
    };

    /// <summary>What values below 0 are multiplied by where a ReLU or LeakyReLU runs inside another layer; 1 for no activation.</summary>
    public static float SlopeOf(Layer? activation) => activation is null ? 1 : FunctionOf(activation) switch
    {
        { Kind: ElementwiseKind.ReLU } function => function.Alpha,
        _ => throw new NotSupportedException($"{activation} has no slope."),
    };
}
