using Convolve.Graphs;
using Convolve.Layers;
using static Convolve.Zoo.Blocks;

namespace Convolve.Zoo;

/// <summary>Network in network: 1x1 convolutions behind each large one, and the mean of each last map as the logit of its class.</summary>
/// <remarks>Source: Lin, Chen, Yan, "Network in network", 2014.</remarks>
public static class NetworkInNetwork
{
    /// <summary>The form of the paper for CIFAR-10: color images of 32x32.</summary>
    /// <remarks>
    /// Source: figure 2 and the authors' Caffe model. Deviation: pools pad as TensorFlow's Same does, which at 32x32 is the same.
    /// Initialization: the authors', N(0, 0.05), biases 0, but 1 in the last convolution (see <see cref="D2L"/>).
    /// </remarks>
    /// <param name="classes">Maps of the last convolution.</param>
    /// <param name="input">The shape of one image; 3x32x32 by default, any size fits.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph Create(int classes = 10, Shape? input = null, float dropout = 0.5f) => Graph.Sequential("nin", input ?? (3, 32, 32),
    [
        .. ConvReLU(192, 5, padding: 2), .. ConvReLU(160, 1), .. ConvReLU(96, 1),      new MaxPool2d(3, stride: 2, Padding.Same),
        .. DropoutUnlessZero(dropout),
        .. ConvReLU(192, 5, padding: 2), .. ConvReLU(192, 1), .. ConvReLU(192, 1),
        new AvgPool2d(3, stride: 2, Padding.Same, countPadding: false),
        .. DropoutUnlessZero(dropout),
        .. ConvReLU(192, 3, padding: 1), .. ConvReLU(192, 1), .. ConvReLU(classes, 1), new GlobalAvgPool(),
    ]).StartedWith(new Normal(0.05f));

    /// <summary>The form of the D2L book: AlexNet's kernels, gray images of 224x224.</summary>
    /// <remarks>
    /// Source: Zhang, Lipton, Li, Smola, "Dive into Deep Learning", section 8.3. Initialization: Xavier uniform, biases 0, as in the book.
    /// Deviation: biases of convolutions with a map for each class start at 1: with 0, about one class of ten is 0 for every image and
    /// never learned.
    /// </remarks>
    /// <param name="classes">Maps of the last convolution.</param>
    /// <param name="input">The shape of one image; 1x224x224 by default, at least 67 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layer out.</param>
    public static Graph D2L(int classes = 10, Shape? input = null, float dropout = 0.5f) =>
        Graph.Sequential("nin-d2l", input ?? (1, 224, 224),
    [
        .. ConvReLU(96, 11, stride: 4),      .. ConvReLU(96, 1),      .. ConvReLU(96, 1),      new MaxPool2d(3, stride: 2),
        .. ConvReLU(256, 5, padding: 2),     .. ConvReLU(256, 1),     .. ConvReLU(256, 1),     new MaxPool2d(3, stride: 2),
        .. ConvReLU(384, 3, padding: 1),     .. ConvReLU(384, 1),     .. ConvReLU(384, 1),     new MaxPool2d(3, stride: 2),
        .. DropoutUnlessZero(dropout),
        .. ConvReLU(classes, 3, padding: 1), .. ConvReLU(classes, 1), .. ConvReLU(classes, 1), new GlobalAvgPool(),
    ]).StartedWith(new XavierUniform());

    // A ReLU follows these: a class that starts at 0 for every image has no gradient.
    private static Graph StartedWith(this Graph graph, Initializer weights)
    {
        int classes = graph.Output.Channels;
        return graph.WithInitializations(node => new(weights, new Constant(node.Output.Channels == classes ? 1 : 0)));
    }
}
