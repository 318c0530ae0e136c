using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Vectors;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>Average pooling to a given size on own kernels, on images in blocks of 16 channels.</summary>
internal sealed partial class Planner
{
    private Tensor LowerAdaptive(Node node, Size2 output)
    {
        Tensor source = InputOf(node);
        if (IsWhole(node, output))
            return source;
        source = As(node, source, Blocked(node.Input), "reorder source");
        Tensor target = NewTensor(node.Name, Blocked(Sized(node.Input, output)));
        Emit(node, "forward", new AdaptiveAverageWork(AdaptiveOf(node, output), IsBack: false), 0,
            new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write));
        return target;
    }

    private void BackAdaptive(Node node, Size2 output, Tensor gradient)
    {
        if (!IsWhole(node, output))
        {
            gradient = As(node, gradient, Blocked(Sized(node.Input, output)), "reorder gradient");
            Tensor result = NewTensor($"d {node.Inputs[0].Name}", Blocked(node.Input));
            Emit(node, "backward", new AdaptiveAverageWork(AdaptiveOf(node, output), IsBack: true), 0,
                new(Argument.DiffTarget, gradient, Access.Read), new(Argument.DiffSource, result, Access.Write));
            gradient = result;
        }
        Give(node.Inputs[0], gradient);
    }

    // One pixel of each channel, and then the same bytes as a vector.
    private Tensor LowerGlobalAverage(Node node) =>
        As(node, LowerAdaptive(node, 1), Plain(Sized(node.Input, 1)), "to vector") with { Layout = Plain(node.Output) };

    private void BackGlobalAverage(Node node, Tensor gradient) =>
        BackAdaptive(node, 1, As(node, gradient, Plain(node.Output), "reorder gradient") with { Layout = Plain(Sized(node.Input, 1)) });

    private static bool IsWhole(Node node, Size2 output) => node.Input == Sized(node.Input, output);

    private static Shape Sized(Shape image, Size2 size) => new(image.Channels, size.Height, size.Width);

    private AdaptiveShape AdaptiveOf(Node node, Size2 output)
    {
        int blocks = (node.Input.Channels + Pixel.Channels - 1) / Pixel.Channels;
        return new((int)Batch * blocks, node.Input.Height, node.Input.Width, output.Height, output.Width);
    }
}
