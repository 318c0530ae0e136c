using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>Residual networks for color images of 32x32: three stages of blocks with 16, 32 and 64 filters.</summary>
/// <remarks>
/// Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2016, section 4.2: 6n + 2 layers. Initialization: Kaiming
/// normal, the last layer too.
/// </remarks>
public static class CifarResNet
{
    /// <summary>The numbers of layers of the paper's table 6, but for 1202.</summary>
    public static IReadOnlyList<int> Depths { get; } = [20, 32, 44, 56, 110];

    /// <summary>A network of the table.</summary>
    /// <param name="depth">20, 32, 44, 56 or 110.</param>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x32x32 by default, any size fits.</param>
    /// <param name="hasProjections">
    /// Whether a shortcut between two stages is a 1x1 convolution with batch normalization (option B of the paper) and not every second
    /// pixel with channels of zeros (option A, the paper's choice here).
    /// </param>
    /// <exception cref="NetworkException">The depth is not one of <see cref="Depths"/>.</exception>
    public static Graph Create(int depth, int classes = 10, Shape? input = null, bool hasProjections = false)
    {
        if (!Depths.Contains(depth))
            throw new NetworkException($"There is no ResNet for 32x32 images with {depth} layers. Use one of {string.Join(", ", Depths)}.");
        GraphBuilder net = new($"resnet{depth}", input ?? (3, 32, 32));
        var x = net.Chain("", net.Input, ("conv1", Conv(16)), ("bn1", new BatchNorm2d()), ("relu1", new ReLU()));
        for (int stage = 0; stage < 3; stage++)
            for (int block = 0; block < (depth - 2) / 6; block++)
            {
                string name = $"layer{stage + 1}.{block}";
                int filters = 16 << stage, stride = stage > 0 && block == 0 ? 2 : 1;
                var path = net.Chain(name, x,
                    ("conv1", Conv(filters, stride)), ("bn1", new BatchNorm2d()), ("relu1", new ReLU()),
                    ("conv2", Conv(filters)), ("bn2", new BatchNorm2d()));
                if (stride != 1)
                    x = hasProjections
                        ? net.Chain(name, x, ("downsample.0", new Conv2d(filters, 1, stride, bias: false)),
                        ("downsample.1", new BatchNorm2d()))
                        : net.Chain(name, x, ("downsample", new AvgPool2d(1, stride)), ("zeros", new PadChannels(filters / 2)));
                x = net.Chain(name, net.AddNamed($"{name}.add", new Add(), path, x), ("relu2", new ReLU()));
            }
        return net.Build(net.Chain("", x, ("avgpool", new GlobalAvgPool()), ("fc", new Linear(classes))));
    }

    private static Conv2d Conv(int filters, int stride = 1) => new(filters, 3, stride, padding: 1, bias: false);
}
