using Convolve.Zoo;

namespace Convolve.Bench;

/// <summary>A network at a batch size, or what a <see cref="CifarRecipe"/> trains at its own.</summary>
/// <param name="Network">The network's or the recipe's name.</param>
/// <param name="BatchSize">Images of a step.</param>
internal readonly record struct Workload(string Network, int BatchSize)
{
    private const long FewMultiplyAdds = 50_000_000;

    public static Workload LeNet { get; } = new("lenet5", 256);

    public static Workload AlexNet { get; } = new("alexnet-d2l", 128);

    public static Workload Fashion28 { get; } = new("fashion28", 256);

    /// <summary>The paper's, with local response normalization.</summary>
    public static Workload AlexNet2012 { get; } = new("alexnet-2012", 128);

    /// <summary>Those with batch normalization that PyTorch trains too.</summary>
    public static IReadOnlyList<Workload> Normalized { get; } = [new("alexnet-bn", 64), new("cnn-bn-leaky", 256)];

    /// <summary>Whether it is a recipe, which is trained on noise, and not a network alone.</summary>
    public bool IsRecipe => CifarRecipe.Find(Network) is not null;

    /// <summary>Whether a step takes milliseconds, and not a good part of a second.</summary>
    public bool IsSmall => (CifarRecipe.Find(Network)?.Graph ?? NetworkCatalog.Create(Network)).MultiplyAdds < FewMultiplyAdds;

    public override string ToString() => $"{Network} B{BatchSize}";
}
