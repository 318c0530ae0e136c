using Convolve.Layers;
using static Convolve.Tests.Layers.LayerCase;

namespace Convolve.Tests.Layers;

/// <summary>
/// Every kind of layer with its options, alone and in the company that kernels treat specially. The texts are how they print.
/// </summary>
public static partial class LayerCatalogue
{
    public static IReadOnlyList<LayerCase> All { get; } =
    [
        .. Convolutions(), .. Normalizations(), .. Pools(), .. Activations(), .. Vectors(), .. Resizes(), .. Chains(), .. Branching(),
    ];

    /// <summary>The names, as theory data: a case that fails is then named by the runner.</summary>
    public static TheoryData<string> Names => [.. All.Select(c => c.Name)];

    /// <summary>
    /// Whether bfloat16's rounding itself, and no kernel, turns a result by more than float64 may be asked for: the reference that rounds
    /// each tensor where the plan keeps it has the same cosine, .9557, and the kernels agree with it to 1e-6. Two of 240 windows choose
    /// another pixel, whose value was nearly equal: with float64's choices the cosine is .9996.
    /// </summary>
    public static bool IsLostInRounding(string name, string result) =>
        (name, result) == ("BatchNorm2d(), MaxPool2d(2) on 3x8x8", "conv1.weight");

    public static LayerCase Named(string name) => All.Single(c => c.Name == name);

    private static IEnumerable<LayerCase> Normalizations() =>
    [
        Chain("BatchNorm2d()", (16, 6, 7), new BatchNorm2d()),
        Chain("BatchNorm2d()", (20, 5, 5), new BatchNorm2d()),
        Chain("BatchNorm2d()", (3, 1, 1), new BatchNorm2d()),
        Chain("BatchNorm2d(eps: 0.001, momentum: 0.5)", (33, 4, 6), new BatchNorm2d(0.001f, 0.5f)),
        Chain("BatchNorm2d(), ReLU()", (16, 6, 7), new BatchNorm2d(), new ReLU()),
        Chain("BatchNorm2d(), ReLU()", (32, 8, 8), new BatchNorm2d(), new ReLU()) with { Batch = 17 },
        Chain("BatchNorm2d(), LeakyReLU(slope: 0.1)", (20, 5, 7), new BatchNorm2d(), new LeakyReLU(0.1f)),
        Chain("BatchNorm2d(), Tanh()", (16, 5, 7), new BatchNorm2d(), new Tanh()),
        // More images: of five, normalization leaves little of the first convolution's gradient beside bfloat16's rounding, in PyTorch as
        // here.
        Chain("BatchNorm2d(), ReLU(), MaxPool2d(3, stride: 2)", (16, 9, 9), new BatchNorm2d(), new ReLU(),
        new MaxPool2d(3, stride: 2)) with { Batch = 17 },
        Chain("BatchNorm2d(), AvgPool2d(3, stride: 2, padding: 1, countPadding: false)", (20, 9, 9),
            new BatchNorm2d(), new AvgPool2d(3, stride: 2, padding: 1, countPadding: false)),
        Chain("BatchNorm2d(), MaxPool2d(2)", (3, 8, 8), new BatchNorm2d(), new MaxPool2d(2)),
        Chain("Conv2d(32, 3, padding: 1, bias: false), BatchNorm2d(), LeakyReLU(slope: 0.1), MaxPool2d(2)", (16, 8, 8),
            new Conv2d(32, 3, padding: 1, bias: false), new BatchNorm2d(), new LeakyReLU(0.1f), new MaxPool2d(2)),
        Chain("ReLU(), BatchNorm2d(), ReLU()", (16, 6, 6), new ReLU(), new BatchNorm2d(), new ReLU()),
        First("BatchNorm2d()", (3, 7, 7), new BatchNorm2d()),
        // As the paper has it, the squares hardly count: larger factors show what they do.
        Chain("LocalResponseNorm(5, k: 2, divideAlpha: false)", (16, 6, 7), new LocalResponseNorm(5, k: 2, divideAlpha: false)),
        Chain("LocalResponseNorm(5, alpha: 0.5)", (16, 6, 7), new LocalResponseNorm(5, alpha: 0.5f)),
        Chain("LocalResponseNorm(5, alpha: 0.5, k: 2, divideAlpha: false)", (33, 5, 6),
        new LocalResponseNorm(5, alpha: 0.5f, k: 2, divideAlpha: false)),
        Chain("LocalResponseNorm(3, alpha: 0.8, beta: 0.5)", (20, 4, 5), new LocalResponseNorm(3, alpha: 0.8f, beta: 0.5f)),
        Chain("LocalResponseNorm(4, alpha: 2, beta: 1.5, k: 0.5)", (48, 3, 3), new LocalResponseNorm(4, alpha: 2, beta: 1.5f, k: 0.5f)),
        Chain("LocalResponseNorm(1, alpha: 0.5)", (7, 5, 5), new LocalResponseNorm(1, alpha: 0.5f)),
        Chain("LocalResponseNorm(40, alpha: 3)", (6, 4, 4), new LocalResponseNorm(40, alpha: 3)),
        Chain("ReLU(), LocalResponseNorm(5, alpha: 0.5, divideAlpha: false), MaxPool2d(3, stride: 2)", (48, 17, 17),
            new ReLU(), new LocalResponseNorm(5, alpha: 0.5f, divideAlpha: false), new MaxPool2d(3, stride: 2)),
        Chain("LeakyReLU(slope: 0.1), LocalResponseNorm(5, alpha: 0.5)", (36, 5, 5), new LeakyReLU(0.1f),
        new LocalResponseNorm(5, alpha: 0.5f)),
        Chain("BatchNorm2d(), ReLU(), LocalResponseNorm(5, alpha: 0.5)", (36, 5, 6), new BatchNorm2d(), new ReLU(),
        new LocalResponseNorm(5, alpha: 0.5f)),
        Branches("response normalization of what is read again", (36, 5, 5), (net, x) =>
        {
            var relu = net.Add(new ReLU(), x);
            return net.Add(new Add(), net.Add(new LocalResponseNorm(3, alpha: 0.7f), relu), relu);
        }),
        First("LocalResponseNorm(5, alpha: 0.5)", (3, 7, 7), new LocalResponseNorm(5, alpha: 0.5f)),
        OnVector("BatchNorm1d()", 33, new BatchNorm1d()),
        OnVector("BatchNorm1d()", 64, new BatchNorm1d()) with { Batch = 16 },
        OnVector("BatchNorm1d(momentum: 0.3), ReLU()", 20, new BatchNorm1d(momentum: 0.3f), new ReLU()),
        OnVector("BatchNorm1d(), LeakyReLU(slope: 0.1), Dropout(0)", 48, new BatchNorm1d(), new LeakyReLU(0.1f), new Dropout(0)),
        Branches("batch normalization of what is read again", (16, 6, 6), (net, x) => net.Chain(net.Add(new Add(),
            net.Chain(x, new BatchNorm2d(), new ReLU(), new Conv2d(16, 3, padding: 1, bias: false), new BatchNorm2d()), x), new ReLU())),
    ];

