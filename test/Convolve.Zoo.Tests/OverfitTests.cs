using Convolve.Data;
using Convolve.Graphs;
using Convolve.Training;
using Convolve.Training.Checks;

namespace Convolve.Zoo.Tests;

/// <summary>
/// Every network of the zoo learns one batch by heart, with its own recipe on its usual input: 4 images of a large network, and in 200
/// steps where one of them takes long.
/// </summary>
public sealed class OverfitTests
{
    private const long LargeMultiplyAdds = 500_000_000;

    private static readonly Lazy<LoadedData> Pictures = new(() => Datasets.Load("fashion-mnist"));

    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(entry => entry.Name)];

    [Theory, MemberData(nameof(Names)), Trait("Category", "Slow")]
    public void EveryNetworkLearnsOneBatchByHeart(string name)
    {
        Graph graph = NetworkCatalog.Create(name);
        Recipe recipe = Recipes.For(name, "fashion-mnist");
        if (graph.MultiplyAdds > LargeMultiplyAdds)
            recipe = recipe with { BatchSize = 4 };
        OverfitCheck check = OverfitCheck.Run(graph, Pictures.Value.Split(0.1, limit: 1000), recipe);
        Assert.True(check.IsLearned, $"{name}: {string.Join("; ", check.Attempts)}: {check}");
    }

    [Theory, Trait("Category", "Slow")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void TheExampleOfTheDocumentationPassesForSeveralSeeds(int seed)
    {
        Recipe recipe = Recipes.For("lenet5", "fashion-mnist") with { Seed = (ulong)seed };
        OverfitCheck check = OverfitCheck.Run(NetworkCatalog.Create("lenet5"), Pictures.Value.Split(recipe.ValidationFraction, recipe.Seed),
            recipe);
        Assert.True(check.IsLearned, $"{check}");
    }
}
