using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>The networks of the zoo by name.</summary>
public static class NetworkCatalog
{
    private const string Book = "Zhang, Lipton, Li, Smola: Dive into Deep Learning";
    private const string He2016 = "He, Zhang, Ren, Sun 2016";
    private const string LeCun1998 = "LeCun, Bottou, Bengio, Haffner 1998";
    private static readonly NetworkOption Dropout = new("dropout", "a probability below 1, or off", "0.5");

    /// <summary>All networks, the smallest family first.</summary>
    public static IReadOnlyList<NetworkEntry> All { get; } =
    [
        new("lenet5", "LeNet-5 for 28x28 images, with ReLU and max pooling unless chosen otherwise", $"{LeCun1998}; {Book}, section 7.6",
            [
                Input("1x28x28"),
                new("activation", "relu, leaky-relu, sigmoid or tanh", "relu"),
                new("pooling", "max, avg or min", "max"),
                new("padding", "first (the first convolution by 2), same or valid", "first"),
                Dropout with { Default = "off" },
            ],
            (classes, chosen) => LeNet5.Create(classes, new()
            {
                Input = chosen.Image("input"),
                Activation = chosen.OneOf<Activation>("activation",
                    ("relu", new ReLU()), ("leaky-relu", new LeakyReLU()), ("sigmoid", new Sigmoid()), ("tanh", new Tanh())),
                Pooling = chosen.OneOf<Pool2d>("pooling", ("max", new MaxPool2d(2)), ("avg", new AvgPool2d(2)), ("min", new MinPool2d(2))),
                Padding = chosen.OneOf<(Padding, Padding)>("padding", ("first", (2, 0)), ("same", (Padding.Same, Padding.Same)),
                ("valid", (0, 0))),
                Dropout = chosen.Probability("dropout"),
            })),
        new("lenet5-keras", "LeNet-5 for 28x28 images without padding, tanh", "the Keras tutorials", [Input("1x28x28")],
            (classes, chosen) => LeNet5.Keras(classes, chosen.Image("input"))),
        new("lenet5-1998", "LeNet-5 for 32x32 images, tanh", LeCun1998, [Input("1x32x32")],
            (classes, chosen) => LeNet5.Original1998(classes, chosen.Image("input"))),
        new("alexnet-d2l", "AlexNet for grayscale 224x224 images", $"Krizhevsky, Sutskever, Hinton 2012; {Book}, section 8.1",
            [Input("1x224x224"), Dropout], (classes, chosen) => AlexNet.D2L(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("alexnet-2012", "AlexNet as published, for color 227x227 images: groups, response normalization",
        "Krizhevsky, Sutskever, Hinton 2012",
            [
                Input("3x227x227"), Dropout,
                new("lrn", "across or within: whether response normalization looks across the border between the two groups", "across"),
            ],
            (classes, chosen) => AlexNet.Original2012(classes, chosen.Image("input"), chosen.Probability("dropout"),
                chosen.OneOf("lrn", ("across", 1), ("within", 2)))),
        new("alexnet-torchvision", "AlexNet for color 224x224 images, the one-column form", "Krizhevsky 2014; torchvision.models.alexnet",
            [Input("3x224x224"), Dropout], (classes, chosen) =>
            AlexNet.Torchvision(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("alexnet-bn", "AlexNet with batch normalization for color 227x227 images",
        "Krizhevsky, Sutskever, Hinton 2012; a PyTorch notebook on CIFAR-10",
            [Input("3x227x227"), Dropout], (classes, chosen) =>
            AlexNet.BatchNorm(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("alexnet-small", "AlexNet made lighter, for grayscale 28x28 images enlarged to 64x64",
        $"this project; {Book}, section 8.1, exercises",
            [Input("1x64x64"), Dropout], (classes, chosen) => AlexNet.Small(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("cuda-convnet", "four layers for CIFAR-10, with ReLU or tanh", "Krizhevsky, Sutskever, Hinton 2012, figure 1; cuda-convnet",
            [
                Input("3x32x32"),
                new("activation", "relu or tanh", "relu"),
                new("pooling", "overlapping (3x3, stride 2) or plain (2x2)", "overlapping"),
                new("lrn", "on or off: local response normalization behind the first two pools", "off"),
            ],
            (classes, chosen) => CudaConvnet.Create(classes, new()
            {
                Input = chosen.Image("input"),
                Activation = chosen.OneOf<Activation>("activation", ("relu", new ReLU()), ("tanh", new Tanh())),
                PoolKernel = chosen.OneOf("pooling", ("overlapping", 3), ("plain", 2)),
                ResponseNorm = chosen.OneOf("lrn", ("on", true), ("off", false)),
            })),
        new("cnn-bn-leaky", "a small network with batch normalization and leaky ReLU for CIFAR-10", "a PyTorch notebook on CIFAR-10",
            [Input("3x32x32"), Dropout], (classes, chosen) =>
            CnnBnLeaky.Create(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("fashion28", "a network for grayscale 28x28 images as they are", "this project",
            [Input("1x28x28"), Dropout with { Default = "0.4" }],
            (classes, chosen) => Fashion28.Create(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        .. Vgg.Depths.SelectMany(depth =>
        new[] { false, true }.Select(hasBatchNorm => new NetworkEntry($"vgg{depth}{(hasBatchNorm ? "-bn" : "")}",
            $"VGG with {depth} layers{(hasBatchNorm ? " and batch normalization" : "")} for color 224x224 images",
            "Simonyan, Zisserman 2014", [Input("3x224x224"), Dropout],
            (classes, chosen) => Vgg.Create(depth, classes, chosen.Image("input"), hasBatchNorm, chosen.Probability("dropout"))))),
        new("nin", "network in network for color 32x32 images", "Lin, Chen, Yan 2014",
            [Input("3x32x32"), Dropout], (classes, chosen) =>
            NetworkInNetwork.Create(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("nin-d2l", "network in network for grayscale 224x224 images", $"Lin, Chen, Yan 2014; {Book}, section 8.3",
            [Input("1x224x224"), Dropout], (classes, chosen) =>
            NetworkInNetwork.D2L(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("googlenet", "GoogLeNet for color 224x224 images", "Szegedy, Liu, Jia et al. 2015",
            [Input("3x224x224"), Dropout with { Default = "0.4" }],
            (classes, chosen) => GoogLeNet.Create(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("googlenet-bn", "GoogLeNet with batch normalization for color 224x224 images",
        "Szegedy, Liu, Jia et al. 2015; torchvision.models.googlenet",
            [Input("3x224x224"), Dropout with { Default = "0.2" }],
            (classes, chosen) => GoogLeNet.BatchNorm(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        .. ResNet.Depths.Select(depth => new NetworkEntry($"resnet{depth}",
        $"residual network with {depth} layers for color 224x224 images", $"{He2016}; torchvision.models.resnet{depth}",
            [Input("3x224x224")], (classes, chosen) => ResNet.Create(depth, classes, chosen.Image("input")))),
        .. CifarResNet.Depths.Select(depth => new NetworkEntry($"resnet{depth}",
        $"residual network with {depth} layers for color 32x32 images", $"{He2016}, section 4.2",
            [Input("3x32x32"), new("shortcut", "zeros (option A) or projection (option B)", "zeros")],
            (classes, chosen) => CifarResNet.Create(depth, classes, chosen.Image("input"),
            chosen.OneOf("shortcut", ("zeros", false), ("projection", true))))),
    ];

    /// <summary>Makes a network by name.</summary>
    /// <param name="name">Such as "lenet5".</param>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="options">Chosen options as typed, such as activation: sigmoid; null for none.</param>
    /// <exception cref="NetworkException">The name, an option or a value is unknown, or the network does not fit its input.</exception>
    public static Graph Create(string name, int classes = 10, IReadOnlyDictionary<string, string>? options = null)
    {
        NetworkEntry entry = Find(name);
        return entry.Build(classes, new(entry.Name, entry.Options, options ?? new Dictionary<string, string>()));
    }

    /// <summary>The entry of a name.</summary>
    /// <exception cref="NetworkException">The name is unknown; the message has the nearest one and the list.</exception>
    public static NetworkEntry Find(string name)
    {
        if (All.FirstOrDefault(entry => entry.Name == name) is { } found)
            return found;
        throw new NetworkException(
            $"Unknown network \"{name}\".{NearestName.Guess(name, All.Select(entry => entry.Name))} Use one of " +
            $"{string.Join(", ", All.Select(entry => entry.Name))}.");
    }

    private static NetworkOption Input(string otherwise) => new("input", "channels x height x width such as 3x224x224", otherwise);
}
