using Convolve.Graphs;

namespace Convolve.Zoo;

/// <summary>A network of the zoo; <see cref="NetworkCatalog.Create"/> makes it.</summary>
public sealed record NetworkEntry
{
    /// <param name="name">As typed on the command line.</param>
    /// <param name="description">One line.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="options">What may be chosen; each as typed, such as activation=sigmoid.</param>
    /// <param name="build">Makes it, from a number of classes and the chosen options.</param>
    internal NetworkEntry(string name, string description, string source, IReadOnlyList<NetworkOption> options,
        Func<int, NetworkChoices, Graph> build) =>
        (Name, Description, Source, Options, Build) = (name, description, source, options, build);

    /// <summary>As typed on the command line.</summary>
    public string Name { get; }

    /// <summary>One line.</summary>
    public string Description { get; }

    /// <summary>Where it comes from.</summary>
    public string Source { get; }

    internal IReadOnlyList<NetworkOption> Options { get; }

    internal Func<int, NetworkChoices, Graph> Build { get; }
}

/// <summary>Something that may be chosen in a network.</summary>
/// <param name="Name">Such as "activation".</param>
/// <param name="Values">What it takes, for people, such as "relu, sigmoid or tanh".</param>
/// <param name="Default">What it is where nothing is chosen, as typed.</param>
internal sealed record NetworkOption(string Name, string Values, string Default);