    private static IEnumerable<LayerCase> Pools() =>
    [
        Chain("MaxPool2d(2)", (6, 8, 8), new MaxPool2d(2)),
        Chain("MaxPool2d(2)", (7, 9, 7), new MaxPool2d(2)),
        Chain("MaxPool2d(2)", (6, 8, 8), new MaxPool2d(2)) with { Batch = 33 },
        Chain("MaxPool2d(3, stride: 2)", (16, 13, 13), new MaxPool2d(3, stride: 2)),
        Chain("MaxPool2d(3, stride: 2)", (5, 8, 10), new MaxPool2d(3, stride: 2)),
        Chain("MaxPool2d(3, stride: 1)", (3, 6, 6), new MaxPool2d(3, stride: 1)),
        Chain("MaxPool2d(2, stride: 3)", (5, 8, 9), new MaxPool2d(2, stride: 3)),
        Chain("MaxPool2d((2, 3), stride: (1, 2))", (20, 6, 9), new MaxPool2d((2, 3), stride: (1, 2))),
        Chain("MaxPool2d(3, stride: 2, padding: 1)", (7, 8, 9), new MaxPool2d(3, stride: 2, padding: 1)),
        Chain("MaxPool2d((4, 2), padding: (2, 1))", (5, 7, 8), new MaxPool2d((4, 2), padding: (2, 1))),
        Chain("MaxPool2d(2, padding: Same)", (5, 7, 9), new MaxPool2d(2, padding: Padding.Same)),
        Chain("MaxPool2d(3, stride: 2, padding: Same)", (33, 6, 7), new MaxPool2d(3, stride: 2, padding: Padding.Same)),
        Chain("MaxPool2d(5)", (7, 5, 5), new MaxPool2d(5)),
        Chain("MaxPool2d(1)", (3, 4, 4), new MaxPool2d(1)),
        Chain("MinPool2d(2)", (6, 8, 8), new MinPool2d(2)),
        Chain("MinPool2d(3, stride: 2, padding: 1)", (33, 9, 7), new MinPool2d(3, stride: 2, padding: 1)),
        Chain("MinPool2d((2, 3), stride: (1, 2), padding: Same)", (16, 6, 9), new MinPool2d((2, 3), stride: (1, 2), padding: Padding.Same)),
        Chain("Conv2d(16, 5), Tanh(), MinPool2d(2)", (6, 12, 12), new Conv2d(16, 5), new Tanh(), new MinPool2d(2)),
        Chain("Conv2d(40, 3), ReLU(), MinPool2d(3, stride: 2)", (5, 12, 12), new Conv2d(40, 3), new ReLU(), new MinPool2d(3, stride: 2)),
        First("MinPool2d(2)", (3, 8, 8), new MinPool2d(2)),
        First("MaxPool2d(2)", (3, 8, 8), new MaxPool2d(2)),
        Chain("AvgPool2d(2)", (6, 8, 8), new AvgPool2d(2)),
        Chain("AvgPool2d(2)", (5, 9, 7), new AvgPool2d(2)),
        Chain("AvgPool2d(2)", (6, 8, 8), new AvgPool2d(2)) with { Batch = 33 },
        Chain("AvgPool2d(3, stride: 2)", (16, 9, 9), new AvgPool2d(3, stride: 2)),
        Chain("AvgPool2d(2, stride: 3)", (5, 8, 9), new AvgPool2d(2, stride: 3)),
        Chain("AvgPool2d((2, 3), stride: (1, 2))", (20, 6, 9), new AvgPool2d((2, 3), stride: (1, 2))),
        Chain("AvgPool2d(3, stride: 2, padding: 1)", (7, 8, 9), new AvgPool2d(3, stride: 2, padding: 1)),
        Chain("AvgPool2d(3, stride: 2, padding: 1, countPadding: false)", (7, 8, 9),
        new AvgPool2d(3, stride: 2, padding: 1, countPadding: false)),
        Chain("AvgPool2d((4, 2), padding: (2, 1), countPadding: false)", (5, 7, 8),
        new AvgPool2d((4, 2), padding: (2, 1), countPadding: false)),
        Chain("AvgPool2d(2, padding: Same)", (5, 7, 9), new AvgPool2d(2, padding: Padding.Same)),
        Chain("AvgPool2d(3, stride: 2, padding: Same, countPadding: false)", (33, 6, 7),
        new AvgPool2d(3, stride: 2, padding: Padding.Same, countPadding: false)),
        Chain("AvgPool2d(6)", (20, 6, 6), new AvgPool2d(6)),
        First("AvgPool2d(2)", (3, 8, 8), new AvgPool2d(2)),
        Chain("AdaptiveAvgPool2d(4)", (16, 8, 8), new AdaptiveAvgPool2d(4)),
        Chain("AdaptiveAvgPool2d(3)", (20, 7, 8), new AdaptiveAvgPool2d(3)),
        Chain("AdaptiveAvgPool2d((2, 5))", (33, 9, 7), new AdaptiveAvgPool2d((2, 5))),
        Chain("AdaptiveAvgPool2d(6)", (20, 1, 2), new AdaptiveAvgPool2d(6)),
        Chain("AdaptiveAvgPool2d(7)", (7, 5, 4), new AdaptiveAvgPool2d(7)),
        Chain("AdaptiveAvgPool2d((3, 8))", (16, 7, 3), new AdaptiveAvgPool2d((3, 8))),
        Chain("AdaptiveAvgPool2d(6)", (16, 6, 6), new AdaptiveAvgPool2d(6)),
        Chain("ReLU(), AdaptiveAvgPool2d(6), Dropout(0), Tanh()", (16, 6, 6), new ReLU(), new AdaptiveAvgPool2d(6), new Dropout(0),
        new Tanh()),
        First("AdaptiveAvgPool2d(5)", (3, 8, 8), new AdaptiveAvgPool2d(5)),
        Chain("GlobalAvgPool(), Linear(20)", (16, 7, 7), new GlobalAvgPool(), new Linear(20)),
        Chain("GlobalAvgPool(), Linear(20)", (33, 5, 6), new GlobalAvgPool(), new Linear(20)),
        Chain("GlobalAvgPool(), ReLU()", (20, 1, 1), new GlobalAvgPool(), new ReLU()),
        Chain("Conv2d(32, 3), ReLU(), GlobalAvgPool(), Dropout(0)", (16, 6, 6), new Conv2d(32, 3), new ReLU(), new GlobalAvgPool(),
        new Dropout(0)),
        First("GlobalAvgPool()", (3, 8, 8), new GlobalAvgPool()),
    ];

