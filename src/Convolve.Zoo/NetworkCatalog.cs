using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>The networks of the zoo by name.</summary>
public static class NetworkCatalog
{
    private const string Book = "Zhang, Lipton, Li, Smola: Dive into Deep Learning";
    private const string LeCun1998 = "LeCun, Bottou, Bengio, Haffner 1998";
    private static readonly NetworkOption Dropout = new("dropout", "a probability below 1, or off", "0.5");

    /// <summary>All networks, the smallest family first.</summary>
    public static IReadOnlyList<NetworkEntry> All { get; } =
    [
        new("lenet5", "LeNet-5 for 28x28 images, with ReLU and max pooling unless chosen otherwise", $"{LeCun1998}; {Book}, section 7.6",
            [
                Input("1x28x28"),
                new("activation", "relu, leaky-relu, sigmoid or tanh", "relu"),
                new("pooling", "max or avg", "max"),
                Dropout with { Default = "off" },
            ],
            (classes, chosen) => LeNet5.Create(classes, new()
            {
                Input = chosen.Image("input"),
                Activation = chosen.OneOf<Activation>("activation",
                    ("relu", new ReLU()), ("leaky-relu", new LeakyReLU()), ("sigmoid", new Sigmoid()), ("tanh", new Tanh())),
                Pooling = chosen.OneOf<Pool2d>("pooling", ("max", new MaxPool2d(2)), ("avg", new AvgPool2d(2))),
                Dropout = chosen.Probability("dropout"),
            })),
        new("lenet5-keras", "LeNet-5 for 28x28 images without padding, tanh", "the Keras tutorials", [Input("1x28x28")],
            (classes, chosen) => LeNet5.Keras(classes, chosen.Image("input"))),
        new("lenet5-1998", "LeNet-5 for 32x32 images, tanh", LeCun1998, [Input("1x32x32")],
            (classes, chosen) => LeNet5.Original1998(classes, chosen.Image("input"))),
        new("alexnet-d2l", "AlexNet for grey 224x224 images", $"Krizhevsky, Sutskever, Hinton 2012; {Book}, section 8.1",
            [Input("1x224x224"), Dropout], (classes, chosen) => AlexNet.D2L(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("alexnet-torchvision", "AlexNet for colour 224x224 images, the one-column form", "Krizhevsky 2014; torchvision.models.alexnet",
            [Input("3x224x224"), Dropout], (classes, chosen) => AlexNet.Torchvision(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("alexnet-bn", "AlexNet with batch normalisation for colour 227x227 images", "Krizhevsky, Sutskever, Hinton 2012; a PyTorch notebook on CIFAR-10",
            [Input("3x227x227"), Dropout], (classes, chosen) => AlexNet.BatchNorm(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("cnn-bn-leaky", "a small network with batch normalisation and leaky ReLU for CIFAR-10", "a PyTorch notebook on CIFAR-10",
            [Input("3x32x32"), Dropout], (classes, chosen) => CnnBnLeaky.Create(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        new("fashion28", "a network for grey 28x28 images as they are", "this project",
            [Input("1x28x28"), Dropout with { Default = "0.4" }], (classes, chosen) => Fashion28.Create(classes, chosen.Image("input"), chosen.Probability("dropout"))),
        .. Vgg.Depths.SelectMany(depth => new[] { false, true }.Select(hasBatchNorm => new NetworkEntry($"vgg{depth}{(hasBatchNorm ? "-bn" : "")}",
            $"VGG with {depth} layers{(hasBatchNorm ? " and batch normalisation" : "")} for colour 224x224 images", "Simonyan, Zisserman 2014", [Input("3x224x224"), Dropout],
            (classes, chosen) => Vgg.Create(depth, classes, chosen.Image("input"), hasBatchNorm, chosen.Probability("dropout"))))),
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
        string guess = NearestName.Of(name, All.Select(entry => entry.Name)) is { } nearest ? $" Did you mean {nearest}?" : "";
        throw new NetworkException($"There is no network \"{name}\".{guess} Known are {string.Join(", ", All.Select(entry => entry.Name))}.");
    }

    private static NetworkOption Input(string otherwise) => new("input", "channels x height x width such as 3x224x224", otherwise);
}
