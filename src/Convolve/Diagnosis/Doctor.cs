using System.Diagnostics;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Graphs;
using Convolve.Runs;
using Convolve.Training;
using Convolve.Training.Checks;

namespace Convolve.Diagnosis;

/// <summary>What the doctor came to.</summary>
/// <param name="Findings">The most certain and grave cause first; empty where nothing is wrong.</param>
/// <param name="Data">What was measured of the data; null where it wasn't there.</param>
/// <param name="Trial">The trial of network and recipe as they are; null where there was none.</param>
internal sealed record DoctorResult(IReadOnlyList<Finding> Findings, DataFigures? Data, TrialFigures? Trial)
{
    /// <summary>Trainings of the trial.</summary>
    public int Trainings { get; init; }

    /// <summary>Why no conclusions were drawn from a trial; null where they were.</summary>
    public string? NoTrial { get; init; }
}

/// <summary>Looks for the reason why a network doesn't learn, or why a run went wrong.</summary>
/// <remarks>
/// Cheap checks come first: network and recipe, then the data. Where none of them explains everything else, a short training shows whether
/// the network learns. Where it doesn't, or where a setting is unusual, the training is repeated with one change at a time, and a setting
/// is named as the cause only where changing it alone made the network learn.
/// </remarks>
internal sealed class Doctor(DataSplits data, TimeSpan limit, IProgress<double>? progress, CancellationToken cancellation)
{
    // Steps of a training in a trial; fewer say nothing. A network that doesn't learn at once gets more of them.
    private const int UsualSteps = 240, FewestSteps = 80, Patience = 4;

    // Steps of fewer pictures than this teach less each, so there are up to so many times as many.
    private const int FullStep = 16, MostOfSmall = 8;

    // Of validation pictures: each of fewer is worth more than three points, so that a loss that rises may be luck.
    private const int FewestValidation = 30;

    // Of the time limit: for one training.
    private const double OneOf = 8;

    private readonly long _start = Stopwatch.GetTimestamp();
    private int _trainings;

    /// <summary>Examines a network and a recipe before a run.</summary>
    /// <exception cref="RecipeException">The recipe can't be followed.</exception>
    /// <exception cref="DatasetException">A picture can't be read.</exception>
    public DoctorResult Examine(Graph graph, Recipe recipe)
    {
        Graph started = recipe.Initialization is { } name ? graph.WithInitialization(name) : graph;
        long updates = RecipeChecks.StepsOf(recipe, data.Train.Count) * recipe.Epochs;
        List<Finding> findings = [.. NetworkChecks.All(started, recipe, updates), .. RecipeChecks.All(recipe, data.Train.Count)];
        DataFigures figures = DataFigures.Of(data, PreprocessingOf(graph, recipe), recipe.Seed, cancellation);
        findings.AddRange(DataChecks.All(figures, recipe));
        if (findings.Any(f => f.IsGrave))
            return new(Sorted(findings), figures, null) { NoTrial = "what was found explains whatever a trial would show" };
        (TrialFigures? trial, string? reason) = Try(graph, recipe, figures, findings);
        return new(Sorted(findings), figures, trial) { Trainings = _trainings, NoTrial = reason };
    }

    /// <summary>Examines a run: its epochs, and network, recipe and data as before a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="RecipeException">The recipe can't be followed.</exception>
    /// <exception cref="DatasetException">A picture can't be read.</exception>
    public DoctorResult Examine(RunSummary run)
    {
        DoctorResult before = Examine(run.Graph, run.Recipe);
        Finding? labels = before.Findings.Any(f => f.IsGrave) ? null : TrialChecks.WrongLabels(HeldOf(run), before.Data!);
        return before with
        {
            Findings = Sorted([.. before.Findings, .. OfEpochs(run).Where(IsTelling), .. labels is null ? [] : new[] { labels }])
        };
    }

    private bool IsTelling(Finding finding) => finding.Fault != Fault.Overfitting || data.Validation.Count >= FewestValidation;

    /// <summary>What can be said of a run whose data isn't there.</summary>
    public static DoctorResult ExamineWithoutData(RunSummary run)
    {
        Graph started = run.Recipe.Initialization is { } name ? run.Graph.WithInitialization(name) : run.Graph;
        return new(Sorted([.. NetworkChecks.All(started, run.Recipe, long.MaxValue), .. OfEpochs(run)]), null, null);
    }

    private static IEnumerable<Finding> OfEpochs(RunSummary run) =>
        RunChecks.All(run.Epochs, run.Recipe, run.Graph.Output.Channels, run.End is TrainingEnd.Finished or TrainingEnd.EarlyStop);