    private static IEnumerable<LayerCase> Activations() =>
    [
        Chain("ReLU()", (7, 5, 6), new ReLU()),
        Chain("LeakyReLU()", (7, 5, 6), new LeakyReLU()),
        Chain("LeakyReLU(slope: 0.1)", (20, 4, 4), new LeakyReLU(0.1f)),
        Chain("LeakyReLU(slope: 1)", (3, 4, 4), new LeakyReLU(1)),
        Chain("PReLU()", (7, 5, 6), new PReLU()),
        Chain("PReLU(perChannel: true)", (7, 5, 6), new PReLU(true)),
        Chain("PReLU(perChannel: true, initial: -0.5)", (33, 4, 5), new PReLU(true, -0.5f)),
        Chain("BatchNorm2d(), PReLU(perChannel: true)", (20, 5, 6), new BatchNorm2d(), new PReLU(true)),
        Chain("Conv2d(36, 3), PReLU(perChannel: true), MaxPool2d(2), Dropout(0)", (20, 8, 8), new Conv2d(36, 3), new PReLU(true),
        new MaxPool2d(2), new Dropout(0)),
        Chain("Conv2d(32, 3, padding: 1), PReLU(perChannel: true), Conv2d(32, 3, padding: 1), PReLU()", (16, 9, 9),
            new Conv2d(32, 3, padding: 1), new PReLU(true), new Conv2d(32, 3, padding: 1), new PReLU()),
        Chain("Conv2d(16, 5), PReLU(perChannel: true), AvgPool2d(2)", (6, 12, 12), new Conv2d(16, 5), new PReLU(true), new AvgPool2d(2)),
        First("PReLU(perChannel: true), Conv2d(8, 3), PReLU(perChannel: true)", (3, 6, 7), new PReLU(true), new Conv2d(8, 3),
        new PReLU(true)),
        Chain("Tanh()", (7, 5, 6), new Tanh()),
        Chain("Sigmoid()", (33, 5, 6), new Sigmoid()),
        Chain("GELU()", (7, 5, 6), new GELU()),
        Chain("GELU(approximate: \"tanh\")", (20, 4, 4), new GELU("tanh")),
        Chain("SiLU()", (33, 5, 6), new SiLU()),
        Chain("Conv2d(32, 3), GELU(), MaxPool2d(2)", (16, 10, 10), new Conv2d(32, 3), new GELU(), new MaxPool2d(2)),
        Chain("Conv2d(36, 3), SiLU(), AvgPool2d(2)", (20, 8, 8), new Conv2d(36, 3), new SiLU(), new AvgPool2d(2)),
        Chain("Conv2d(16, 5), GELU(), MaxPool2d(2)", (6, 12, 12), new Conv2d(16, 5), new GELU(), new MaxPool2d(2)),
        Chain("BatchNorm2d(), SiLU()", (16, 6, 6), new BatchNorm2d(), new SiLU()),
        Chain("Dropout(0)", (7, 5, 6), new Dropout(0)),
        First("ReLU()", (3, 5, 6), new ReLU()),
        First("Tanh()", (3, 5, 6), new Tanh()),
    ];

