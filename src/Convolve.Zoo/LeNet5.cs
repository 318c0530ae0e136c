using Convolve.Graphs;
using Convolve.Layers;
using static Convolve.Zoo.Blocks;

namespace Convolve.Zoo;

/// <summary>LeNet-5 in the forms in which it is taught: two convolutions, two pools, three fully connected layers.</summary>
/// <remarks>
/// Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, section II.B.
/// Deviations, of all forms here: plain pooling without a learned scale, every map of the second convolution sees every map of the first
/// (not table I), unscaled tanh, softmax in place of the radial basis functions.
/// </remarks>
public static class LeNet5
{
    /// <summary>The form of the D2L book: 28x28 images, padded by 2 unless chosen otherwise.</summary>
    /// <remarks>
    /// Source: Zhang, Lipton, Li, Smola, "Dive into Deep Learning", section 7.6. Deviation: ReLU and maximum by default, where the book has
    /// sigmoid and mean. Initialization: Kaiming normal where the activation is a ReLU, else Xavier uniform as in the book; biases are 0.
    /// </remarks>
    public static Graph Create(int classes = 10, LeNetOptions? options = null)
    {
        options ??= new();
        return Graph.Sequential("lenet5", options.Input,
        [
            new Conv2d(6, 5, padding: options.Padding.First),   options.Activation, options.Pooling,
            new Conv2d(16, 5, padding: options.Padding.Second), options.Activation, options.Pooling,
            new Flatten(),
            new Linear(120),                                    options.Activation, .. DropoutUnlessZero(options.Dropout),
            new Linear(84),                                     options.Activation,
            new Linear(classes),
        ]).WithInitialization(options.Activation is ReLU or LeakyReLU ? Initialization.Default : Initialization.Parse("xavier-uniform"));
    }

    /// <summary>The form of the Keras tutorials: 28x28 images without padding, tanh.</summary>
    /// <remarks>
    /// Source: the LeNet-5 that goes around with Keras's MNIST example. Deviation: the maximum, where some copies take the mean.
    /// Initialization: Keras's default, Xavier uniform, biases 0.
    /// </remarks>
    public static Graph Keras(int classes = 10, Shape? input = null) => Unpadded("lenet5-keras", classes, input ?? (1, 28, 28));

    /// <summary>The form of the paper: 32x32 images without padding, tanh.</summary>
    /// <remarks>
    /// Deviations: the maximum, where the paper has a scaled mean; Xavier uniform, where it has uniform in plus or minus 2.4 / fan in.
    /// </remarks>
    public static Graph Original1998(int classes = 10, Shape? input = null) => Unpadded("lenet5-1998", classes, input ?? (1, 32, 32));

    private static Graph Unpadded(string name, int classes, Shape input) => Graph.Sequential(name, input,
    [
        new Conv2d(6, 5),  new Tanh(), new MaxPool2d(2),
        new Conv2d(16, 5), new Tanh(), new MaxPool2d(2),
        new Flatten(),
        new Linear(120),   new Tanh(),
        new Linear(84),    new Tanh(),
        new Linear(classes),
    ]).WithInitialization("xavier-uniform");
}
