using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>Where the ranks of a model-parallel run give each other channels and gradients, in row-major order.</summary>
internal sealed partial class Planner
{
    private Tensor LowerGather(Node node, GatherParts gather)
    {
        Tensor source = As(node, InputOf(node), Plain(node.Input), "reorder source"), target = NewTensor(node.Name, Plain(node.Output));
        Emit(node, "forward", new GatherPartsWork(node.Input.Elements, gather.Parts, IsBack: false, IsSum: false),
            gather.Parts * Lines(source.Layout.Bytes), new(Argument.Source, source, Access.Read),
            new(Argument.Target, target, Access.Write));
        return target;
    }

    // Sums are taken in float32.
    private void BackGather(Node node, GatherParts gather, Tensor gradient)
    {
        ElementType type = gather.SumsGradients ? ElementType.Float32 : _type;
        gradient = As(node, gradient, Layout.Plain(type, Sizes(node.Output)), "reorder gradient");
        Tensor result = NewTensor($"d {node.Inputs[0].Name}", Layout.Plain(type, Sizes(node.Input)));
        Emit(node, "backward", new GatherPartsWork(node.Input.Elements, gather.Parts, IsBack: true, gather.SumsGradients),
            (gather.SumsGradients ? 2 : 1) * gather.Parts * Lines(result.Layout.Bytes), new(Argument.DiffTarget, gradient, Access.Read),
            new(Argument.DiffSource, result, Access.Write));
        Give(node.Inputs[0], As(node, result, Plain(node.Input), "reorder sum"));
    }
}
