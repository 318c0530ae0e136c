using Convolve.Graphs;
using Convolve.Layers;
using Convolve.OneDnn;

namespace Convolve.Planning;

/// <summary>
/// Winograd in float32 within a bfloat16 plan. A 3x3 convolution takes 2.25 times fewer multiplications by Winograd, and a bfloat16 kernel does twice
/// as many in the same time, so the two would draw; but the library's bfloat16 kernels run further below the chip's peak.
/// Measured on conv3 to conv5 of alexnet-d2l at batch 128, conversions included: forward and backward data 195 ms instead of 226.
/// The gradient of the weights gains nothing and stays in bfloat16, as do all tensors that outlive the step.
/// </summary>
public sealed partial class Planner
{
    // Enough tiles for the transformed weights to pay; few enough that the transformed images are some 60 MiB and not 200.
    private const long LargestWidePart = 32;

    private bool IsWide(Node node, Conv2d conv) => _type == ElementType.BFloat16 && SuitsWinograd(node, conv)
        && WidePart(node, Math.Min(Batch, LargestWidePart)) is { } forward && _library.Describe(forward) is { } found && (!_options.IsTraining || HasWinogradBackward(forward, found));

    private ConvolutionForward WidePart(Node node, long count)
    {
        var narrow = (ConvolutionForward)_forwards[node.Index]!;
        Layout Any(Layout like) => _library.Any(ElementType.Float32, [count, .. like.Sizes.Skip(1)]);
        return narrow with
        {
            Algorithm = ConvolutionAlgorithm.Winograd,
            Source = Any(narrow.Source),
            Weights = WinogradWeights(node),
            Target = Any(narrow.Target),
        };
    }

    private Tensor LowerWide(Node node, ConvolutionForward narrow, Tensor source)
    {
        Tensor target = NewTensor(node.Name, narrow.Target);
        foreach (var (first, count) in WideParts())
        {
            ConvolutionForward forward = WidePart(node, count);
            Tensor part = As(node, Samples(source, first, count), Required(forward, node)[Argument.Source], "widen");
            CopyTo(node, EmitConvolution(node, forward, part), Samples(target, first, count), "narrow");
        }
        return target;
    }

    private Tensor BackWide(Node node, ConvolutionForward narrow, Tensor gradient)
    {
        Tensor target = NewTensor($"d {node.Inputs[0].Name}", narrow.Source);
        foreach (var (first, count) in WideParts())
        {
            ConvolutionForward forward = WidePart(node, count);
            KernelDescription found = Required(forward, node);
            ConvolutionBackwardData operation = new(found[Argument.Source], forward.Weights, found[Argument.Target], forward);
            KernelDescription description = Required(operation, node);
            Tensor part = As(node, Samples(gradient, first, count), description[Argument.DiffTarget], "widen gradient");
            Tensor result = NewTensor($"d {node.Inputs[0].Name} in float32", description[Argument.DiffSource]);
            Emit(node, "backward data", operation, description, new(Argument.DiffTarget, part, Access.Read),
                new(Argument.Weights, ParameterAs(node, "weight", description[Argument.Weights]), Access.Read), new(Argument.DiffSource, result, Access.Write));
            CopyTo(node, result, Samples(target, first, count), "narrow gradient");
        }
        return target;
    }

    private IEnumerable<(long First, long Count)> WideParts()
    {
        long parts = (Batch + LargestWidePart - 1) / LargestWidePart;
        for (long i = 0; i < parts; i++)
            yield return (Batch * i / parts, (Batch * (i + 1) / parts) - (Batch * i / parts));
    }

    private Tensor Samples(Tensor batch, long first, long count) =>
        new(batch.Storage, _library.FirstSamples(batch.Layout, count), batch.Offset + batch.Layout.Bytes / Batch * first);

    private void CopyTo(Node node, Tensor source, Tensor target, string name)
    {
        Reorder operation = new(source.Layout, target.Layout);
        Emit(node, name, operation, Required(operation, node), new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write));
    }
}
