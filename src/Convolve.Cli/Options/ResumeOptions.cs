using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Graphs;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Cli.Options;

/// <summary>
/// The options of 'convolve train' for resuming runs, and for what a run leaves in its folder.
/// </summary>
internal sealed class ResumeOptions
{
    // Another network differs in every layer.
    private const int MostNamed = 8;

    private readonly Option<string?> _resume = Inputs.Word("--resume", "RUN",
        "Resume the interrupted or killed run in this folder, even mid-epoch; the result is bit-identical to an uninterrupted run. NET, " +
        "--data and the recipe come from the run; options repeated here must agree with it.");

    private readonly Option<bool> _override = Inputs.Flag("--override",
        "With --resume: use the options on this command line, such as --epochs or --lr, instead of the ones the run was started with. " +
        "none turns a setting off: --early-stop none, --clip-norm none, --ema none. The parameters, their initialization, the optimizer " +
        "and the split of the images can't change.");

    private readonly Option<int?> _saveEvery = Inputs.Integer("--save-every",
        "Save a checkpoint every N steps too, at least 1. Default: only at the end of each epoch.", least: 1);

    private readonly Option<bool> _noCheckpoint =
        Inputs.Flag("--no-checkpoint", "Save only the best weights: the run takes less disk space, but can't be resumed.");

    private readonly Option<bool> _histograms = Inputs.Flag("--histograms",
        "Add histograms of all weights and gradients to the run's TensorBoard files at the end of each epoch.");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_resume, _override, _saveEvery, _noCheckpoint, _histograms])
            command.Add(option);
    }

    /// <summary>Whether a run is resumed.</summary>
    public bool IsGiven(SymbolResult line) => line.GetResult(_resume) is not null;

    /// <summary>Refuses all of this, and more, where nothing is kept.</summary>
    /// <exception cref="UsageException">Something is given.</exception>
    public void RefuseAll(ParseResult line, string reason, params ReadOnlySpan<Option> more) =>
        GivenOptions.Refuse(line, reason, [_resume, _override, _saveEvery, _noCheckpoint, _histograms, .. more]);

    /// <summary>What resumes a run that is kept as another one was to be.</summary>
    /// <param name="line">What that one was started with.</param>
    /// <param name="folder">The run.</param>
    public IEnumerable<string> WordsFor(ParseResult line, string folder) =>
        [_resume.Name, folder, .. GivenOptions.WordsOf(line, _saveEvery, _histograms)];

    /// <summary>Opens the run to resume; null for a new run.</summary>
    /// <exception cref="RecipeException">It is not a run folder, or a training has it open.</exception>
    public RunFolder? Open(ParseResult line) => line.GetValue(_resume) is { } folder ? RunFolder.Open(folder) : null;

    /// <summary>What the run leaves in its folder: how often checkpoints are saved, whether there are histograms.</summary>
    /// <exception cref="UsageException">Two options contradict each other.</exception>
    public RunFolderOptions FolderOptions(ParseResult line)
    {
        if (line.GetValue(_override) && line.GetValue(_resume) is null)
            throw new UsageException("--override only applies to --resume RUN. Remove it to start a new run.");
        if (!line.GetValue(_noCheckpoint))
            return new() { EverySteps = line.GetValue(_saveEvery) ?? 0, HasHistograms = line.GetValue(_histograms) };
        return line.GetValue(_saveEvery) is null ? RunFolderOptions.NoCheckpoints with { HasHistograms = line.GetValue(_histograms) }
            : throw new UsageException("--save-every and --no-checkpoint contradict each other. Use only one of them.");
    }

    /// <summary>
    /// Plans how a run resumes. Refuses settings that it was not started with, unless overridden; the other refusals are left to whoever
    /// resumes it.
    /// </summary>
    /// <exception cref="UsageException">The requested settings differ from what it was started with; the message has the
    /// differences.</exception>
    /// <exception cref="RecipeException">Its recipe was edited since.</exception>
    public ResumePlan Plan(ParseResult line, RunFolder run, Recipe recipe, Graph graph)
    {
        ResumePlan plan = new(run, recipe, graph, line.GetValue(_override));
        if (plan.Refusal is not { Differences: { Count: > 0 } differences } refusal)
            return plan;
        if (refusal.Obstacle == ResumeObstacle.EditedRecipe)
            throw new RecipeException($"{refusal.Message} To resume with the edited recipe, add --override.");
        string named = string.Join("; ", differences.Take(MostNamed).Select(d => $"{d.Name} was {d.Before}, got {d.After}"));
        string more = differences.Count > MostNamed
            ? string.Create(CultureInfo.InvariantCulture, $"; and {differences.Count - MostNamed} more") : "";
        string wayOut = refusal.CanOverride ? "Remove these options, or add --override to resume with them"
            : "Remove these options, or start a new run: how a run started can't change";
        throw new UsageException($"{line.GetValue(_resume)} was started with other settings: {named}{more}. {wayOut}.");
    }

    /// <summary>The command that resumes a run.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="options">What it leaves in its folder.</param>
    /// <param name="dataDirectory">Where its images are, if that was said.</param>
    public static string CommandFor(string folder, RunFolderOptions options, string? dataDirectory)
    {
        string every = options.EverySteps > 0 ? string.Create(CultureInfo.InvariantCulture, $" --save-every {options.EverySteps}") : "";
        string histograms = options.HasHistograms ? " --histograms" : "";
        string data = dataDirectory is null ? "" : $" --data-dir {Format.Quoted(dataDirectory)}";
        return $"{ProgramName.Current} train --resume {Format.Quoted(folder)}{every}{histograms}{data}{ProgramName.Ranks}";
    }
}
