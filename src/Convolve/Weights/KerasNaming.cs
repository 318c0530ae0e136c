using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Weights;

/// <summary>
/// The names of Keras, such as conv2d_1/kernel. Layers are matched by kind and place, because their names are free: the second with a
/// four-dimensional kernel is the second convolution. Convolutions are HWIO there, dense layers inputs by units, and the inputs of one
/// behind Flatten are in the order H, W, C.
/// </summary>
/// <remarks>
/// Source: keras/src/saving and keras/src/legacy/saving of Keras 3: a legacy .h5 file and the arrays by name have kernel, bias, gamma,
/// beta, moving_mean and moving_variance; a .weights.h5 file has vars/0, vars/1 and so on in that order.
/// </remarks>
internal sealed class KerasNaming : WeightNaming
{
    private static readonly string[] NormVariables = ["gamma", "beta", "moving_mean", "moving_variance"];

    public override string Name => "keras";

    public override IReadOnlyDictionary<string, StoredTensor> Of(Graph graph, IReadOnlyList<TensorInfo> tensors)
    {
        KerasLayer[] layers =
        [
            .. tensors.Select(Parse).OfType<(string Layer, string Variable, TensorInfo Tensor)>().GroupBy(t => t.Layer)
                .Select(group => KerasLayer.Of(group.ToDictionary(t => t.Variable, t => t.Tensor))).OfType<KerasLayer>(),
        ];
        Dictionary<string, StoredTensor> found = [];
        foreach (var (layer, node) in Pairs<Conv2d>(KerasKind.Convolution))
            Add(node, layer, spec => spec.Shape is [int outputs, int inputs, int height, int width]
                ? ([height, width, inputs, outputs], (height, width, inputs, outputs)) : (spec.Shape, null));
        foreach (var (layer, node) in Pairs<Linear>(KerasKind.Dense))
            Add(node, layer, spec => spec.Shape is [int units, int inputs] ? ([inputs, units], Flattened(node, inputs, units))
                : (spec.Shape, null));
        foreach (var (layer, node) in Pairs<BatchNorm>(KerasKind.Norm))
            Add(node, layer, spec => (spec.Shape, null));
        return found;

        IEnumerable<(KerasLayer Layer, Node Node)> Pairs<TLayer>(KerasKind kind) where TLayer : Layer =>
            layers.Where(layer => layer.Kind == kind).Zip(graph.Nodes.Where(node => node.Layer is TLayer));

        void Add(Node node, KerasLayer layer,
            Func<ParameterSpec, (IReadOnlyList<int> Shape, (int, int, int, int)? ChannelsLast)> form)
        {
            foreach (ParameterSpec spec in node.State)
                if (layer.Variables.GetValueOrDefault(VariableOf(spec.Role)) is { } tensor)
                {
                    var (shape, order) = form(spec);
                    found[NameOf(node, spec)] = new(tensor.Name, shape, order);
                }
        }
    }

    private static string VariableOf(ParameterRole role) => role switch
    {
        ParameterRole.Weight => "kernel",
        ParameterRole.Bias => "bias",
        ParameterRole.Scale => "gamma",
        ParameterRole.Shift => "beta",
        ParameterRole.RunningMean => "moving_mean",
        ParameterRole.RunningVariance => "moving_variance",
        _ => "alpha",
    };

    // The image that the layer's inputs were before they were flattened; a vector is an image of one pixel.
    private static (int Height, int Width, int Inputs, int Outputs) Flattened(Node node, int inputs, int units)
    {
        Node from = node;
        while (from.Inputs is [Node before] && from.Layer is not Flatten)
            from = before.Layer is Linear or Conv2d ? from.Inputs[0] : before;
        return from.Layer is Flatten && from.Input.Elements == inputs
            ? (from.Input.Height, from.Input.Width, from.Input.Channels, units) : (1, 1, inputs, units);
    }

    // conv2d_1/kernel:0, conv2d_1.kernel, layers/conv2d_1/vars/0: the layer, and the variable.
    private static (string Layer, string Variable, TensorInfo Tensor)? Parse(TensorInfo tensor)
    {
        string name = tensor.Name.EndsWith(":0", StringComparison.Ordinal) ? tensor.Name[..^2] : tensor.Name;
        int end = name.LastIndexOfAny(['/', '.']);
        return end < 1 ? null : (name[..end], name[(end + 1)..], tensor);
    }

    private enum KerasKind
    {
        Convolution,
        Dense,
        Norm,
    }

    private sealed record KerasLayer(KerasKind Kind, IReadOnlyDictionary<string, TensorInfo> Variables)
    {
        public static KerasLayer? Of(Dictionary<string, TensorInfo> variables)
        {
            if (variables.TryGetValue("0", out TensorInfo? first))
            {
                string[] names = first.Shape.Count == 1 ? NormVariables : ["kernel", "bias"];
                variables = names.Index().Where(pair => variables.ContainsKey($"{pair.Index}"))
                    .ToDictionary(pair => pair.Item, pair => variables[$"{pair.Index}"]);
            }
            return variables.GetValueOrDefault("kernel") is { } kernel
                ? kernel.Shape.Count switch
                {
                    4 => new(KerasKind.Convolution, variables),
                    2 => new(KerasKind.Dense, variables),
                    _ => null,
                }
                : variables.ContainsKey("moving_mean") ? new(KerasKind.Norm, variables) : null;
        }
    }
}
