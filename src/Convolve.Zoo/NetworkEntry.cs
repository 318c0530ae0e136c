using Convolve.Graphs;

namespace Convolve.Zoo;

/// <summary>A network of the zoo.</summary>
/// <param name="Name">As typed on the command line.</param>
/// <param name="Description">One line.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Options">What may be chosen; each as typed, such as activation=sigmoid.</param>
/// <param name="Build">Makes it, from a number of classes and the chosen options.</param>
public sealed record NetworkEntry(string Name, string Description, string Source, IReadOnlyList<NetworkOption> Options,
    Func<int, NetworkChoices, Graph> Build);

/// <summary>Something that may be chosen in a network.</summary>
/// <param name="Name">Such as "activation".</param>
/// <param name="Values">What it takes, for people, such as "relu, sigmoid or tanh".</param>
/// <param name="Default">What it is where nothing is chosen, as typed.</param>
public sealed record NetworkOption(string Name, string Values, string Default);
