using System.CommandLine;
using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Data.Inputs;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli.Options;

/// <summary>The options of 'convolve train'. The defaults come from <see cref="Recipes"/>.</summary>
internal sealed class TrainOptions
{
    private const double ScaledWarmUp = 5;

    private readonly Option<int?> _epochs =
        Inputs.Integer("--epochs", $"Passes over the training images, at least 1. Default: {Default(r => $"{r.Epochs}")}.");

    private readonly Option<OrAuto?> _batchSize = Inputs.IntegerOrAuto("--batch-size",
        "Images per step, at least 1; auto takes the recipe's, or where that needs too much memory the largest power of two that fits. " +
        $"Default: {Default(r => $"{r.BatchSize}")}.");

    private readonly Option<ScheduleKind?> _schedule = Inputs.OneOf("--schedule",
        $"Learning-rate schedule: constant, step (decay every --step-epochs), multi-step (decay at --milestones), exponential (decay " +
        $"every epoch), plateau (decay when validation stalls), cosine (down to 0), or one-cycle (up for the first 30 %, then down to " +
        $"near 0). Default: {Default(r => NameOf(r.Schedule.Kind))}.",
        Schedules);

    private readonly Option<double?> _warmUp =
        Inputs.Number("--warmup-epochs",
        "Epochs of linear learning-rate warm-up from 0, at least 0; may be a fraction. Where --base-batch-size raises the rate, from the " +
        "rate that was given, and the default is 5 (0 with one-cycle). Default: 0.");

    private readonly Option<int?> _stepEpochs =
        Inputs.Integer("--step-epochs", "With --schedule step: epochs between decays, at least 1. Default: 10.");

    private readonly Option<double?> _stepFactor =
        Inputs.Number("--step-factor",
        "With --schedule step, multi-step, exponential or plateau: the factor of each decay, in (0, 1]. Default: 0.1.");

    private readonly Option<string?> _milestones =
        Inputs.Word("--milestones", "N,N,...", "With --schedule multi-step: decay the rate after these epochs, such as 10,15.");

    private readonly Option<int?> _patience =
        Inputs.Integer("--patience",
        "With --schedule plateau: epochs without improvement before a decay, at least 0. Default: 10.");

    private readonly Option<double?> _threshold =
        Inputs.Number("--threshold",
        "With --schedule plateau: smallest relative change that counts as improvement, in [0, 1). Default: 0.0001.");

    private readonly Option<int?> _cooldown =
        Inputs.Integer("--cooldown", "With --schedule plateau: epochs to wait after a decay before counting again, at least 0. Default: " +
            "0.");

    private readonly Option<double?> _minimumRate =
        Inputs.Number("--min-lr", "With --schedule plateau: lowest learning rate, at least 0. Default: 0.");

    private readonly Option<WatchedMetric?> _metric = Inputs.OneOf("--plateau-metric",
        "With --schedule plateau: the validation metric to watch. Default: accuracy.", ("accuracy", WatchedMetric.Accuracy),
        ("loss", WatchedMetric.Loss));

    private readonly Option<double?> _labelSmoothing =
        Inputs.Number("--label-smoothing", "Share of each training label that is spread over all classes, in [0, 1). Default: 0.");

    private readonly Option<ulong?> _seed =
        Inputs.Seed("--seed",
        "Seed of the initial weights, the validation split, the order of the images and the dropout masks. Default: 0.");

    private readonly Option<Precision?> _precision = Inputs.Precision(
        "Number format of the kernels: f32, bf16 (on CPUs with native support), or auto, the faster of the two. Default: auto.");

    private readonly Option<bool> _exact =
        Inputs.Flag("--exact", "Don't use Winograd convolutions, whose float32 rounding error is about ten times larger.");

    private readonly Option<int?> _threads =
        Inputs.Integer("--threads",
            "Kernel threads; 0 means OMP_NUM_THREADS, or all cores. The same seed and number of threads give the same bits. Default: 0.");

    private readonly Option<int?> _limit =
        Inputs.Integer("--limit", "Use only the first N training images and the first N test images, at least 1. Default: all.");

