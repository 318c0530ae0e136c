using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>
/// The small network of cuda-convnet for CIFAR-10, four layers that learn: what AlexNet's figure 1 compares ReLU and tanh with.
/// </summary>
/// <remarks>
/// Source: Krizhevsky, Sutskever, Hinton 2012, section 3.1, "a four-layer convolutional neural network"; its layers are those of the
/// definition "layers-19pct" of cuda-convnet (2011), which the paper's code ran on. Deviations: pools pad as TensorFlow's Same does, which
/// at 32x32 is the same. Initialization: the definition's, N(0, 0.0001) in the first layer, N(0, 0.01) in the others, biases 0.
/// </remarks>
public static class CudaConvnet
{
    /// <summary>The network, or a variant of it.</summary>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="options">What is chosen in it; null for the definition's own.</param>
    public static Graph Create(int classes = 10, CudaConvnetOptions? options = null)
    {
        options ??= new();
        Activation activation = options.Activation;
        MaxPool2d maxPool = new(options.PoolKernel, stride: 2, Padding.Same);
        AvgPool2d meanPool = new(options.PoolKernel, stride: 2, Padding.Same, countPadding: false);
        Layer[] norm = options.ResponseNorm ? [AlexNet.ResponseNorm()] : [];
        return Graph.Sequential("cuda-convnet", options.Input,
        [
            Conv(32, 0.0001f), maxPool,    activation, .. norm,
            Conv(32, 0.01f),   activation, meanPool,   .. norm,
            Conv(64, 0.01f),   activation, meanPool,
            new Flatten(),
            new Linear(classes) { Initialization = Normal(0.01f) },
        ]);
    }

    private static Conv2d Conv(int filters, float deviation) => new(filters, 5, padding: 2) { Initialization = Normal(deviation) };

    private static Initialization Normal(float deviation) => new(new Normal(deviation), new Constant(0));
}
