using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Tests.Graphs;

/// <summary>Wrong networks, and the whole of what is said about them.</summary>
public class ShapeErrorTests
{
    public static TheoryData<string, string> Wrong => new()
    {
        { "image too small",
            "MaxPool2d(2) \"pool2\": a window of 2x2 does not fit its 16x1x1 input. Use larger images, a smaller kernel or more " +
            "padding. The smallest input of net is 1x12x12, got 1x10x10: resize the images, or choose a network for small images." },
        { "image too narrow",
        "Conv2d(4, (3, 9)) \"conv1\": a window of 3x9 does not fit its 1x12x8 input. Use larger images, a smaller kernel or more " +
        "padding. The smallest input of net is 1x9x9, got 1x12x8: resize the images, or choose a network for small images." },
        { "dilated kernel too large",
        "Conv2d(4, 3, dilation: 4) \"conv1\": a window of 9x9 does not fit its 1x8x8 input. Use larger images, a smaller kernel or more " +
        "padding. The smallest input of net is 1x9x9, got 1x8x8: resize the images, or choose a network for small images." },
        { "groups and channels",
        "Conv2d(8, 3, groups: 4) \"conv1\": groups 4 must divide the 6 input channels and the 8 filters. Use groups that divide both, " +
        "or 8 input channels." },
        { "groups and filters", "Conv2d(7, 3, groups: 2): groups 2 must divide the 7 filters. Change one of the two." },
        { "linear on an image", "Linear(10) \"fc1\": it takes a vector, but its input is an image of 3x8x8. Put a Flatten() before it." },
        { "convolution on a vector",
        "Conv2d(4, 3) \"conv1\": it takes an image (channels x height x width), but its input is a vector of 192 features. Put it " +
        "before the Flatten." },
        { "pool on a vector",
        "MaxPool2d(2) \"pool1\": it takes an image (channels x height x width), but its input is a vector of 192 features. Put it " +
        "before the Flatten." },
        { "add of two shapes", "Add() \"add1\": its inputs 4x8x8 and 5x8x8 differ. Give them the same shape, for example with a 1x1 " +
            "convolution." },
        { "add of one", "Add() \"add1\": it joins two or more inputs, got 1. Add an edge." },
        { "concat of two sizes",
        "Concat() \"concat1\": its inputs 3x8x8 and 3x4x4 differ in more than their channels. Give them the same height and width." },
        { "concat of an image and a vector",
        "Concat() \"concat1\": its inputs 3x8x8 and 192 differ in more than their channels. Give them the same height and width." },
        { "two inputs", "ReLU() \"relu1\": it takes one input, got 2. Join them with Add or Concat." },
        { "a second input layer",
        "Input(3x8x8) \"input1\": a network has one input, its first node. Give its shape where the network is created." },
        { "no layers", "The network \"net\" has no layers. Add at least one." },
        { "no filters", "Conv2d(0, 3): 0 filters. Use at least 1." },
        { "no kernel", "Conv2d(4, (3, 0)): kernel, stride and dilation must be at least 1. Dilation 1 means dense." },
        { "no dilation", "Conv2d(4, 3, dilation: 0): kernel, stride and dilation must be at least 1. Dilation 1 means dense." },
        { "negative padding", "Conv2d(4, 3, padding: -1): padding must not be negative. Use 0 for none." },
        { "no units", "Linear(0): 0 units. Use at least 1." },
        { "no stride", "MaxPool2d(2, stride: 0): kernel and stride must be at least 1. Stride defaults to the kernel." },
        { "wide pool padding",
        "AvgPool2d(3, padding: 2): padding 2 is more than half of the kernel 3, so a window could have only zeros. Use less padding." },
        { "slope 0", "LeakyReLU(slope: 0): the slope must be above 0 and at most 1. Use ReLU() for slope 0." },
        { "dropout 1", "Dropout(1): the probability must be at least 0 and below 1. 0.5 is usual before wide fully connected layers." },
        { "empty image", "A shape of 0x8x8 has no elements. Every size must be at least 1." },
        { "empty vector", "A vector of 0 features has no elements. It must have at least 1." },
        { "unknown initializer",
        "\"he\" is not an initializer. Use one of kaiming-normal, kaiming-normal-fan-out, kaiming-uniform, xavier-normal, " +
        "xavier-uniform, pytorch, normal(S), constant(V)." },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void Says_what_came_what_was_expected_and_what_to_do(string what, string message) =>
        Assert.Equal(message, Assert.Throws<NetworkException>(() => Make(what)).Message);

    [Theory]
    [InlineData(int.MaxValue, 1, 1, 0)]
    [InlineData(2, int.MaxValue, 1, 0)]
    [InlineData(2, int.MaxValue, int.MaxValue, 0)]
    [InlineData(2, 1, int.MaxValue, 0)]
    [InlineData(3, 1, 1, int.MaxValue)]
    public void Sizes_beyond_counting_are_refused(int kernel, int dilation, int stride, int padding)
    {
        Conv2d conv = new(1, kernel, stride, padding, dilation);
        Exception? thrown = Record.Exception(() => Graph.Sequential("net", (1, 8, 8), [conv]).MultiplyAdds);
        Assert.True(thrown is null or NetworkException, thrown?.ToString());
        Assert.True(thrown is not null || (kernel == 2 && dilation == 1));
    }

    private static object Make(string what) => what switch
    {
        "image too small" => Chain((1, 10, 10), new Conv2d(6, 5, padding: 2), new MaxPool2d(2), new Conv2d(16, 5), new MaxPool2d(2)),
        "image too narrow" => Chain((1, 12, 8), new Conv2d(4, (3, 9))),
        "dilated kernel too large" => Chain((1, 8, 8), new Conv2d(4, 3, dilation: 4)),
        "groups and channels" => Chain((6, 8, 8), new Conv2d(8, 3, groups: 4)),
        "groups and filters" => new Conv2d(7, 3, groups: 2),
        "linear on an image" => Chain((3, 8, 8), new Linear(10)),
        "convolution on a vector" => Chain((3, 8, 8), new Flatten(), new Conv2d(4, 3)),
        "pool on a vector" => Chain((3, 8, 8), new Flatten(), new MaxPool2d(2)),
        "add of two shapes" => Join((net, x) => net.Add(new Add(), net.Add(new Conv2d(4, 1), x), net.Add(new Conv2d(5, 1), x))),
        "add of one" => Chain((3, 8, 8), new Add()),
        "concat of two sizes" => Join((net, x) => net.Add(new Concat(), x, net.Add(new MaxPool2d(2), x))),
        "concat of an image and a vector" => Join((net, x) => net.Add(new Concat(), x, net.Add(new Flatten(), x))),
        "two inputs" => Join((net, x) => net.Add(new ReLU(), x, x)),
        "a second input layer" => Chain((3, 8, 8), new ReLU(), new Input((3, 8, 8))),
        "no layers" => Chain((3, 8, 8)),
        "no filters" => new Conv2d(0, 3),
        "no kernel" => new Conv2d(4, (3, 0)),
        "no dilation" => new Conv2d(4, 3, dilation: 0),
        "negative padding" => new Conv2d(4, 3, padding: -1),
        "no units" => new Linear(0),
        "no stride" => new MaxPool2d(2, stride: 0),
        "wide pool padding" => new AvgPool2d(3, padding: 2),
        "slope 0" => new LeakyReLU(0),
        "dropout 1" => new Dropout(1),
        "empty image" => new Shape(0, 8, 8),
        "empty vector" => Shape.Vector(0),
        "unknown initializer" => Initialization.Parse("he"),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such network"),
    };

    private static Graph Chain(Shape input, params Layer[] layers) => Graph.Sequential("net", input, layers);

    private static Graph Join(Func<GraphBuilder, GraphBuilder.Handle, GraphBuilder.Handle> build)
    {
        GraphBuilder net = new("net", (3, 8, 8));
        return net.Build(build(net, net.Input));
    }
}
