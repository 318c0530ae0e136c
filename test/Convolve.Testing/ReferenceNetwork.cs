using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Testing.Reference;

namespace Convolve.Testing;

/// <summary>
/// A network in float64, layer by layer as the definitions say: what the kernels are judged by. Dropout passes its input on, as in
/// evaluation.
/// </summary>
/// <remarks>
/// Where it rounds, it does so where a plan in bfloat16 keeps a tensor: images, the weights that multiply, each layer's output but the
/// logits, and each output's gradient. Parameters, their gradients, running averages and all sums stay in float64, as they stay in float32
/// there.
/// </remarks>
public sealed class ReferenceNetwork
{
    private readonly Dictionary<string, double[]> _gradients = [];
    private readonly ReferenceLayer?[] _layers;
    private readonly Converter<double, double>? _rounding;

    /// <param name="graph">The network.</param>
    /// <param name="parameters">By "node.parameter", in plain OIHW or [out, in] order; used in place, so a change of a value holds; but for
    /// what is rounded.</param>
    /// <param name="rounding">Rounds what is kept between layers; null rounds nothing.</param>
    public ReferenceNetwork(Graph graph, IReadOnlyDictionary<string, double[]> parameters, Converter<double, double>? rounding = null)
    {
        (Graph, _rounding) = (graph, rounding);
        _layers = new ReferenceLayer?[graph.Nodes.Count];
        foreach (Node node in graph.Nodes.Skip(1))
        {
            string[] names = [.. node.State.Select(p => $"{node.Name}.{p.Name}")], learned = names[..node.Parameters.Count];
            foreach ((string name, long count) in names.Zip(node.State.Select(p => p.Count)))
                ArgumentOutOfRangeException.ThrowIfNotEqual(parameters[name].Length, count, name);
            foreach (string name in learned)
                _gradients[name] = new double[parameters[name].Length];
            _layers[node.Index] = ReferenceLayer.Of(node.Layer, [.. names.Select(name => Kept(node, name, parameters[name]))],
                [.. learned.Select(name => _gradients[name])]);
        }
    }

    public Graph Graph { get; }

    /// <summary>Multiply-adds that the forward passes have done so far, counted one by one; taps on padding count.</summary>
    public long MultiplyAdds => _layers.Sum(layer => layer?.MultiplyAdds ?? 0);

    /// <summary>[n, C, H, W] pixels to [n, classes] logits, as evaluation computes them.</summary>
    public double[] Forward(double[] images) => Run(images)[^1].Values;

    /// <summary>What each node gives in evaluation, [n, ...].</summary>
    public IReadOnlyList<double[]> Outputs(double[] images) => [.. Run(images).Select(value => value.Values)];

    /// <summary>The number of values that each node gave for one image: the shapes as executed.</summary>
    public IReadOnlyList<long> ExecutedSizes(double[] images) => [.. Run(images).Select(value => (long)value.Values.Length / value.Batch)];

    /// <summary>The mean softmax cross-entropy of training alone; nothing moves.</summary>
    public double Loss(double[] images, int[] labels) => CrossEntropy(Run(images, isTraining: true)[Logits.Index].Values, labels, null);

    /// <summary>One training pass: the mean softmax cross-entropy and all its gradients; running averages move.</summary>
    public ReferencePass ForwardBackward(double[] images, int[] labels)
    {
        foreach (double[] gradient in _gradients.Values)
            Array.Clear(gradient);
        ReferenceTensor[] values = Run(images, isTraining: true, movesAverages: true);
        ReferenceTensor[] gradients = [.. values.Select(value => new ReferenceTensor(value.Batch, value.Shape))];
        double loss = CrossEntropy(values[Logits.Index].Values, labels, gradients[Logits.Index].Values);
        foreach (Node node in Graph.Nodes.Take(Logits.Index + 1).Skip(1).Reverse())
        {
            Round(gradients[node.Index].Values);
            _layers[node.Index]!.Backward(Inputs(node, values), values[node.Index], gradients[node.Index], Inputs(node, gradients));
        }
        return new(values[Logits.Index].Values, loss, _gradients.ToDictionary(g => g.Key, g => (double[])g.Value.Clone()),
            gradients[0].Values);
    }

    // What the loss takes: not the probabilities of a final Softmax.
    private Node Logits => Graph.Nodes[^1].Layer is Softmax ? Graph.Nodes[^1].Inputs[0] : Graph.Nodes[^1];

    private ReferenceTensor[] Run(double[] images, bool isTraining = false, bool movesAverages = false)
    {
        int batch = (int)(images.Length / Graph.Input.Elements);
        ArgumentOutOfRangeException.ThrowIfNotEqual(images.Length, batch * Graph.Input.Elements);
        ReferenceTensor[] values = new ReferenceTensor[_layers.Length];
        values[0] = new(batch, Graph.Input, [.. images]);
        Round(values[0].Values);
        foreach (Node node in Graph.Nodes.Skip(1))
        {
            ReferenceLayer layer = _layers[node.Index]!;
            (layer.IsTraining, layer.MovesAverages) = (isTraining, movesAverages);
            values[node.Index] = layer.Forward(Inputs(node, values));
            if (node.Index < Logits.Index && !IsFused(node))
                Round(values[node.Index].Values);
        }
        return values;
    }

    // A convolution's or fully connected layer's only reader that never falls is computed on its way out.
    private bool IsFused(Node node) => node.Layer is Conv2d or Linear
        && Graph.Nodes.Where(n => n.Inputs.Contains(node)).ToList() is [{ Layer: Activation { NeverFalls: true } }];

    private double[] Kept(Node node, string name, double[] values) =>
        _rounding is not null && node.Layer is (Conv2d or Linear) && name.EndsWith(".weight", StringComparison.Ordinal)
            ? Array.ConvertAll(values, _rounding) : values;

    private void Round(double[] values)
    {
        for (int i = 0; _rounding is not null && i < values.Length; i++)
            values[i] = _rounding(values[i]);
    }

    private static ReferenceTensor[] Inputs(Node node, ReferenceTensor[] tensors) => [.. node.Inputs.Select(input => tensors[input.Index])];

    // The mean over the batch of -log softmax at the label, and its gradient (softmax - one-hot) / n where it is asked for.
    private static double CrossEntropy(double[] logits, int[] labels, double[]? gradient)
    {
        int classes = logits.Length / labels.Length;
        double loss = 0;
        for (int n = 0; n < labels.Length; n++)
        {
            double[] row = logits[(n * classes)..((n + 1) * classes)];
            double largest = row.Max(), logSum = largest + Math.Log(row.Sum(x => Math.Exp(x - largest)));
            loss += (logSum - row[labels[n]]) / labels.Length;
            for (int c = 0; gradient is not null && c < classes; c++)
                gradient[n * classes + c] = (Math.Exp(row[c] - logSum) - (c == labels[n] ? 1 : 0)) / labels.Length;
        }
        return loss;
    }
}

/// <summary>What a training pass gives.</summary>
/// <param name="Logits">[n, classes].</param>
/// <param name="Loss">Mean softmax cross-entropy.</param>
/// <param name="Gradients">By "node.parameter", in plain order.</param>
/// <param name="InputGradient">[n, C, H, W].</param>
public sealed record ReferencePass(double[] Logits, double Loss, IReadOnlyDictionary<string, double[]> Gradients, double[] InputGradient);