    private static IEnumerable<LayerCase> Vectors() =>
    [
        OnVector("Linear(7)", 20, new Linear(7)),
        OnVector("Linear(120)", 33, new Linear(120)),
        OnVector("Linear(33, bias: false)", 7, new Linear(33, bias: false)),
        OnVector("Linear(1)", 5, new Linear(1)),
        OnVector("Linear(64)", 64, new Linear(64)) with { Batch = 1 },
        OnVector("ReLU()", 33, new ReLU()),
        OnVector("LeakyReLU(slope: 0.2)", 33, new LeakyReLU(0.2f)),
        OnVector("PReLU()", 33, new PReLU()),
        OnVector("PReLU(perChannel: true)", 33, new PReLU(true)),
        OnVector("Linear(20), PReLU(perChannel: true), Dropout(0), Linear(7), PReLU()", 33, new Linear(20), new PReLU(true), new Dropout(0),
        new Linear(7), new PReLU()),
        OnVector("Tanh()", 20, new Tanh()),
        OnVector("Sigmoid()", 7, new Sigmoid()),
        OnVector("GELU()", 33, new GELU()),
        OnVector("Linear(20), SiLU(), Dropout(0), Linear(7), GELU()", 33, new Linear(20), new SiLU(), new Dropout(0), new Linear(7),
        new GELU()),
        OnVector("Softmax()", 33, new Softmax()),
        OnVector("Linear(7), Softmax(), Linear(4)", 20, new Linear(7), new Softmax(), new Linear(4)),
        Last("Softmax()", 10, new Softmax()),
        Last("ReLU(), Softmax()", 10, new ReLU(), new Softmax()),
        Last("Softmax(), Softmax()", 5, new Softmax(), new Softmax()),
        OnVector("Dropout(0)", 33, new Dropout(0)),
        OnVector("Linear(20), ReLU(), Dropout(0), Linear(7), ReLU()", 33, new Linear(20), new ReLU(), new Dropout(0), new Linear(7),
        new ReLU()),
        First("Flatten(), Linear(9)", (3, 4, 5), new Flatten(), new Linear(9)),
        Chain("Flatten(), Linear(20)", (33, 3, 4), new Flatten(), new Linear(20)),
    ];

