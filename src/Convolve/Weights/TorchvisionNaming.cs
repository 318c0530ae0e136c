using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Weights;

/// <summary>
/// The names of torchvision.models. Its ResNets and its GoogLeNet have the same names as here; in its AlexNet and VGG, the layers are
/// counted: features.0.weight, classifier.6.bias.
/// </summary>
internal sealed class TorchvisionNaming : WeightNaming
{
    private const string AlexNet = "alexnet-torchvision", Vgg = "vgg", BatchNormSuffix = "-bn", GoogLeNet = "googlenet-bn";

    private static readonly int[] VggDepths = [11, 13, 16, 19], ResNetDepths = [18, 34, 50];

    /// <summary>The only one.</summary>
    public static TorchvisionNaming Instance { get; } = new();

    public override string Name => "torchvision";

    /// <summary>The networks of the zoo that torchvision has too, for messages.</summary>
    public static string Networks { get; } = $"{AlexNet}, {string.Join(", ", VggDepths.Select(depth => $"{Vgg}{depth}"))} (and the same " +
        $"with {BatchNormSuffix}), {string.Join(", ", ResNetDepths.Select(depth => $"resnet{depth}"))} and {GoogLeNet}";

    /// <summary>The function of torchvision.models that makes the network; null if there is none.</summary>
    public static string? ModelOf(Graph graph) => graph.Name switch
    {
        AlexNet => "alexnet",
        GoogLeNet => "googlenet",
        string name when ResNetDepths.Any(depth => name == $"resnet{depth}") => name,
        string name when VggDepths.Any(depth => name == $"{Vgg}{depth}") => name,
        string name when VggDepths.Any(depth => name == $"{Vgg}{depth}{BatchNormSuffix}") => name.Replace('-', '_'),
        _ => null,
    };

    /// <summary>Why its parameters don't have torchvision's shapes; null if they do.</summary>
    public static string? WrongInput(Graph graph)
    {
        // Behind the convolutions torchvision averages VGG's maps to 7x7; here they are taken as they are.
        const int VggMap = 7;
        return graph.Input.Channels != 3 ? "its networks take color images"
            : graph.Name.StartsWith(Vgg, StringComparison.Ordinal)
            && graph.Nodes.First(node => node.Layer is Flatten).Input is not { Height: VggMap, Width: VggMap }
                ? "it averages to 7x7 before the first fully connected layer"
            : null;
    }

    public override IReadOnlyDictionary<string, StoredTensor> Of(Graph graph, IReadOnlyList<TensorInfo> tensors) =>
        ModelOf(graph) is null ? new Dictionary<string, StoredTensor>()
            : graph.Nodes.SelectMany(node => node.State.Select(spec => (Parameter: NameOf(node, spec),
                Stored: new StoredTensor($"{ModuleOf(graph, node)}.{spec.Name}", spec.Shape))))
                .ToDictionary(pair => pair.Parameter, pair => pair.Stored);

    /// <summary>What a layer of one of its networks is called there.</summary>
    public static string ModuleOf(Graph graph, Node node)
    {
        // Dropout has no number of its own here, because it may have been left out; the three fully connected layers are known.
        int[]? classifier = graph.Name == AlexNet ? [1, 4, 6] : graph.Name.StartsWith(Vgg, StringComparison.Ordinal) ? [0, 3, 6] : null;
        if (classifier is null)
            return node.Name;
        return node.Layer is Linear
            ? $"classifier.{classifier[graph.Nodes.Take(node.Index).Count(other => other.Layer is Linear)]}"
            : $"features.{node.Index - 1}"; // behind the input
    }
}
