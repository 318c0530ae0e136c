using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>The small network of cuda-convnet for CIFAR-10, four layers that learn: what AlexNet's figure 1 compares ReLU and tanh with.</summary>
/// <remarks>
/// Source: Krizhevsky, Sutskever, Hinton 2012, section 3.1, "a four-layer convolutional neural network"; its layers are those of the definition
/// "layers-19pct" of cuda-convnet (2011), which the paper's code ran on. Deviations: pools pad as TensorFlow's Same does, which at 32x32 is the
/// same. Initialisation: the definition's, N(0, 0.0001) in the first layer, N(0, 0.01) in the others, biases 0.
/// </remarks>
public static class CudaConvnet
{
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x32x32 by default, any size fits.</param>
    /// <param name="activation">Behind every layer but the last; ReLU by default, tanh for the other side of the figure.</param>
    public static Graph Create(int classes = 10, Shape? input = null, Activation? activation = null)
    {
        activation ??= new ReLU();
        return Graph.Sequential("cuda-convnet", input ?? (3, 32, 32),
        [
            Conv(32, 0.0001f), new MaxPool2d(3, stride: 2, Padding.Same), activation,
            Conv(32, 0.01f),   activation,                                MeanPool,
            Conv(64, 0.01f),   activation,                                MeanPool,
            new Flatten(),
            new Linear(classes) { Initialization = Normal(0.01f) },
        ]);
    }

    private static Conv2d Conv(int filters, float deviation) => new(filters, 5, padding: 2) { Initialization = Normal(deviation) };

    private static AvgPool2d MeanPool => new(3, stride: 2, Padding.Same, countPadding: false);

    private static Initialization Normal(float deviation) => new(new Normal(deviation), new Constant(0));
}