    private static IEnumerable<LayerCase> Resizes() =>
    [
        First("Resize(14)", (1, 7, 7), new Resize(14)),
        First("Resize((9, 20))", (3, 5, 8), new Resize((9, 20))),
        First("Resize(6)", (3, 6, 6), new Resize(6)),
        First("Resize((5, 11)), Conv2d(8, 3), ReLU()", (2, 8, 8), new Resize((5, 11)), new Conv2d(8, 3), new ReLU()),
        First("Resize(56), Conv2d(24, 11, stride: 4), ReLU(), MaxPool2d(3, stride: 2)", (1, 28, 28),
            new Resize(56), new Conv2d(24, 11, stride: 4), new ReLU(), new MaxPool2d(3, stride: 2)),
        Chain("Resize(10)", (16, 5, 5), new Resize(10)),
        Chain("ReLU(), Resize((7, 3)), Tanh()", (20, 5, 6), new ReLU(), new Resize((7, 3)), new Tanh()),
    ];

    // Neighbors that an executor fuses, reorders or views.
    private static IEnumerable<LayerCase> Chains() =>
    [
        Chain("Conv2d(7, 3), ReLU()", (5, 8, 8), new Conv2d(7, 3), new ReLU()),
        Chain("Conv2d(16, 3, padding: 1), LeakyReLU(slope: 0.1)", (16, 8, 8), new Conv2d(16, 3, padding: 1), new LeakyReLU(0.1f)),
        Chain("Conv2d(7, 3), Tanh(), AvgPool2d(2)", (5, 8, 8), new Conv2d(7, 3), new Tanh(), new AvgPool2d(2)),
        Chain("Conv2d(16, 5), ReLU(), MaxPool2d(2)", (6, 12, 12), new Conv2d(16, 5), new ReLU(), new MaxPool2d(2)),
        Chain("Conv2d(16, 5), Tanh(), MaxPool2d(2)", (6, 12, 12), new Conv2d(16, 5), new Tanh(), new MaxPool2d(2)),
        Chain("Conv2d(16, 5), Sigmoid(), AvgPool2d(2)", (6, 12, 12), new Conv2d(16, 5), new Sigmoid(), new AvgPool2d(2)),
        Chain("Conv2d(16, 3, padding: 1), ReLU(), MaxPool2d(3, stride: 2)", (16, 13, 13),
            new Conv2d(16, 3, padding: 1), new ReLU(), new MaxPool2d(3, stride: 2)),
        Chain("Conv2d(16, 3, padding: 1), LeakyReLU(slope: 0.2), MaxPool2d(3, stride: 2)", (16, 11, 11),
            new Conv2d(16, 3, padding: 1), new LeakyReLU(0.2f), new MaxPool2d(3, stride: 2)),
        Chain("Conv2d(16, 3, padding: 1), ReLU(), MaxPool2d(3, stride: 2, padding: 1)", (16, 8, 8),
            new Conv2d(16, 3, padding: 1), new ReLU(), new MaxPool2d(3, stride: 2, padding: 1)),
        Chain("Conv2d(40, 3), ReLU(), MaxPool2d(3, stride: 2)", (5, 15, 14), new Conv2d(40, 3), new ReLU(), new MaxPool2d(3, stride: 2)),
        Chain("Conv2d(40, 3), ReLU(), MaxPool2d(3, stride: 2, padding: 1)", (5, 12, 13), new Conv2d(40, 3), new ReLU(),
        new MaxPool2d(3, stride: 2, padding: 1)),
        Chain("Conv2d(40, 3), LeakyReLU(slope: 0.2), MaxPool2d(2)", (5, 11, 12), new Conv2d(40, 3), new LeakyReLU(0.2f), new MaxPool2d(2)),
        Chain("Conv2d(40, 3), Tanh(), MaxPool2d(3, stride: 2, padding: Same)", (5, 10, 10), new Conv2d(40, 3), new Tanh(),
        new MaxPool2d(3, stride: 2, padding: Padding.Same)),
        Chain("Conv2d(40, 3), ReLU(), MaxPool2d(2), Dropout(0)", (5, 9, 10), new Conv2d(40, 3), new ReLU(), new MaxPool2d(2),
        new Dropout(0)),
        Chain("Conv2d(16, 3, padding: 1), MaxPool2d(2), ReLU()", (16, 8, 8), new Conv2d(16, 3, padding: 1), new MaxPool2d(2), new ReLU()),
        Chain("Conv2d(7, 3), Dropout(0), ReLU()", (5, 8, 8), new Conv2d(7, 3), new Dropout(0), new ReLU()),
        Chain("Conv2d(7, 3), ReLU(), ReLU()", (5, 8, 8), new Conv2d(7, 3), new ReLU(), new ReLU()),
        Chain("MaxPool2d(2), AvgPool2d(2)", (7, 9, 9), new MaxPool2d(2), new AvgPool2d(2)),
        Chain("Conv2d(32, 3, padding: 1), ReLU(), Conv2d(32, 3, padding: 1), ReLU(), Conv2d(20, 3, padding: 1)", (16, 9, 9),
            new Conv2d(32, 3, padding: 1), new ReLU(), new Conv2d(32, 3, padding: 1), new ReLU(), new Conv2d(20, 3, padding: 1)),
    ];

