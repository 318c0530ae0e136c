using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;

namespace Convolve.Zoo.Tests;

public class RecipesTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(entry => entry.Name)];

    [Theory, MemberData(nameof(Names))]
    public void EveryNetworkHasAnOwnRecipeThatCanBeFollowed(string name)
    {
        Recipe recipe = Recipes.For(name, "fashion-mnist");
        Assert.Equal((name, "fashion-mnist"), (recipe.Network, recipe.Dataset));
        recipe.Validate();
        Assert.False(recipe.Optimizer.DecaysBiases);
        Assert.InRange(recipe.ValidationFraction, 0.05, 0.2); // the test split chooses nothing
    }

    [Fact]
    public void ANetworkOfOnesOwnHasTheRecipeOfItsKind()
    {
        static Recipe Of(params Layer[] layers) =>
            Recipes.For(Graph.Sequential("mine", (1, 28, 28), [.. layers, new Flatten(), new Linear(10)]), "mnist");
        Recipe small = Of(new Conv2d(6, 5)), large = Of(new Conv2d(64, 3), new ReLU(), new Conv2d(64, 3)),
            normalized = Of(new Conv2d(6, 5), new BatchNorm2d());
        Assert.All([small, large, normalized], recipe => Assert.Equal(("mine", "mnist"), (recipe.Network, recipe.Dataset)));
        Assert.Equal(Recipes.For("lenet5", "mnist") with { Network = "mine" }, small);
        Assert.Equal(Recipes.For("alexnet-d2l", "mnist") with { Network = "mine" }, large);
        Assert.Equal(Recipes.For("fashion28", "mnist") with { Network = "mine" }, normalized);
    }

    [Fact]
    public void AnUnknownNetworkHasNone() =>
        Assert.Contains("Did you mean lenet5?", Assert.Throws<NetworkException>(() => Recipes.For("lenet", "mnist")).Message,
            StringComparison.Ordinal);
}
