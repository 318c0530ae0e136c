using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Cli.Tests.Doctor;

/// <summary>Networks of set-ups in words such as "conv8x3p relu pool2 flatten fc10"; setups.txt says which there are.</summary>
internal static partial class SetupNetwork
{
    /// <summary>Whether a network is described in words, and not named.</summary>
    public static bool IsDescribed(string text) => text.Contains(' ', StringComparison.Ordinal);

    /// <summary>The network.</summary>
    /// <param name="text">The words.</param>
    /// <param name="input">The shape of a picture.</param>
    public static Graph Read(string text, Shape input)
    {
        GraphBuilder net = new("mine", input);
        var last = net.Input;
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < words.Length; i++)
        {
            if (Block().Match(words[i]) is { Success: true } block)
            {
                last = Residual(net, last, Number(block, 2), block.Groups[1].Value.Length > 0);
                continue;
            }
            Layer layer = LayerOf(words[i]);
            for (; i + 1 < words.Length && words[i + 1].StartsWith('@'); i++)
                layer = Started((WeightedLayer)layer, words[i + 1]);
            last = net.Chain(last, layer);
        }
        return net.Build(last);
    }

    private static GraphBuilder.Handle Residual(GraphBuilder net, GraphBuilder.Handle from, int filters, bool isNormalized)
    {
        Layer[] path = isNormalized
            ? [new Conv2d(filters, 3, padding: 1, bias: false), new BatchNorm2d(), new ReLU(),
                new Conv2d(filters, 3, padding: 1, bias: false), new BatchNorm2d()]
            : [new Conv2d(filters, 3, padding: 1), new ReLU(), new Conv2d(filters, 3, padding: 1)];
        return net.Chain(net.Add(new Add(), net.Chain(from, path), from), new ReLU());
    }

    private static Layer LayerOf(string word) => word switch
    {
        "relu" => new ReLU(),
        "leaky" => new LeakyReLU(),
        "sigmoid" => new Sigmoid(),
        "tanh" => new Tanh(),
        "gelu" => new GELU(),
        "softmax" => new Softmax(),
        "flatten" => new Flatten(),
        "gap" => new GlobalAvgPool(),
        "bn" => new BatchNorm2d(),
        "bn1" => new BatchNorm1d(),
        "lrn" => new LocalResponseNorm(5),
        _ when Match(Conv(), word) is { } m => new Conv2d(Number(m, 1), Number(m, 2),
            stride: m.Groups[4].Success ? (Size2)Number(m, 4) : null, padding: m.Groups[3].Value == "p" ? Padding.Same : 0),
        _ when Match(Linear(), word) is { } m => new Linear(Number(m, 1)),
        _ when Match(Pool(), word) is { } m => m.Groups[1].Value == "avg"
            ? new AvgPool2d(Number(m, 2), m.Groups[3].Success ? (Size2)Number(m, 3) : null)
            : new MaxPool2d(Number(m, 2), m.Groups[3].Success ? (Size2)Number(m, 3) : null),
        _ when word.StartsWith("drop", StringComparison.Ordinal) => new Dropout(float.Parse(word[4..], CultureInfo.InvariantCulture)),
        _ when word.StartsWith("bn:", StringComparison.Ordinal) =>
            new BatchNorm2d(momentum: float.Parse(word[3..], CultureInfo.InvariantCulture)),
        _ => throw new FormatException($"\"{word}\" is not a word for a layer: see setups.txt."),
    };

    private static WeightedLayer Started(WeightedLayer layer, string word)
    {
        string name = word[3..];
        return layer with
        {
            Initialization = word.StartsWith("@b=", StringComparison.Ordinal)
                ? layer.Initialization with { Biases = Initialization.Parse($"constant({name})").Weights }
                : layer.Initialization with { Weights = Initialization.Parse(name).Weights },
        };
    }

    private static Match? Match(Regex pattern, string word) => pattern.Match(word) is { Success: true } match ? match : null;

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^conv(\d+)x(\d+)(p?)(?:/(\d+))?$")]
    private static partial Regex Conv();

    [GeneratedRegex(@"^fc(\d+)$")]
    private static partial Regex Linear();

    [GeneratedRegex(@"^(pool|avg)(\d+)(?:/(\d+))?$")]
    private static partial Regex Pool();

    [GeneratedRegex(@"^res(bn)?(\d+)$")]
    private static partial Regex Block();
}
