using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// Layers that put channels behind each other, in a layout in which those of one sample are together in every part and in the whole.
/// </summary>
internal sealed partial class Planner
{
    private Tensor LowerConcat(Node node)
    {
        Tensor[] parts = [.. node.Inputs.Select(n => As(node, _outputs[n.Index]!, JoinLayout(node, n.Output)))];
        Tensor whole = NewTensor(node.Name, JoinLayout(node, node.Output));
        Emit(node, "forward", new ConcatWork(PartBytes(node), false), 0,
            [.. parts.Select((part, i) => new Use(Argument.FirstSource + i, part, Access.Read)),
            new(Argument.Target, whole, Access.Write)]);
        return whole;
    }

    private void BackConcat(Node node, Tensor gradient)
    {
        Tensor whole = As(node, gradient, JoinLayout(node, node.Output), "reorder gradient");
        Tensor[] parts = [.. node.Inputs.Select(n => NewTensor($"d {n.Name}", JoinLayout(node, n.Output)))];
        Emit(node, "backward", new ConcatWork(PartBytes(node), true), 0,
            [new(Argument.Source, whole, Access.Read),
            .. parts.Select((part, i) => new Use(Argument.FirstSource + i, part, Access.Write))]);
        for (int i = 0; i < parts.Length; i++)
            Give(node.Inputs[i], parts[i]);
    }

    private Tensor LowerPadChannels(Node node)
    {
        Tensor source = As(node, InputOf(node), JoinLayout(node, node.Input), "reorder source"),
            target = NewTensor(node.Name, JoinLayout(node, node.Output));
        Emit(node, "forward", new PadChannelsWork(BytesOf(node.Input), BytesOf(node.Output), IsBack: false), 0,
            new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write));
        return target;
    }

    private void BackPadChannels(Node node, Tensor gradient)
    {
        gradient = As(node, gradient, JoinLayout(node, node.Output), "reorder gradient");
        Tensor result = NewTensor($"d {node.Inputs[0].Name}", JoinLayout(node, node.Input));
        Emit(node, "backward", new PadChannelsWork(BytesOf(node.Input), BytesOf(node.Output), IsBack: true), 0,
            new(Argument.DiffTarget, gradient, Access.Read), new(Argument.DiffSource, result, Access.Write));
        Give(node.Inputs[0], result);
    }

    // Between ranks: in row-major order.
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

    // Blocks of 16 channels where every part is made of whole ones.
    private Layout JoinLayout(Node node, Shape shape) =>
        !node.Output.IsVector && node.Inputs.Append(node).All(n => n.Output.Channels % Pixel.Channels == 0) ? Blocked(shape) : Plain(shape);

    private long[] PartBytes(Node concat) => [.. concat.Inputs.Select(n => BytesOf(n.Output))];

    private long BytesOf(Shape shape) => shape.Elements * (_type == ElementType.BFloat16 ? 2 : 4);
}
