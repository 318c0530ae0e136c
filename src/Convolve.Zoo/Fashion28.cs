using Convolve.Graphs;
using Convolve.Layers;
using static Convolve.Zoo.Blocks;

namespace Convolve.Zoo;

/// <summary>A network for 28x28 images as they are: what enlarging them to AlexNet's 224x224 costs, and does not gain.</summary>
/// <remarks>
/// Source: a design of this project, in the style of VGG: 3x3 convolutions with batch normalization, most of the work at 14x14, where
/// Winograd's tiles fit. What was tried beside it: docs/decisions/0013. Initialization: Kaiming normal.
/// </remarks>
public static class Fashion28
{
    /// <summary>The network.</summary>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 1x28x28 by default, at least 8 rows and columns.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    public static Graph Create(int classes = 10, Shape? input = null, float dropout = 0.4f) =>
        Graph.Sequential("fashion28", input ?? (1, 28, 28),
    [
        .. ConvNormReLU(32, 3, padding: 1, bias: false),  new MaxPool2d(2),
        .. ConvNormReLU(64, 3, padding: 1, bias: false),
        .. ConvNormReLU(64, 3, padding: 1, bias: false),  new MaxPool2d(2),
        .. ConvNormReLU(128, 3, padding: 1, bias: false), new MaxPool2d(2),
        new Flatten(),
        .. DropoutUnlessZero(dropout),                    new Linear(128, bias: false), new BatchNorm1d(), new ReLU(),
        .. DropoutUnlessZero(dropout),                    new Linear(classes),
    ]);
}
