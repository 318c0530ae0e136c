using Convolve.Formats;
using Convolve.Graphs;

namespace Convolve.Weights;

/// <summary>
/// The names of timm. They are torchvision's, except for the fully connected layers of VGG, which are convolutions there: a 7x7 and a 1x1.
/// </summary>
internal sealed class TimmNaming : WeightNaming
{
    public override string Name => "timm";

    public override IReadOnlyDictionary<string, StoredTensor> Of(Graph graph, IReadOnlyList<TensorInfo> tensors) =>
        TorchvisionNaming.Instance.Of(graph, tensors).ToDictionary(pair => pair.Key, pair => Renamed(pair.Value));

    private static StoredTensor Renamed(StoredTensor stored)
    {
        string variable = stored.Name[(stored.Name.LastIndexOf('.') + 1)..];
        return stored.Name[..^(variable.Length + 1)] switch
        {
            "classifier.0" => new($"pre_logits.fc1.{variable}", AsConvolution(stored.Shape, kernel: 7)),
            "classifier.3" => new($"pre_logits.fc2.{variable}", AsConvolution(stored.Shape, kernel: 1)),
            "classifier.6" => stored with { Name = $"head.fc.{variable}" },
            _ => stored,
        };
    }

    private static IReadOnlyList<int> AsConvolution(IReadOnlyList<int> shape, int kernel) =>
        shape is [int units, int inputs] ? [units, inputs / (kernel * kernel), kernel, kernel] : shape;
}