    // What the weights of a run say of its validation pictures; null where there is nothing to say.
    private SplitFigures? HeldOf(RunSummary run)
    {
        string weights = Path.Combine(run.Folder, RunFolder.ModelFile);
        if (data.Validation.Count == 0 || !File.Exists(weights))
            return null;
        using Classifier classifier = Classifier.Load(weights);
        return SplitFigures.Of(classifier.PredictAll(data.Validation, run.Recipe.PassSize, cancellation: cancellation));
    }

    /// <summary>Graver ones first, then causes before what follows from them.</summary>
    public static IReadOnlyList<Finding> Sorted(IEnumerable<Finding> findings) =>
        [.. findings.DistinctBy(f => f.Fault).OrderByDescending(f => f.IsGrave).ThenBy(f => f.Fault)];

    private Preprocessing PreprocessingOf(Graph graph, Recipe recipe)
    {
        ImageSize input = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        return Preprocessing.Fit(data.Train, input, recipe.Normalization, recipe.Transforms.Fit(data.Train));
    }

    private (TrialFigures?, string?) Try(Graph graph, Recipe recipe, DataFigures figures, List<Finding> findings)
    {
        Trial trial = new(data, recipe.Seed);
        int steps = UsualSteps * Math.Clamp(FullStep / recipe.BatchSize, 1, MostOfSmall);
        TrialFigures first = Train(trial, graph, recipe, steps);
        if (first.DivergedAt is null && first.Steps < FewestSteps)
        {
            if (TrialChecks.HugeFirstLogits(first) is { } exploding)
                findings.Add(exploding); // which no step is needed for
            return (first, Finding.Text($"only {first.Steps} steps fit into an eighth of the time limit: too few to tell. Use a longer ") +
                "@time-limit, or a smaller @batch-size");
        }
        TrialFigures? longer = null;
        if (TrialChecks.ShuffledLabels(first, figures) is { } shuffled)
        {
            findings.Add(shuffled);
            return (first, null);
        }
        if (!first.Learns && first.DivergedAt is null)
            longer = Train(trial, graph, recipe, Patience * first.Steps, Patience / OneOf);
        bool learns = first.Learns || longer is { Learns: true };
        List<Remedied> tried = [];
        foreach (Variant variant in Variant.All(graph, recipe, data.Train.Dataset.Size)
            .Where(v => (v.IsUnusual || !learns) && TrialChecks.IsPlausible(v, first))
            .OrderByDescending(v => TrialChecks.IsRoot(v.Fault)).ThenByDescending(v => v.IsUnusual))
        {
            if (Stopwatch.GetElapsedTime(_start) > limit)
                break;
            // Of rates, one that does is enough.
            if (tried.Any(t => t.Variant.Fault == variant.Fault && t.Figures.Learns && t.Figures.Skill > Math.Max(0.3, 2 * first.Skill)))
                continue;
            tried.Add(new(variant, Train(trial, variant.Graph, variant.Recipe, first.DivergedAt is null ? first.Steps : steps)));
        }
        Finding? cause = TrialChecks.Explanation(first, longer, tried)
            ?? TrialChecks.ExplodingActivations(first)
            ?? (learns ? TrialChecks.WrongLabels(first.Held, figures) : TrialChecks.DeadUnits(first));
        if (cause is null && !learns)
            cause = OneBatch(graph, recipe);
        if (longer is { DivergedAt: null } && longer.Steps < Patience * first.Steps && TrialChecks.IsSlowStart(cause, first))
            return (first, Finding.Text($"{longer.Steps} steps fit into half of the time limit, and the weights start so small that ") +
                "it may take more to begin. Use a longer @time-limit");
        if (cause is not null)
            findings.Add(cause);
        return (first, null);
    }

    private TrialFigures Train(Trial trial, Graph graph, Recipe recipe, int steps, double share = 1 / OneOf)
    {
        _trainings++;
        return trial.Run(graph, recipe, steps, limit * share, progress, cancellation);
    }

    // Nothing that was tried helps: whether it is the network.
    private Finding? OneBatch(Graph graph, Recipe recipe)
    {
        OverfitCheck check = OverfitCheck.Run(graph, data, recipe, cancellation: cancellation);
        return check.IsLearned ? null : new(Fault.Unlearnable, "the network can't learn even one batch",
            $"loss {Finding.Digits(check.FirstLoss)} at first, {Finding.Digits(check.LastLoss)} after {check.Steps} steps on " +
            $"{check.Images} pictures; below 0.05 expected{(check.Fault is { } fault ? $"; {fault}" : "")}",
            "a simpler network, and add layers to it one by one", "a loss near 0 on one batch")
        { IsGrave = true };
    }
}
