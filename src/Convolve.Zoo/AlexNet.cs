using Convolve.Graphs;
using Convolve.Layers;
using static Convolve.Zoo.Blocks;

namespace Convolve.Zoo;

/// <summary>AlexNet in the forms in which it is taught: five convolutions, three overlapping pools, three fully connected layers.</summary>
/// <remarks>
/// Source: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012.
/// Deviations, of both forms here: one column in place of two GPUs' (no groups), no local response normalisation.
/// </remarks>
public static class AlexNet
{
    /// <summary>The form of the D2L book: grey 224x224 images, as for Fashion-MNIST enlarged.</summary>
    /// <remarks>
    /// Source: Zhang, Lipton, Li, Smola, "Dive into Deep Learning", section 8.1. Deviation: Kaiming normal with biases 0, the default of the
    /// book's Java edition (DJL), because its Xavier uniform learns far slower here.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 1x224x224 by default, at least 67 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph D2L(int classes = 10, Shape? input = null, float dropout = 0.5f) => Graph.Sequential("alexnet-d2l", input ?? (1, 224, 224),
    [
        .. ConvReLU(96, 11, stride: 4),  new MaxPool2d(3, stride: 2),
        .. ConvReLU(256, 5, padding: 2), new MaxPool2d(3, stride: 2),
        .. ConvReLU(384, 3, padding: 1),
        .. ConvReLU(384, 3, padding: 1),
        .. ConvReLU(256, 3, padding: 1), new MaxPool2d(3, stride: 2),
        new Flatten(),
        .. LinearReLU(4096),             .. DropoutUnlessZero(dropout),
        .. LinearReLU(4096),             .. DropoutUnlessZero(dropout),
        new Linear(classes),
    ]);

    /// <summary>The form with batch normalisation behind each convolution: colour images of 227x227.</summary>
    /// <remarks>
    /// Source: the AlexNet of a PyTorch notebook on CIFAR-10, enlarged to 227. Deviations from 2012: batch normalisation in place of local response normalisation,
    /// one column. Initialisation: PyTorch's default.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x227x227 by default, at least 67 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph BatchNorm(int classes = 10, Shape? input = null, float dropout = 0.5f) => Graph.Sequential("alexnet-bn", input ?? (3, 227, 227),
    [
        .. ConvNormReLU(96, 11, stride: 4),  new MaxPool2d(3, stride: 2),
        .. ConvNormReLU(256, 5, padding: 2), new MaxPool2d(3, stride: 2),
        .. ConvNormReLU(384, 3, padding: 1),
        .. ConvNormReLU(384, 3, padding: 1),
        .. ConvNormReLU(256, 3, padding: 1), new MaxPool2d(3, stride: 2),
        new Flatten(),
        .. DropoutUnlessZero(dropout),       .. LinearReLU(4096),
        .. DropoutUnlessZero(dropout),       .. LinearReLU(4096),
        new Linear(classes),
    ]).WithInitialization(Initialization.Parse("pytorch"));

    /// <summary>The form of torchvision: colour images of 224x224.</summary>
    /// <remarks>
    /// Source: torchvision.models.alexnet, after Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
    /// Deviation: no adaptive pooling to 6x6 before the fully connected layers. At 224x224 the map is 6x6 already, so there the two networks
    /// are one and exchange weights; at other sizes the first fully connected layer has another number of inputs here.
    /// Initialisation: PyTorch's default.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x224x224 by default, at least 63 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph Torchvision(int classes = 10, Shape? input = null, float dropout = 0.5f) => Graph.Sequential("alexnet-torchvision", input ?? (3, 224, 224),
    [
        .. ConvReLU(64, 11, stride: 4, padding: 2), new MaxPool2d(3, stride: 2),
        .. ConvReLU(192, 5, padding: 2),            new MaxPool2d(3, stride: 2),
        .. ConvReLU(384, 3, padding: 1),
        .. ConvReLU(256, 3, padding: 1),
        .. ConvReLU(256, 3, padding: 1),            new MaxPool2d(3, stride: 2),
        new Flatten(),
        .. DropoutUnlessZero(dropout),              .. LinearReLU(4096),
        .. DropoutUnlessZero(dropout),              .. LinearReLU(4096),
        new Linear(classes),
    ]).WithInitialization(Initialization.Parse("pytorch"));
}