    private static IEnumerable<LayerCase> Branching() =>
    [
        Branches("residual block", (16, 7, 7), (net, x) =>
            net.Chain(net.Add(new Add(), net.Chain(x, new Conv2d(16, 3, padding: 1), new ReLU(), new Conv2d(16, 3, padding: 1)), x),
                new ReLU())),
        Branches("residual block with a projection", (5, 8, 9), (net, x) => net.Add(new Add(),
            net.Chain(x, new Conv2d(7, 3, stride: 2, padding: 1), new ReLU(), new Conv2d(7, 3, padding: 1)),
            net.Add(new Conv2d(7, 1, stride: 2, bias: false), x))),
        Branches("inception module", (7, 6, 6), (net, x) => net.Add(new Concat(),
            net.Chain(x, new Conv2d(5, 1), new ReLU()),
            net.Chain(x, new Conv2d(3, 1), new ReLU(), new Conv2d(7, 3, padding: 1), new ReLU()),
            net.Chain(x, new Conv2d(3, 1), new ReLU(), new Conv2d(20, 5, padding: 2), new ReLU()),
            net.Chain(x, new MaxPool2d(3, stride: 1, padding: 1), new Conv2d(1, 1), new ReLU()))),
        Branches("a node used three times", (6, 6, 6), (net, x) =>
        {
            var shared = net.Chain(x, new Conv2d(6, 3, padding: 1), new ReLU());
            return net.Add(new Add(), net.Add(new Conv2d(6, 3, padding: 1), shared), net.Add(new Tanh(), shared), shared);
        }),
        Branches("a convolution used with and without its activation", (5, 6, 6), (net, x) =>
        {
            var shared = net.Add(new Conv2d(7, 3), x);
            return net.Add(new Concat(), net.Add(new ReLU(), shared), shared);
        }),
        Branches("an activation used pooled and unpooled", (16, 6, 6), (net, x) =>
        {
            var shared = net.Chain(x, new Conv2d(16, 3, padding: 1), new ReLU());
            return net.Add(new Add(), net.Add(new MaxPool2d(3, stride: 1, padding: 1), shared), shared);
        }),
        Branches("an activation of many channels used in two poolings", (7, 9, 9), (net, x) =>
        {
            var shared = net.Chain(x, new Conv2d(40, 3), new ReLU());
            return net.Add(new Add(), net.Add(new MaxPool2d(3, stride: 2), shared), net.Add(new MaxPool2d(3, stride: 2), shared));
        }),
        Branches("a pooling of an activation used twice", (7, 9, 9), (net, x) =>
        {
            var pooled = net.Chain(x, new Conv2d(40, 3), new ReLU(), new MaxPool2d(3, stride: 2));
            return net.Add(new Add(), net.Add(new Conv2d(40, 3, padding: 1), pooled), pooled);
        }),
        Branches("Concat of odd channels", (3, 5, 5), (net, x) =>
            net.Add(new Concat(), net.Add(new Conv2d(7, 1), x), net.Add(new Conv2d(5, 3, padding: 1), x), net.Add(new Conv2d(33, 1), x),
                x)),
        Branches("Concat of Concats", (16, 4, 4), (net, x) =>
        {
            var pair = net.Add(new Concat(), x, net.Add(new Conv2d(16, 1), x));
            return net.Add(new Concat(), pair, net.Add(new Conv2d(4, 3, padding: 1), pair), x);
        }),
        Branches("Concat of whole blocks of channels", (16, 5, 6), (net, x) =>
            net.Add(new Concat(), net.Chain(x, new Conv2d(32, 3, padding: 1, bias: false), new BatchNorm2d(), new ReLU()),
                net.Chain(x, new MaxPool2d(3, stride: 1, padding: 1), new Conv2d(16, 1)), x)),
        Branches("residual block with channels of zeros", (16, 6, 6), (net, x) => net.Add(new Add(),
            net.Chain(x, new Conv2d(32, 3, stride: 2, padding: 1, bias: false), new BatchNorm2d()),
            net.Chain(x, new AvgPool2d(1, stride: 2), new PadChannels(16)))),
        Chain("PadChannels(5)", (7, 4, 5), new PadChannels(5)),
        Chain("PadChannels(16), Tanh()", (32, 3, 3), new PadChannels(16), new Tanh()),
        First("PadChannels(3)", (5, 5, 5), new PadChannels(3)),
        Branches("Concat of a node with itself", (5, 4, 4), (net, x) => net.Add(new Conv2d(6, 3), net.Add(new Concat(), x, x))),
        Branches("Concat in front of a pool", (7, 6, 6), (net, x) =>
            net.Add(new MaxPool2d(2), net.Add(new Concat(), net.Add(new Sigmoid(), x), x))),
        Branches("Add of a node with itself", (5, 4, 4), (net, x) => net.Add(new Add(), x, x)),
        Branches("PReLU of a node used twice", (20, 4, 4), (net, x) => net.Add(new Add(), net.Add(new PReLU(true), x), x)),
        Branches("Add of four", (20, 4, 4), (net, x) =>
            net.Add(new Add(), x, net.Add(new Tanh(), x), net.Add(new Sigmoid(), x), net.Add(new LeakyReLU(0.3f), x))),
        Branches("Add of an Add", (6, 4, 4), (net, x) =>
        {
            var sum = net.Add(new Add(), x, net.Add(new ReLU(), x));
            return net.Add(new ReLU(), net.Add(new Add(), sum, net.Add(new Conv2d(6, 3, padding: 1), sum)));
        }),
        Branches("the input used twice", (2, 5, 5),
        (net, x) => net.Add(new Concat(), net.Add(new Conv2d(3, 3, padding: 1), net.Input), x, net.Input)),
        VectorBranches("Concat of vectors", 7,
        (net, x) => net.Add(new Concat(), net.Add(new Linear(5), x), net.Chain(x, new Linear(20), new ReLU()), x)),
        VectorBranches("Add of vectors", 20, (net, x) => net.Add(new Add(), net.Chain(x, new Linear(20), new Tanh()), x)),
        VectorBranches("a vector used three times", 9, (net, x) =>
            net.Add(new Add(), net.Add(new Linear(6), x), net.Add(new Linear(6), x), net.Add(new Linear(6, bias: false), x))),
    ];
}