    private readonly Option<bool> _skipBad =
        Inputs.Flag("--skip-bad", "With --data folder:PATH: leave out bad files and list them, instead of refusing to train.");

    private readonly Option<double?> _validation = Inputs.Number("--validation",
        "Share of the training images, in [0, 1), held out to choose the best epoch. With 0, the training accuracy chooses it. Default: " +
        "0.1.", "FRACTION");

    private readonly Option<Normalization?> _normalization = Inputs.OneOf("--normalization",
        "Scaling of the pixels: none ([0, 1]), training-split (mean 0 and standard deviation 1 over the training split) or " +
        "minus-one-to-one ([-1, 1]). Default: training-split.",
        ("none", Normalization.None), ("training-split", Normalization.TrainingSplit), ("minus-one-to-one", Normalization.MinusOneToOne));

    private readonly Option<string?> _augment =
        Inputs.Augment("Transforms of the training images, applied in order and drawn again in each epoch, such as "
        + "random-crop:32:padding=4,flip; or none. Validation, test and prediction use only the deterministic part: resizes, and "
        + "center crops in place of random crops. Default: none.");

    private readonly Option<string?> _initialization = Inputs.Word("--init", "NAME",
        $"Weight initialization, instead of the network's own: {string.Join(", ", InitializationScheme.Names)}.");

    private readonly OptimizerOptions _optimizer = new();
    private readonly PracticeOptions _practice = new();

    private static (string, ScheduleKind)[] Schedules =>
    [
        ("constant", ScheduleKind.Constant), ("step", ScheduleKind.Step), ("multi-step", ScheduleKind.MultiStep),
        ("exponential", ScheduleKind.Exponential),
        ("plateau", ScheduleKind.Plateau), ("cosine", ScheduleKind.Cosine), ("one-cycle", ScheduleKind.OneCycle),
    ];

    /// <summary>The name of a schedule as typed.</summary>
    public static string NameOf(ScheduleKind kind) => Schedules.First(s => s.Item2 == kind).Item1;

    /// <summary>Where the highest learning rate is said.</summary>
    public Option LearningRate => _optimizer.LearningRate;

    /// <summary>The batch size that the learning rate is meant for.</summary>
    public Option BaseBatchSize => _optimizer.BaseBatchSize;

    /// <summary>Whether the number of shards is to be measured.</summary>
    public bool AreShardsFree(ParseResult line) => _practice.AreShardsFree(line);

    /// <summary>Images per step, or auto.</summary>
    public Option<OrAuto?> BatchSize => _batchSize;

    public void AddTo(Command command)
    {
        command.Add(_epochs);
        command.Add(_batchSize);
        _optimizer.AddTo(command);
        foreach (Option option in (Option[])[_schedule, _warmUp, _stepEpochs, _stepFactor, _milestones, _patience, _threshold, _cooldown,
            _minimumRate, _metric, _labelSmoothing, _seed, _precision, _exact, _threads, _limit, _skipBad, _validation, _normalization,
            _augment, _initialization])
            command.Add(option);
        _practice.AddTo(command);
    }

