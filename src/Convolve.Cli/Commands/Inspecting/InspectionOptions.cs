using System.CommandLine;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inspection;

namespace Convolve.Cli.Commands.Inspecting;

/// <summary>What the commands that look inside a network have in common.</summary>
/// <param name="file">The sheet that they write unless told.</param>
internal sealed class InspectionOptions(string file)
{
    public Argument<string> Run { get; } = new("RUN") { HelpName = "RUN", Description = RunArgument.Description };

    public Argument<string> Image { get; } = new("IMAGE") { HelpName = "IMAGE", Description = InspectedPicture.Description };

    public Option<string?> DataDirectory { get; } = Inputs.DataDirectory();

    public Option<string?> Out { get; } = SheetFile.Option(file);

    public Option<int?> Threads { get; } =
        Inputs.Integer("--threads", "Kernel threads; 0 means OMP_NUM_THREADS, or all cores. Default: 0.", least: 0);

    public Option<bool> Json { get; } = Inputs.Json();

    /// <summary>The sheet to write.</summary>
    public SheetFile Sheet(ParseResult line) => new(line.GetValue(Out) ?? file, Out.Name);

    /// <exception cref="UsageException">More threads than there can be.</exception>
    public ExecutionOptions Execution(ParseResult line, RunArgument run) =>
        line.GetValue(Threads) > Machine.MostThreads
            ? throw new UsageException($"--threads: expected at most {Machine.MostThreads}, got {line.GetValue(Threads)}.")
            : new() { Threads = line.GetValue(Threads) ?? 0, Exact = run.HasRecipe && run.ReadRecipe().Exact };

    /// <summary>An option that names layers.</summary>
    public static Option<string?> Layers(string description) => Inputs.Word("--layer", "NAME,NAME,...", description);

    /// <exception cref="Convolve.Layers.NetworkException">One of them is not in the network.</exception>
    public static IReadOnlyList<Node> Find(Graph graph, string typed) =>
        [.. typed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(name => LayerNames.Find(graph, name)).Distinct()];

    /// <summary>The number of a class that was named, or else of the most probable one.</summary>
    /// <exception cref="UsageException">There is no such class.</exception>
    public static int ClassOf(string? typed, IReadOnlyList<string> names, float[] probabilities)
    {
        if (typed is null)
            return Array.IndexOf(probabilities, probabilities.Max());
        int label = names.ToList().FindIndex(name => name.Equals(typed, StringComparison.OrdinalIgnoreCase));
        return label >= 0 ? label
            : throw new UsageException($"--class: unknown class \"{typed}\".{NearestName.Guess(typed, names)} " +
                $"The classes are {string.Join(", ", names)}.");
    }

    /// <summary>Such as "sandal 0.931, sneaker 0.050, bag 0.010".</summary>
    public static string Words(IReadOnlyList<string> names, float[] probabilities) => string.Join(", ", probabilities.Index()
        .OrderByDescending(p => p.Item).Take(3).Select(p => $"{names[p.Index]} {Format.Fraction(p.Item)}"));
}
