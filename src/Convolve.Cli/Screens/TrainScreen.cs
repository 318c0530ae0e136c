using System.Globalization;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Cli.Screens;

/// <summary>What a training shows: the network, the plan, a line per epoch with a bar in the making, the result.</summary>
/// <remarks>
/// Called on the executor thread between two steps, at most ten times a second: no thread of its own takes a core from the kernels.
/// </remarks>
internal sealed class TrainScreen(Output output)
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(30);
    private readonly ProgressLine _bar = new(output);
    private TimeSpan _nextPlain = PlainInterval;
    private bool _hasToldOfBusyMachine;
    private long _start;
    private Trainer? _trainer;

    /// <summary>Removes the bar, so that what comes next starts on a new line.</summary>
    public void ClearBar() => _bar.Clear();

    /// <summary>Everything that is known before the first step.</summary>
    public void Begin(Trainer trainer, DataSplits data, MemoryEstimate memory, string folder, string? ranks = null)
    {
        _trainer = trainer;
        _start = System.Diagnostics.Stopwatch.GetTimestamp();
        SayNotes(trainer);
        if (output.IsQuiet)
            return;
        if (trainer.Recipe.Schedule.NoteFor(trainer.StepsPerEpoch, trainer.Recipe.Epochs, trainer.Recipe.WarmUpFrom) is { } note)
            Failures.Say($"{note} See --schedule, --warmup-epochs and --epochs.");
        Recipe recipe = trainer.Recipe;
        Plan plan = trainer.Plan;
        output.Line();
        output.Line($"{recipe.Network} on {recipe.Dataset}: {trainer.Graph.Input} -> {trainer.Graph.Output}");
        output.Table(NetworkTable.Of(trainer.Graph));
        output.Line();
        output.Fact("data",
            $"{Format.Count(data.Train.Count)} training, {Format.Count(data.Validation.Count)} validation, " +
            $"{Format.Count(data.Test.Count)} test images of {data.Train.Dataset.SizeText}");
        output.Fact("input", trainer.Preprocessing.ToString());
        if (recipe.Transforms.Count > 0)
            output.Fact("augment", string.Join(", ", recipe.Transforms));
        output.Fact("recipe", Words(recipe, Math.Min(recipe.BatchSize, data.Train.Count), data.Train.Count));
        output.Fact("plan",
            $"{plan.Steps.Count} steps{(recipe.Shards > 1 ? " for each shard" : "")} on {Machine.Threads} " +
            $"{(Machine.Threads == 1 ? "thread" : "threads")} " +
            $"({Machine.KernelLibraryName}, {Machine.InstructionSetName})");
        if (ranks is not null)
            output.Fact("ranks", ranks);
        if (Machine.WouldGain)
            output.Fact("", Machine.MissingAccelerator!);
        output.Fact("precision", $"{Name(trainer.Precision)}: {trainer.PrecisionReason}");
        output.Fact("memory", $"{Format.Bytes(memory.TotalBytes)}: {MemoryCheck.Words(memory)}");
        output.Fact("process", MemoryCheck.Words(trainer.MemoryBudget));
        if (recipe.LayerRates.FrozenIn(trainer.Graph) is { Count: > 0 } frozen)
            output.Fact("frozen", string.Join(", ", frozen));
        if (trainer.Transfer is { } transfer)
            Show(transfer, output);
        output.Fact("run", folder);
        if (trainer.ResumedFrom is { } point)
            output.Fact("resumed", Words(point));
        BeginRows();
    }

    /// <summary>Where a run goes on that was shown before.</summary>
    public void GoOn(Trainer trainer)
    {
        _trainer = trainer;
        SayNotes(trainer);
        if (output.IsQuiet)
            return;
        output.Line();
        output.Fact("resumed", Words(trainer.ResumedFrom!));
        BeginRows();
    }

    /// <summary>What was found wrong while resuming a run.</summary>
    public static void SayNotes(Trainer trainer)
    {
        foreach (string note in trainer.ResumedFrom?.Notes ?? [])
            Failures.Say(note);
    }

    /// <summary>What was loaded from other weights. Every parameter that was not is listed, since that may be a mistake.</summary>
    public static void Show(WeightTransfer transfer, Output output)
    {
        output.Fact("loaded", $"{transfer.Taken.Count} parameters of {transfer.Path}: {string.Join(", ", transfer.Taken)}");
        if (transfer.Skipped.Count > 0)
            output.Fact("not loaded", string.Join("; ", transfer.Skipped));
        if (transfer.Unused.Count > 0)
            output.Fact("unused", $"{string.Join(", ", transfer.Unused)}: not in this network");
    }

    /// <summary>The header of the rows of the epochs.</summary>
    public void BeginRows()
    {
        _start = System.Diagnostics.Stopwatch.GetTimestamp();
        output.Line();
        output.Line("  epoch train loss train acc  val loss val acc       lr  images/s        time");
    }

    /// <summary>How it goes.</summary>
    public void Show(TrainingProgress progress)
    {
        if (progress is TrainingNote note)
            Show(note);
        if (output.IsQuiet)
            return;
        TellOfBusyMachine();
        if (progress is EpochProgress epoch)
        {
            _bar.Clear();
            output.Line(Row(epoch));
        }
        else if (progress is StepProgress step)
        {
            Show(step);
        }
    }

    /// <summary>What it came to.</summary>
    /// <param name="result">What came out.</param>
    /// <param name="folder">The run folder.</param>
    /// <param name="report">The report; null where there is none.</param>
    /// <param name="again">The command of the same training with another seed; null where it is not known.</param>
    /// <param name="dataDirectory">Where the data was to be looked for; null for the usual places.</param>
    /// <param name="goOn">The command that resumes the run; null if it can't be resumed.</param>
    public void End(TrainingResult result, string folder, string? report, string? again, string? dataDirectory, string? goOn)
    {
        _bar.Clear();
        output.Line();
        Evaluation test = result.Test;
        if (result.End == TrainingEnd.EarlyStop)
            output.Line($"stopped early: no improvement in the last {result.Recipe.EarlyStopping!.Patience} epochs");
        if (result.End == TrainingEnd.TimeLimit)
            output.Line(goOn is null ? "stopped at the time limit" : $"stopped at the time limit; to resume: {goOn}");
        output.Last(string.Create(CultureInfo.InvariantCulture,
            $"test accuracy {test.Accuracy:F4}, loss {test.Loss:F4} on {test.Images:N0} images, " +
            $"{Format.WeightsOf(result.BestEpoch, result.Epochs.Count)}, in {Format.Duration(result.Elapsed)}"));
        output.Line($"memory        the process grew by {Format.Bytes(result.MeasuredMemoryBytes)}" +
            (result.Memory is { } memory ? $", estimated {Format.Bytes(memory.GrowthBytes)}; peak " +
                $"{Format.Bytes(result.PeakMemoryBytes)}, estimated {Format.Bytes(memory.TotalBytes)}" : ""));
        output.Last($"run folder    {folder}");
        if (report is not null)
            output.Line($"report        {report}");
        output.Line();
        string where = dataDirectory is null ? "" : $" --data-dir {Format.Quoted(dataDirectory)}";
        string evaluate = $"{ProgramName.Current} evaluate {Format.Quoted(folder)}{where}";
        List<(string, string)> next =
            [(evaluate, $"evaluate the test split, class by class{(test.Top5Accuracy is null ? "" : ", with top-5 accuracy")}"),
            ($"{evaluate} --split validation", "the split that chose the best epoch")];
        if (again is not null)
            next.Add((again, "the same run with another seed, to see the variation"));
        output.Next([.. next]);
    }

    /// <summary>What was saved of an interrupted run, and how to resume it.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="folder">The run folder.</param>
    /// <param name="command">The command that resumes it; null if it can't be resumed.</param>
    public static void EndInterrupted(Trainer trainer, string folder, string? command)
    {
        string model = Path.Combine(folder, RunFolder.ModelFile);
        Failures.Say(trainer.BestEpoch > 0
            ? $"interrupted: {model} has the weights of epoch {trainer.BestEpoch}, the best of {trainer.Epochs.Count} completed"
            : $"interrupted: {model} has the latest weights, from an unfinished epoch");
        if (command is not null)
            Failures.Say($"to resume: {command}");
    }

    // Once: who keeps a core busy now may do so again and again.
    private void TellOfBusyMachine()
    {
        if (_hasToldOfBusyMachine || Machine.ThreadsLeft is not { } threads)
            return;
        _hasToldOfBusyMachine = true;
        _bar.Clear();
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"other programs are using the cores: running on {threads} of {Machine.Threads} threads, with identical results"));
    }

    // On standard error where nothing but the result is wanted: a dead network is worth a line there too.
    private void Show(TrainingNote note)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"epoch {note.Epoch}: {note.Text}. {AdviceOn(note)}");
        if (output.IsQuiet)
        {
            Failures.Say(text);
            return;
        }
        _bar.Clear();
        output.Line(text);
    }

    private static string AdviceOn(TrainingNote note) => note.Kind switch
    {
        TrainingNoteKind.NotLearning => "Check the network with --overfit-one-batch, or find a better learning rate with lr-find.",
        TrainingNoteKind.Oscillating => "Try a lower --lr, or a schedule that lowers it, such as cosine.",
        TrainingNoteKind.Overfitting => "Try --augment, more --weight-decay or dropout; --early-stop 5 ends such a run.",
        TrainingNoteKind.Stalled => string.Create(CultureInfo.InvariantCulture,
        $"--early-stop {note.Epoch - note.Since} would stop such a run here, with the same weights."),
        _ => "Try a lower --lr or --clip-norm 1; --early-stop 5 stops such a run automatically.",
    };

    private void Show(StepProgress step)
    {
        if (output.IsTerminal)
        {
            _bar.Show((double)step.Step / step.Steps, string.Create(CultureInfo.InvariantCulture, $"{$"{step.Epoch}/{step.Epochs}",7}"),
                string.Create(CultureInfo.InvariantCulture,
                    $"loss {step.Loss:F4}  acc {step.Accuracy:F4}  {step.ImagesPerSecond:N0} images/s{Waiting}  ETA " +
                    $"{Format.Duration(step.Remaining)}"));
            return;
        }
        // A log gets a sign of life in long epochs.
        if (System.Diagnostics.Stopwatch.GetElapsedTime(_start) < _nextPlain || step.Step == step.Steps)
            return;
        _nextPlain = System.Diagnostics.Stopwatch.GetElapsedTime(_start) + PlainInterval;
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{$"{step.Epoch}/{step.Epochs}",7}  step {step.Step} of {step.Steps}  loss {step.Loss:F4}  acc {step.Accuracy:F4}  " +
            $"{step.ImagesPerSecond:N0} images/s{Waiting}  ETA {Format.Duration(step.Remaining)}"));
    }

    // Of a run in several processes, whose images/s are those of all: which one the others wait for.
    private string Waiting => _trainer?.RankTimes is { Count: > 1 } times
        ? string.Create(CultureInfo.InvariantCulture,
            $"  waiting {100 * RankWaiting.ShareOf(times):F0} % for rank {RankWaiting.Slowest(times)}") : "";

    private static string Row(EpochProgress epoch) => string.Create(CultureInfo.InvariantCulture,
        $"{$"{epoch.Epoch}/{epoch.Epochs}",7} {epoch.TrainLoss,10:F4} {epoch.TrainAccuracy,9:F4} {OrDash(epoch.ValidationLoss),9} " +
        $"{OrDash(epoch.ValidationAccuracy),7} {Rate(epoch.LearningRate),8} {epoch.ImagesPerSecond,9:N0} " +
        $"{Format.Duration(epoch.Elapsed),11}{(epoch.IsBest ? " *" : "")}");

    // Five decimals while they say something.
    private static string Rate(double rate) => rate.ToString(rate is >= 0.001 or 0 ? "F5" : "0.00e-00", CultureInfo.InvariantCulture);

    private static string OrDash(double? value) => value is { } number ? Format.Fraction(number) : "-";

    /// <summary>A recipe in a line.</summary>
    public static string Words(Recipe recipe, int batch, int images)
    {
        int steps = (images + batch - 1) / batch;
        return Words(recipe, string.Create(CultureInfo.InvariantCulture,
            $" of {steps:N0} {(steps == 1 ? "step" : "steps")} of {batch:N0} images"), $", seed {recipe.Seed}");
    }

    /// <summary>A recipe in a line, for any data.</summary>
    public static string Words(Recipe recipe) =>
        Words(recipe, string.Create(CultureInfo.InvariantCulture, $" at batch size {recipe.BatchSize}"), "");

    private static string Words(Recipe recipe, string steps, string seed)
    {
        OptimizerSettings rule = recipe.Optimizer;
        List<string> words =
            [string.Create(CultureInfo.InvariantCulture, $"{recipe.Epochs} {(recipe.Epochs == 1 ? "epoch" : "epochs")}{steps}"),
            $"{RuleName(rule)} {RateWords(recipe)} {TrainOptions.NameOf(recipe.Schedule.Kind)}"];
        if (recipe.Schedule.WarmUpEpochs > 0)
            words.Add($"warm-up {Format.Number(recipe.Schedule.WarmUpEpochs)} epochs");
        if (rule is Sgd { Momentum: > 0 } sgd)
            words.Add($"momentum {Format.Number(sgd.Momentum)}{(sgd.Nesterov ? " Nesterov" : "")}");
        if (rule is RmsProp { Momentum: > 0 } rms)
            words.Add($"momentum {Format.Number(rms.Momentum)}");
        if (rule is Lars lars)
            words.Add($"momentum {Format.Number(lars.Momentum)}, trust coefficient {Format.Number(lars.TrustCoefficient)}");
        if (recipe.MicroBatchSize is { } part && part < recipe.BatchSize)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"in micro-batches of {part}"));
        if (recipe.Shards > 1)
            words.Add(string.Create(CultureInfo.InvariantCulture,
                $"in {recipe.Shards} shards{(recipe.SyncBatchNorm ? " with synchronized batch normalization" : "")}"));
        if (recipe.Clipping.Norm is { } norm)
            words.Add($"gradients clipped to norm {Format.Number(norm)}");
        if (recipe.Clipping.Value is { } value)
            words.Add($"gradients clipped to {Format.Number(value)}");
        if (!recipe.LayerRates.IsNone)
            words.Add($"layer rates {recipe.LayerRates}");
        if (recipe.AverageDecay > 0)
            words.Add($"EMA of weights {Format.Number(recipe.AverageDecay)}");
        if (recipe.EarlyStopping is { } stop)
            words.Add(string.Create(CultureInfo.InvariantCulture,
                $"early stop after {stop.Patience} epochs without better {(stop.Metric == WatchedMetric.Loss ? "loss" : "accuracy")}"));
        if (rule.WeightDecay > 0)
            words.Add($"weight decay {Format.Number(rule.WeightDecay)}{(rule.DecaysBiases ? "" : " (not biases)")}");
        if (!recipe.ClassWeights.IsNone)
            words.Add($"class weights {recipe.ClassWeights}");
        if (recipe.LabelSmoothing > 0)
            words.Add($"label smoothing {Format.Number(recipe.LabelSmoothing)}");
        if (recipe.Initialization is { } start)
            words.Add($"initialization {start}");
        return string.Join(", ", words) + seed;
    }

    private static string Words(ResumePoint point)
    {
        if (point.Checkpoint is null)
            return "from the start: it stopped before its first checkpoint";
        string epochs = point.Epochs == 0 ? "" : $"{point.Epochs} {(point.Epochs == 1 ? "epoch" : "epochs")}",
            steps = point.Step == 0 ? "" : $"{point.Step} of {point.StepsPerEpoch} steps";
        return $"after {epochs}{(epochs.Length > 0 && steps.Length > 0 ? " and " : "")}{steps}, from {Path.GetFileName(point.Checkpoint)}";
    }

    // As it is used, and what it comes from.
    private static string RateWords(Recipe recipe) => recipe.BaseBatchSize is not { } size ? Format.Number(recipe.Optimizer.LearningRate)
        : string.Create(CultureInfo.InvariantCulture, $"{Format.Number((float)recipe.PeakLearningRate)} ") +
        string.Create(CultureInfo.InvariantCulture, $"({Format.Number(recipe.Optimizer.LearningRate)} x {recipe.BatchSize} / {size})");

    private static string RuleName(OptimizerSettings rule) =>
        rule switch { Lars => "LARS", Adam => "Adam", AdamW => "AdamW", RmsProp => "RMSprop", _ => "SGD" };

    private static string Name(Precision precision) => precision == Precision.BFloat16 ? "bfloat16" : "float32";
}