    /// <summary>The recipe of a command line.</summary>
    /// <param name="line">As typed.</param>
    /// <param name="usual">What holds where nothing is said.</param>
    /// <exception cref="RecipeException">A value is out of range.</exception>
    /// <exception cref="NetworkException">The initialization is unknown.</exception>
    public Recipe Read(ParseResult line, Recipe usual)
    {
        Schedule schedule = usual.Schedule;
        Recipe recipe = usual with
        {
            Epochs = line.GetValue(_epochs) ?? usual.Epochs,
            BatchSize = line.GetValue(_batchSize)?.Value ?? usual.BatchSize,
            Optimizer = _optimizer.Read(line, usual.Optimizer),
            BaseBatchSize = _optimizer.ReadBaseBatchSize(line, usual.BaseBatchSize),
            Schedule = new()
            {
                Kind = line.GetValue(_schedule) ?? schedule.Kind,
                WarmUpEpochs = line.GetValue(_warmUp) ?? schedule.WarmUpEpochs,
                StepEpochs = line.GetValue(_stepEpochs) ?? schedule.StepEpochs,
                Factor = line.GetValue(_stepFactor) ?? schedule.Factor,
                Milestones = line.GetValue(_milestones) is { } epochs ? ReadMilestones(epochs) : schedule.Milestones,
                Patience = line.GetValue(_patience) ?? schedule.Patience,
                Threshold = line.GetValue(_threshold) ?? schedule.Threshold,
                Cooldown = line.GetValue(_cooldown) ?? schedule.Cooldown,
                MinimumRate = line.GetValue(_minimumRate) ?? schedule.MinimumRate,
                Metric = line.GetValue(_metric) ?? schedule.Metric,
            },
            LabelSmoothing = (float?)line.GetValue(_labelSmoothing) ?? usual.LabelSmoothing,
            Seed = line.GetValue(_seed) ?? usual.Seed,
            Precision = line.GetValue(_precision) ?? usual.Precision,
            Exact = line.GetResult(_exact) is null ? usual.Exact : line.GetValue(_exact),
            Threads = line.GetValue(_threads) ?? usual.Threads,
            Limit = line.GetValue(_limit) ?? usual.Limit,
            SkipBad = line.GetResult(_skipBad) is null ? usual.SkipBad : line.GetValue(_skipBad),
            ValidationFraction = line.GetValue(_validation) ?? usual.ValidationFraction,
            Normalization = line.GetValue(_normalization) ?? usual.Normalization,
            Transforms = Inputs.Transforms(line.GetValue(_augment)) ?? usual.Transforms,
            Initialization = line.GetValue(_initialization) ?? usual.Initialization,
        };
        recipe = _practice.Read(line, WithWarmUp(line, recipe));
        recipe.Validate();
        RequireMeaning(line, recipe.Schedule.Kind);
        return recipe;
    }

    // Goyal et al.'s warm-up, where the rate is scaled up. A one-cycle begins at 1/25 of its peak by itself.
    private Recipe WithWarmUp(ParseResult line, Recipe recipe) =>
        recipe.BatchScale > 1 && line.GetResult(_optimizer.BaseBatchSize) is not null && line.GetResult(_warmUp) is null
            && recipe.Schedule is { WarmUpEpochs: 0, Kind: not ScheduleKind.OneCycle }
            ? recipe with { Schedule = recipe.Schedule with { WarmUpEpochs = ScaledWarmUp } } : recipe;

    private void RequireMeaning(ParseResult line, ScheduleKind kind)
    {
        (Option Option, ScheduleKind[] Kinds)[] meant =
        [
            (_stepEpochs, [ScheduleKind.Step]),
            (_stepFactor, [ScheduleKind.Step, ScheduleKind.MultiStep, ScheduleKind.Exponential, ScheduleKind.Plateau]),
            (_milestones, [ScheduleKind.MultiStep]), (_patience, [ScheduleKind.Plateau]), (_threshold, [ScheduleKind.Plateau]),
            (_cooldown, [ScheduleKind.Plateau]),
            (_minimumRate, [ScheduleKind.Plateau]), (_metric, [ScheduleKind.Plateau]),
        ];
        foreach ((Option option, ScheduleKind[] kinds) in meant)
            if (line.GetResult(option) is not null && !kinds.Contains(kind))
                throw new UsageException(
                    $"{option.Name} only applies to --schedule {string.Join(" or ", kinds.Select(NameOf))}, but the schedule is " +
                    $"{NameOf(kind)}.");
    }

    private static int[] ReadMilestones(string typed)
    {
        int[] epochs = [.. typed.Split(',').Select(text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int epoch) ? epoch : 0)];
        return epochs.All(e => e > 0) ? epochs
            : throw new UsageException($"--milestones: expected epochs of at least 1, such as 10,15, got \"{typed}\".");
    }

    internal static Option<bool?> Switch(string name, string description) =>
        new(name) { Description = description, HelpName = "true|false" };

    // "12", or where the networks differ, where to look.
    internal static string Default(Func<Recipe, string> value)
    {
        string[] values = [.. NetworkCatalog.All.Select(n => value(Recipes.For(n.Name, ""))).Distinct()];
        return values.Length == 1 ? values[0] : $"depends on the network, see `{ProgramName.Current} summary NET`";
    }
}
