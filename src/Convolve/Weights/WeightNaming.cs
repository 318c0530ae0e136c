using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Weights;

/// <summary>How a program names the parameters of a network in its files, and how it orders their values.</summary>
internal abstract class WeightNaming
{
    /// <summary>All that are known, own names first.</summary>
    public static IReadOnlyList<WeightNaming> All { get; } =
        [new OwnNaming(), TorchvisionNaming.Instance, new TimmNaming(), new KerasNaming()];

    /// <summary>Such as "torchvision".</summary>
    public abstract string Name { get; }

    /// <summary>Where a file has each parameter, such as conv1.weight; empty if the program has no such network.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="tensors">What is in the file: the layers in the network's order, as far as that is known.</param>
    public abstract IReadOnlyDictionary<string, StoredTensor> Of(Graph graph, IReadOnlyList<TensorInfo> tensors);

    /// <summary>The name of a parameter in Convolve.</summary>
    public static string NameOf(Node node, ParameterSpec spec) => $"{node.Name}.{spec.Name}";

    private sealed class OwnNaming : WeightNaming
    {
        public override string Name => "convolve";

        public override IReadOnlyDictionary<string, StoredTensor> Of(Graph graph, IReadOnlyList<TensorInfo> tensors) =>
            graph.Nodes.SelectMany(node => node.State.Select(spec => new StoredTensor(NameOf(node, spec), spec.Shape)))
                .ToDictionary(stored => stored.Name);
    }
}
