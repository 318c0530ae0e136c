using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>
/// A small convolutional network for CIFAR-10, with batch normalization and leaky ReLU, that a notebook sets beside AlexNet.
/// </summary>
/// <remarks>Source: a PyTorch notebook on CIFAR-10; slope .1. Initialization: PyTorch's default.</remarks>
public static class CnnBnLeaky
{
    /// <summary>The network.</summary>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x32x32 by default.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layer out.</param>
    public static Graph Create(int classes = 10, Shape? input = null, float dropout = 0.5f) =>
        Graph.Sequential("cnn-bn-leaky", input ?? (3, 32, 32),
    [
        new Conv2d(32, 3, stride: 2, padding: 1), new BatchNorm2d(), new LeakyReLU(0.1f),
        new Conv2d(64, 3, padding: 1),            new BatchNorm2d(), new LeakyReLU(0.1f),
        new Conv2d(64, 3, stride: 2, padding: 1), new BatchNorm2d(), new LeakyReLU(0.1f),
        new Flatten(),
        new Linear(128),                          new BatchNorm1d(), new LeakyReLU(0.1f), .. Blocks.DropoutUnlessZero(dropout),
        new Linear(classes),
    ]).WithInitialization("pytorch");
}
