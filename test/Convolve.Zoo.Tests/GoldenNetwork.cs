using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo.Tests;

/// <summary>What each network must be: the figures of its source.</summary>
public sealed record GoldenNetwork(string Name, int Classes, Dictionary<string, string> Options, long Parameters, long MultiplyAdds,
    Shape? Smallest)
{
    public static IReadOnlyList<GoldenNetwork> All { get; } =
    [
        new("lenet5", 10, [], 61_706, 416_520, new(1, 12, 12)),
        new("lenet5", 10, new() { ["activation"] = "sigmoid", ["pooling"] = "avg" }, 61_706, 416_520, new(1, 12, 12)),
        new("lenet5", 10, new() { ["activation"] = "tanh", ["dropout"] = "0.5" }, 61_706, 416_520, new(1, 12, 12)),
        new("lenet5-keras", 10, [], 44_426, 281_640, new(1, 16, 16)),
        new("lenet5-1998", 10, [], 61_706, 416_520, new(1, 16, 16)),
        new("alexnet-d2l", 10, [], 46_764_746, 938_146_176, new(1, 67, 67)),
        new("alexnet-2012", 1000, [], 60_965_224, 724_406_816, new(3, 67, 67)),
        new("alexnet-torchvision", 10, new() { ["input"] = "3x64x64" }, 57_044_810, 94_089_920, new(3, 63, 63)),
        new("alexnet-torchvision", 10, [], 57_044_810, 710_133_440, new(3, 63, 63)),
        new("alexnet-torchvision", 1000, [], 61_100_840, 714_188_480, new(3, 63, 63)),
        new("alexnet-bn", 10, [], 58_325_066, 1_131_201_056, new(3, 67, 67)),
        new("alexnet-small", 10, [], 1_788_442, 74_578_944, new(1, 29, 29)),
        new("cuda-convnet", 10, [], 89_578, 12_298_240, new(3, 1, 1)), // as Caffe's cifar10_full
        new("cuda-convnet", 10, new() { ["activation"] = "tanh" }, 89_578, 12_298_240, new(3, 1, 1)),
        new("cnn-bn-leaky", 10, [], 582_602, 7_824_640, new(3, 1, 1)),
        new("fashion28", 10, [], 278_890, 14_825_216, new(1, 8, 8)),
        new("vgg11", 1000, [], 132_863_336, 7_609_090_048, new(3, 32, 32)),
        new("vgg13", 1000, [], 133_047_848, 11_308_466_176, new(3, 32, 32)),
        new("vgg16", 1000, [], 138_357_544, 15_470_264_320, new(3, 32, 32)),
        new("vgg19", 1000, [], 143_667_240, 19_632_062_464, new(3, 32, 32)),
        new("vgg11-bn", 1000, [], 132_868_840, 7_609_090_048, new(3, 32, 32)),
        new("vgg13-bn", 1000, [], 133_053_736, 11_308_466_176, new(3, 32, 32)),
        new("vgg19-bn", 1000, [], 143_678_248, 19_632_062_464, new(3, 32, 32)),
        new("vgg16-bn", 1000, [], 138_365_992, 15_470_264_320, new(3, 32, 32)),
        new("nin", 10, [], 966_986, 222_486_528, new(3, 1, 1)), // as the authors' Caffe model
        new("nin-d2l", 10, [], 1_992_166, 762_297_352, new(1, 67, 67)),
        new("googlenet", 1000, [], 6_998_552, 1_582_671_872, new(3, 1, 1)), // as Caffe's bvlc_googlenet without its auxiliary classifiers
        new("googlenet-bn", 1000, [], 6_624_904, 1_498_376_192, new(3, 1, 1)),
        new("resnet18", 1000, [], 11_689_512, 1_814_073_344, new(3, 1, 1)),
        new("resnet34", 1000, [], 21_797_672, 3_663_761_408, new(3, 1, 1)),
        new("resnet50", 1000, [], 25_557_032, 4_089_184_256, new(3, 1, 1)),
        new("resnet20", 10, [], 269_722, 40_551_040, new(3, 1, 1)), // the paper's table 6: .27, .46, .66, .85 and 1.7 M
        new("resnet20", 10, new() { ["shortcut"] = "projection" }, 272_474, 40_813_184, new(3, 1, 1)),
        new("resnet32", 10, [], 464_154, 68_862_592, new(3, 1, 1)),
        new("resnet44", 10, [], 658_586, 97_174_144, new(3, 1, 1)),
        new("resnet56", 10, [], 853_018, 125_485_696, new(3, 1, 1)),
        new("resnet110", 10, [], 1_727_962, 252_887_680, new(3, 1, 1)),
    ];

    public Graph Create() => NetworkCatalog.Create(Name, Classes, Options);

    public override string ToString() => string.Join(' ', [Name, Classes, .. Options.Select(o => $"{o.Key}={o.Value}")]);
}
