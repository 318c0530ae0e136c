using Convolve.Layers;

namespace Convolve.Zoo.Experiments;

/// <summary>The experiments by name.</summary>
/// <remarks>
/// Recipes carry the values of their sources. Where a source trained on all images and looked at the test set, so does the recipe: there is
/// no validation split.
/// </remarks>
internal static class ExperimentCatalog
{
    internal const string NoChoice =
        "The source has no validation split, so the weights of the epoch with the best training accuracy are tested.";

    /// <summary>All experiments.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
        [.. MnistExperiments.All, .. FashionExperiments.All, .. CifarExperiments.All, .. Ablations.All];

    /// <summary>The experiment of a name.</summary>
    /// <exception cref="NetworkException">The name is unknown; the message has the nearest one and the list.</exception>
    public static Experiment Find(string name)
    {
        if (All.FirstOrDefault(e => e.Name == name) is { } found)
            return found;
        throw new NetworkException(
            $"Unknown experiment \"{name}\".{NearestName.Guess(name, All.Select(e => e.Name))} Use one of " +
            $"{string.Join(", ", All.Select(e => e.Name))}.");
    }

    /// <summary>What is chosen in a network.</summary>
    internal static Dictionary<string, string> Chosen(params (string Key, string Value)[] options) =>
        options.ToDictionary(o => o.Key, o => o.Value);
}
