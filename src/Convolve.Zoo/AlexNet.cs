using Convolve.Graphs;
using Convolve.Layers;
using static Convolve.Zoo.Blocks;

namespace Convolve.Zoo;

/// <summary>AlexNet in the forms in which it is taught: five convolutions, three overlapping pools, three fully connected layers.</summary>
/// <remarks>
/// Source: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012. Deviations, of all forms
/// here but <see cref="Original2012"/>: one column in place of two GPUs' (no groups), no local response normalization.
/// </remarks>
public static class AlexNet
{
    /// <summary>The form of the paper: color images of 227x227, layers on two GPUs as groups, local response normalization.</summary>
    /// <remarks>
    /// Deviations: images of 227x227, since the 224x224 of the paper's text do not give its 55x55 maps; response normalization looks across
    /// the border between the two groups unless it has two groups itself. Initialization: the paper's, section 5.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x227x227 by default, at least 67 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    /// <param name="normGroups">Of response normalization: 1, or 2 to stay within each GPU's channels.</param>
    public static Graph Original2012(int classes = 1000, Shape? input = null, float dropout = 0.5f, int normGroups = 1) =>
        Graph.Sequential("alexnet-2012", input ?? (3, 227, 227),
    [
        .. ConvReLU(96, 11, stride: 4),             ResponseNorm(normGroups), new MaxPool2d(3, stride: 2),
        .. ConvReLU(256, 5, padding: 2, groups: 2), ResponseNorm(normGroups), new MaxPool2d(3, stride: 2),
        .. ConvReLU(384, 3, padding: 1),
        .. ConvReLU(384, 3, padding: 1, groups: 2),
        .. ConvReLU(256, 3, padding: 1, groups: 2), new MaxPool2d(3, stride: 2),
        new Flatten(),
        .. DropoutUnlessZero(dropout),              .. LinearReLU(4096),
        .. DropoutUnlessZero(dropout),              .. LinearReLU(4096),
        new Linear(classes),
    ]).WithInitialization(InitializationScheme.Paper2012);

    /// <summary>The form of the D2L book: gray 224x224 images, as for Fashion-MNIST enlarged.</summary>
    /// <remarks>
    /// Source: Zhang, Lipton, Li, Smola, "Dive into Deep Learning", section 8.1. Deviation: Kaiming normal with biases 0, the default of
    /// the book's Java edition (DJL), because its Xavier uniform learns far slower here.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 1x224x224 by default, at least 67 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph D2L(int classes = 10, Shape? input = null, float dropout = 0.5f) =>
        Graph.Sequential("alexnet-d2l", input ?? (1, 224, 224),
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

    /// <summary>The form with batch normalization behind each convolution: color images of 227x227.</summary>
    /// <remarks>
    /// Source: the AlexNet of a PyTorch notebook on CIFAR-10, enlarged to 227. Deviations from 2012: batch normalization in place of local
    /// response normalization, one column. Initialization: PyTorch's default.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x227x227 by default, at least 67 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph BatchNorm(int classes = 10, Shape? input = null, float dropout = 0.5f) =>
        Graph.Sequential("alexnet-bn", input ?? (3, 227, 227),
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
    ]).WithInitialization("pytorch");

    /// <summary>The form of torchvision: color images of 224x224.</summary>
    /// <remarks>
    /// Source: torchvision.models.alexnet, after Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
    /// Adaptive pooling brings every map to 6x6 before the fully connected layers; of small images it repeats pixels. Initialization:
    /// PyTorch's default.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x224x224 by default, at least 63 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph Torchvision(int classes = 10, Shape? input = null, float dropout = 0.5f) =>
        Graph.Sequential("alexnet-torchvision", input ?? (3, 224, 224),
    [
        .. ConvReLU(64, 11, stride: 4, padding: 2), new MaxPool2d(3, stride: 2),
        .. ConvReLU(192, 5, padding: 2),            new MaxPool2d(3, stride: 2),
        .. ConvReLU(384, 3, padding: 1),
        .. ConvReLU(256, 3, padding: 1),
        .. ConvReLU(256, 3, padding: 1),            new MaxPool2d(3, stride: 2),
        new AdaptiveAvgPool2d(6),
        new Flatten(),
        .. DropoutUnlessZero(dropout),              .. LinearReLU(4096),
        .. DropoutUnlessZero(dropout),              .. LinearReLU(4096),
        new Linear(classes),
    ]).WithInitialization("pytorch");

    /// <summary>
    /// A lighter form for Fashion-MNIST and its kin: gray images enlarged to 64x64 instead of 224x224, and the same five convolutions,
    /// three overlapping pools and three fully connected layers; the convolutions with batch normalization.
    /// </summary>
    /// <remarks>
    /// Source: a design of this project, in answer to the exercise of the D2L book (section 8.1) to simplify AlexNet for Fashion-MNIST.
    /// Deviations from D2L: the first kernel is 5x5 with stride 2 (it sees as much of the picture as 11x11 at 224), half of the filters,
    /// 512 units, batch normalization. What was tried beside it: docs/decisions/0013. Initialization: Kaiming normal.
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 1x64x64 by default, at least 29 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph Small(int classes = 10, Shape? input = null, float dropout = 0.5f) =>
        Graph.Sequential("alexnet-small", input ?? (1, 64, 64),
    [
        .. ConvNormReLU(48, 5, stride: 2, padding: 2, bias: false), new MaxPool2d(3, stride: 2),
        .. ConvNormReLU(128, 5, padding: 2, bias: false),           new MaxPool2d(3, stride: 2),
        .. ConvNormReLU(192, 3, padding: 1, bias: false),
        .. ConvNormReLU(192, 3, padding: 1, bias: false),
        .. ConvNormReLU(128, 3, padding: 1, bias: false),           new MaxPool2d(3, stride: 2),
        new Flatten(),
        .. LinearReLU(512),                                         .. DropoutUnlessZero(dropout),
        .. LinearReLU(512),                                         .. DropoutUnlessZero(dropout),
        new Linear(classes),
    ]);

    /// <summary>The paper's, section 3.3: alpha is not divided by the size.</summary>
    internal static LocalResponseNorm ResponseNorm(int groups = 1) =>
        new(5, alpha: 1e-4f, beta: 0.75f, k: 2, divideAlpha: false, groups: groups);
}
