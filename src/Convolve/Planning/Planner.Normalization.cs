using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Normalization;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// Batch normalization on own kernels, on images in blocks of 16 channels or on plain vectors, with a ReLU or LeakyReLU inside.
/// </summary>
internal sealed partial class Planner
{
    private readonly Dictionary<Node, (BatchNormWork Work, Tensor Source)> _batchNorms = [];

    private Tensor LowerBatchNorm(Node node, BatchNorm norm)
    {
        Tensor source = As(node, InputOf(node), NormLayout(node.Output), "reorder source"), target = NewTensor(node.Name, source.Layout);
        BatchNormShape shape = new((int)Batch, node.Output.Channels, node.Output.Height * node.Output.Width, node.Output.IsVector);
        float slope = Fusion.SlopeOf(_fusion.ActivationOf(node)?.Layer);
        BatchNormWork work = new(shape, norm.Eps, norm.Momentum, slope, _options.IsTraining);
        Tensor statistics = NewTensor($"{node.Name} statistics", Layout.Plain(ElementType.Float32, shape.StatisticsFloats));
        Access running = _options.IsTraining ? Access.ReadWrite : Access.Read;
        Emit(node, "forward", work, _options.IsTraining ? PartialBytes(shape) : 0,
            new(Argument.Source, source, Access.Read), new(Argument.Weights, Parameter(node, "weight"), Access.Read),
            new(Argument.Bias, Parameter(node, "bias"), Access.Read),
            new(Argument.FirstSource, Parameter(node, "running_mean"), running),
            new(Argument.FirstSource + 1, Parameter(node, "running_var"), running),
            new(Argument.Workspace, statistics, Access.Write), new(Argument.Target, target, Access.Write));
        _batchNorms[node] = (work, source);
        _workspaces[node.Index] = statistics;
        return target;
    }

    private void BackBatchNorm(Node node, Tensor gradient)
    {
        (BatchNormWork work, Tensor source) = _batchNorms[node];
        gradient = As(node, gradient, source.Layout, "reorder gradient");
        bool inPlace = !_shared.Contains(gradient.Storage);
        Tensor result = inPlace ? gradient : NewTensor($"d {node.Inputs[0].Name}", gradient.Layout);
        List<Use> uses =
        [
            new(Argument.Source, source, Access.Read), new(Argument.Weights, Parameter(node, "weight"), Access.Read),
            new(Argument.Workspace, _workspaces[node.Index]!, Access.Read),
            new(Argument.DiffTarget, gradient, inPlace ? Access.ReadWrite : Access.Read), new(Argument.DiffSource, result, Access.Write),
        ];
        if (work.IsTraining)
            uses.AddRange([new(Argument.DiffWeights, Parameter(node, "weight", Region.Gradients), Access.Write),
                new(Argument.DiffBias, Parameter(node, "bias", Region.Gradients), Access.Write)]);
        Emit(node, "backward", new BatchNormBackwardWork(work.Shape, work.Slope, work.IsTraining), PartialBytes(work.Shape), [.. uses]);
        Give(node.Inputs[0], result);
    }

    private long PartialBytes(BatchNormShape shape) => (long)_options.Threads * shape.PartialFloats * sizeof(float);

    private Layout NormLayout(Shape shape) => shape.IsVector ? Plain(shape) : Blocked(shape);
}
