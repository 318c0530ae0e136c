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
    public void AnUnknownNetworkHasNone() =>
        Assert.Contains("Did you mean lenet5?", Assert.Throws<NetworkException>(() => Recipes.For("lenet", "mnist")).Message, StringComparison.Ordinal);
}
