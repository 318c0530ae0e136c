using Convolve.Graphs;
using Convolve.Layers;
using Handle = Convolve.Graphs.GraphBuilder.Handle;

namespace Convolve.Zoo;

/// <summary>
/// GoogLeNet, the first Inception network: nine modules that look at their input with kernels of 1x1, 3x3 and 5x5 side by side.
/// </summary>
/// <remarks>
/// Source: Szegedy, Liu, Jia et al., "Going deeper with convolutions", 2015, table 1 and figure 3. Deviations, of both forms here: the two
/// auxiliary classifiers are left out; pools pad as TensorFlow's Same does, which at sizes that halve evenly is the ceil_mode of Caffe and
/// PyTorch.
/// </remarks>
public static class GoogLeNet
{
    // Filters: 1x1; 1x1 before 3x3, 3x3; 1x1 before 5x5, 5x5; 1x1 behind the pool.
    private static readonly (string Name, int One, int Before3, int Three, int Before5, int Five, int Pool)[] Modules =
    [
        ("3a",  64,  96, 128, 16,  32,  32), ("3b", 128, 128, 192, 32,  96,  64),
        ("4a", 192,  96, 208, 16,  48,  64), ("4b", 160, 112, 224, 24,  64,  64), ("4c", 128, 128, 256, 24,  64,  64),
        ("4d", 112, 144, 288, 32,  64,  64), ("4e", 256, 160, 320, 32, 128, 128),
        ("5a", 256, 160, 320, 32, 128, 128), ("5b", 384, 192, 384, 48, 128, 128),
    ];

    /// <summary>The form of the paper: biases, ReLU, local response normalization in the stem.</summary>
    /// <remarks>Initialization: Xavier uniform, biases 0.2, as in Caffe's model; the paper names none.</remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x224x224 by default, any size fits.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layer out.</param>
    public static Graph Create(int classes = 10, Shape? input = null, float dropout = 0.4f) =>
        Build("googlenet", classes, input, dropout, hasBatchNorm: false, new(new XavierUniform(), new Constant(0.2f)),
            new(new XavierUniform(), new Constant(0)));

    /// <summary>The form with batch normalization behind each convolution.</summary>
    /// <remarks>
    /// Source: torchvision.models.googlenet, whose names and weights these are: no response normalization, 3x3 kernels where the paper has
    /// 5x5, a 2x2 window in the fourth pool, dropout 0.2. Initialization: torchvision's, N(0, 0.01).
    /// </remarks>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x224x224 by default, any size fits.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layer out.</param>
    public static Graph BatchNorm(int classes = 10, Shape? input = null, float dropout = 0.2f) =>
        Build("googlenet-bn", classes, input, dropout, hasBatchNorm: true, new(new Normal(0.01f), new Constant(0)),
            new(new Normal(0.01f), new PyTorchUniform()));

    private static Graph Build(string name, int classes, Shape? input, float dropout, bool hasBatchNorm, Initialization convolutions,
        Initialization last)
    {
        GraphBuilder net = new(name, input ?? (3, 224, 224));
        Handle x = Conv("conv1", net.Input, 64, 7, stride: 2);
        x = Norm("norm1", Pool("maxpool1", x, 3, 2));
        x = Conv("conv3", Conv("conv2", x, 64, 1), 192, 3);
        x = Pool("maxpool2", Norm("norm2", x), 3, 2);
        foreach (var module in Modules)
        {
            if (module.Name is "4a" or "5a")
                x = Pool(module.Name == "4a" ? "maxpool3" : "maxpool4", x, module.Name == "5a" && hasBatchNorm ? 2 : 3, 2);
            x = Inception(module.Name, x);

            Handle Inception(string number, Handle from)
            {
                string path = $"inception{number}.branch";
                return net.AddNamed($"inception{number}.cat", new Concat(),
                    Conv(path + 1, from, module.One, 1),
                    Conv(path + "2.1", Conv(path + "2.0", from, module.Before3, 1), module.Three, 3),
                    Conv(path + "3.1", Conv(path + "3.0", from, module.Before5, 1), module.Five, hasBatchNorm ? 3 : 5),
                    Conv(path + "4.1", Pool(path + "4.0", from, 3, 1), module.Pool, 1));
            }
        }
        x = net.AddNamed("avgpool", new GlobalAvgPool(), x);
        if (dropout > 0)
            x = net.AddNamed("dropout", new Dropout(dropout), x);
        return net.Build(net.AddNamed("fc", new Linear(classes) { Initialization = last }, x));

        Handle Conv(string path, Handle from, int filters, int kernel, int stride = 1)
        {
            Conv2d conv = new(filters, kernel, stride, padding: kernel / 2, bias: !hasBatchNorm) { Initialization = convolutions };
            return hasBatchNorm
                ? net.Chain(path, from, ("conv", conv), ("bn", new BatchNorm2d(eps: 1e-3f)), ("relu", new ReLU()))
                : net.Chain(path, from, ("conv", conv), ("relu", new ReLU()));
        }

        Handle Pool(string path, Handle from, int kernel, int stride) =>
            net.AddNamed(path, new MaxPool2d(kernel, stride, Padding.Same), from);

        Handle Norm(string path, Handle from) => hasBatchNorm ? from : net.AddNamed(path, new LocalResponseNorm(5), from);
    }
}
