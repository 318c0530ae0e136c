using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Winograd;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// Dense 3x3 and 5x5 convolutions with stride 1, by Winograd in float32, between images in either precision. It takes up to 5 times
/// fewer multiplications than the direct way. Measured on conv2 to conv5 of alexnet-d2l at batch 128, all three passes: 420 ms instead of
/// 990 in float32 with the library's own Winograd, which knows 3x3 alone, and 410 instead of 690 in bfloat16.
/// </summary>
internal sealed partial class Planner
{
    private readonly Dictionary<Node, WinogradShape> _winograds = [];

    private WinogradShape? WinogradOf(Node node, Conv2d conv, ConvolutionForward direct)
    {
        if (_options.Exact || !WinogradConvolution.IsSupported(LibraryBlock) || conv.Stride != 1 || conv.Dilation != 1 || conv.Groups != 1
            || !(conv.Kernel == 3 || conv.Kernel == 5)
            || node.Input.Channels % LibraryBlock != 0 || conv.Filters % LibraryBlock != 0
            || !direct.Source.IsBlockedBy(LibraryBlock) || !direct.Target.IsBlockedBy(LibraryBlock)
            || direct.Activation is { Kind: not ElementwiseKind.ReLU })
            return null;
        Window window = conv.Walk(node.Input);
        int kernel = conv.Kernel.Height;
        if (window.Before.Height >= kernel || window.Before.Width >= kernel || window.After.Height >= kernel
            || window.After.Width >= kernel)
            return null;
        WinogradShape shape = new((int)Batch, node.Input.Channels, conv.Filters, node.Input.Height, node.Input.Width, kernel,
            window.Before.Height, window.Before.Width, node.Output.Height, node.Output.Width, LibraryBlock)
        { Lanes = WinogradConvolution.LanesOf(LibraryBlock) };
        return shape.IsFasterThanDirect(_type == ElementType.BFloat16) && WinogradWeightsLayout(node, direct) is not null ? shape : null;
    }

    /// <summary>
    /// The layout of weights that the transforms read and the gradients come out in: that of the library's direct kernels in float32.
    /// </summary>
    private Layout? WinogradWeightsLayout(Node node, ConvolutionForward direct)
    {
        Layout any = Layout.Any(ElementType.Float32, ParameterSizes(node, node.Parameters[0]));
        Layout Single(Layout layout) => Layout.Any(ElementType.Float32, [.. layout.Sizes]);
        KernelDescription? found = _library.Describe(direct with
        {
            IsTraining = true,
            Source = Single(direct.Source),
            Weights = any,
            Target = Single(direct.Target)
        });
        return found?[Argument.Weights] is { } layout && layout.FilterBlock == LibraryBlock ? layout : null;
    }

    private Tensor LowerWinograd(Node node, WinogradShape shape, ConvolutionForward direct, Tensor source)
    {
        Layout layout = WinogradWeightsLayout(node, direct)!;
        if (_options.IsTraining && _given is null)
            _masters[(node, "weight")] = layout;
        Tensor target = NewTensor(node.Name, direct.Target);
        List<Use> uses = [new(Argument.Source, source, Access.Read),
            new(Argument.Weights, ParameterAs(node, "weight", layout), Access.Read)];
        if (direct.Bias is not null)
            uses.Add(new(Argument.Bias, Parameter(node, "bias"), Access.Read));
        uses.Add(new(Argument.Target, target, Access.Write));
        float slope = direct.Activation is { } activation ? activation.Alpha : 1;
        Emit(node, "forward", new WinogradWork(shape, IsTransposed: false, slope), WinogradPass.ScratchBytes(shape, _options.Threads),
            [.. uses]);
        _winograds[node] = shape;
        return target;
    }

    private void BackWinograd(Node node, WinogradShape shape, ConvolutionForward direct, Tensor gradient)
    {
        Layout layout = WinogradWeightsLayout(node, direct)!;
        if (_fusion.NeedsGradient(node.Inputs[0]))
        {
            Tensor result = NewTensor($"d {node.Inputs[0].Name}", direct.Source);
            Emit(node, "backward data", new WinogradWork(shape.Transposed, IsTransposed: true, Slope: 1),
                WinogradPass.ScratchBytes(shape.Transposed, _options.Threads),
                new(Argument.Source, gradient, Access.Read), new(Argument.Weights, ParameterAs(node, "weight", layout), Access.Read),
                new(Argument.Target, result, Access.Write));
            Give(node.Inputs[0], result);
        }
        if (!_options.IsTraining)
            return;
        Tensor master = Parameter(node, "weight", Region.Gradients), weights = master.Layout.Equals(layout) ? master
            : NewTensor($"d {node.Name}.weight", layout);
        List<Use> uses = [new(Argument.Source, _sources[node.Index], Access.Read), new(Argument.DiffTarget, gradient, Access.Read),
            new(Argument.DiffWeights, weights, Access.Write)];
        if (direct.Bias is not null)
            uses.Add(new(Argument.DiffBias, Parameter(node, "bias", Region.Gradients), Access.Write));
        Emit(node, "backward weights", LeaveOutUnseen(node, new WinogradGradientWork(shape)),
            WinogradGradient.ThreadBytes(shape) * _options.Threads, [.. uses]);
        if (weights != master)
            CopyWeights(node, weights, master, "reorder gradient of weights");
    }
}
