using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo.Tests;

/// <summary>What each network must be: the figures of its source.</summary>
public sealed record GoldenNetwork(string Name, int Classes, Dictionary<string, string> Options, long Parameters, long MultiplyAdds, Shape? Smallest)
{
    public static IReadOnlyList<GoldenNetwork> All { get; } =
    [
        new("lenet5", 10, [], 61_706, 416_520, new(1, 12, 12)),
        new("lenet5", 10, new() { ["activation"] = "sigmoid", ["pooling"] = "avg" }, 61_706, 416_520, new(1, 12, 12)),
        new("lenet5", 10, new() { ["activation"] = "tanh", ["dropout"] = "0.5" }, 61_706, 416_520, new(1, 12, 12)),
        new("lenet5-keras", 10, [], 44_426, 281_640, new(1, 16, 16)),
        new("lenet5-1998", 10, [], 61_706, 416_520, new(1, 16, 16)),
        new("alexnet-d2l", 10, [], 46_764_746, 938_146_176, new(1, 67, 67)),
        new("alexnet-torchvision", 10, [], 57_044_810, 710_133_440, new(3, 63, 63)),
        new("alexnet-torchvision", 1000, [], 61_100_840, 714_188_480, new(3, 63, 63)),
    ];

    public Graph Create() => NetworkCatalog.Create(Name, Classes, Options);

    public override string ToString() => string.Join(' ', [Name, Classes, .. Options.Select(o => $"{o.Key}={o.Value}")]);
}
