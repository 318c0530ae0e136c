using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>Residual networks for color images of 224x224: four stages of blocks, each block added to what went in.</summary>
/// <remarks>
/// Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2016, table 1; where the shape changes, the shortcut is a
/// 1x1 convolution (option B). Deviation, of the 50-layer form: the stride is in the 3x3 convolution, as in torchvision ("ResNet 1.5"),
/// where the paper has it in the 1x1 before. Names, weights and initialization (Kaiming normal by fan out, PyTorch's default for the last
/// layer) are torchvision's.
/// </remarks>
public static class ResNet
{
    private static readonly Initialization FanOut = new(new KaimingNormalFanOut(), new Constant(0));

    /// <summary>The numbers of layers that there are.</summary>
    public static IReadOnlyList<int> Depths { get; } = [18, 34, 50];

    /// <summary>A network of the table.</summary>
    /// <param name="depth">18, 34 or 50.</param>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x224x224 by default, any size fits.</param>
    /// <exception cref="NetworkException">The depth is not one of <see cref="Depths"/>.</exception>
    public static Graph Create(int depth, int classes = 10, Shape? input = null)
    {
        int[] counts = depth switch
        {
            18 => [2, 2, 2, 2],
            34 or 50 => [3, 4, 6, 3],
            _ => throw new NetworkException($"There is no ResNet with {depth} layers. Use one of {string.Join(", ", Depths)}."),
        };
        bool hasBottlenecks = depth >= 50;
        GraphBuilder net = new($"resnet{depth}", input ?? (3, 224, 224));
        var x = net.Chain("", net.Input, ("conv1", Conv(64, 7, stride: 2)), ("bn1", new BatchNorm2d()), ("relu", new ReLU()),
            ("maxpool", new MaxPool2d(3, stride: 2, padding: 1)));
        int channels = 64;
        for (int stage = 0; stage < counts.Length; stage++)
            for (int block = 0; block < counts[stage]; block++)
            {
                string name = $"layer{stage + 1}.{block}";
                int filters = 64 << stage, outputs = hasBottlenecks ? 4 * filters : filters, stride = stage > 0 && block == 0 ? 2 : 1;
                var path = hasBottlenecks
                    ? net.Chain(name, x,
                        ("conv1", Conv(filters, 1)), ("bn1", new BatchNorm2d()), ("relu1", new ReLU()),
                        ("conv2", Conv(filters, 3, stride)), ("bn2", new BatchNorm2d()), ("relu2", new ReLU()),
                        ("conv3", Conv(outputs, 1)), ("bn3", new BatchNorm2d()))
                    : net.Chain(name, x,
                        ("conv1", Conv(filters, 3, stride)), ("bn1", new BatchNorm2d()), ("relu1", new ReLU()),
                        ("conv2", Conv(filters, 3)), ("bn2", new BatchNorm2d()));
                if (stride != 1 || outputs != channels)
                    x = net.Chain(name, x, ("downsample.0", Conv(outputs, 1, stride)), ("downsample.1", new BatchNorm2d()));
                x = net.Chain(name, net.AddNamed($"{name}.add", new Add(), path, x), ("relu", new ReLU()));
                channels = outputs;
            }
        return net.Build(net.Chain("", x, ("avgpool", new GlobalAvgPool()),
            ("fc", new Linear(classes) { Initialization = Initialization.Parse("pytorch") })));
    }

    private static Conv2d Conv(int filters, int kernel, int stride = 1) =>
        new(filters, kernel, stride, padding: kernel / 2, bias: false) { Initialization = FanOut };
}
