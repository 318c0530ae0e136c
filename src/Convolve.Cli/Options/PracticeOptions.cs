using System.CommandLine;
using Convolve.Cli.Terminal;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Cli.Options;

/// <summary>
/// The options of 'convolve train' for how a run is carried out: parts of batches, clipping, layers, means, early ends, other weights to
/// start from.
/// </summary>
internal sealed class PracticeOptions
{
    private readonly Option<OrNone<int>?> _microBatch = Inputs.IntegerOrNone("--micro-batch",
        "Compute each batch in parts of at most N images and accumulate their gradients: the same result in less memory (except that " +
        "batch normalization, mixup and cutmix work on each part alone). Default: whole batches.", least: 1);

    private readonly Option<OrAuto?> _shards = Inputs.IntegerOrAuto("--shards",
        "Divide each batch into N shards, each computed by one thread, so that the result depends on N and not on the number of threads " +
        "or processes. Batch normalization, mixup and cutmix work on each shard alone. auto measures whether one shard for each thread " +
        "is faster than whole batches. Default: 1, whole batches.");

    private readonly Option<bool> _syncBatchNorm = Inputs.Flag("--sync-batch-norm",
        "With --shards: batch normalization takes the statistics of the whole batch instead of each shard's.");

    private readonly Option<string?> _classWeights = Inputs.Word("--class-weights", "balanced|CLASS=W,...",
        "Weights of the classes in the training loss, as in PyTorch's CrossEntropyLoss(weight): balanced weights every class the same, " +
        "with pictures / (classes x pictures of the class); or give weights by name, 1 for the others. Validation and test weight every " +
        "picture the same. Default: none.");

    private readonly Option<OrNone<double>?> _clipNorm = Inputs.NumberOrNone("--clip-norm",
        $"Clip the gradients, taken together as one vector, to this norm, above 0. Default: " +
        $"{TrainOptions.Default(r => r.Clipping.Norm is { } norm ? Format.Number(norm) : "none")}.");

    private readonly Option<OrNone<double>?> _clipValue =
        Inputs.NumberOrNone("--clip-value", "Clip each gradient to this absolute value, above 0. Default: no limit.");

    private readonly Option<string?> _layerRates = Inputs.Word("--lr-scale", "LAYER=X,...",
        "Learning-rate factors of layers by name (* matches any letters), such as conv*=0.1,fc3=10. The last match counts; none resets " +
        "all to 1. Default: 1 for all.");

    private readonly Option<string?> _freeze = Inputs.Word("--freeze", "LAYER,...",
        "Layers to freeze, by name (* matches any letters), such as conv*; batch normalization still updates its running statistics. " +
        "Default: none.");

    private readonly Option<OrNone<double>?> _average = Inputs.NumberOrNone("--ema",
        "Keep an exponential moving average of the weights with this decay, in [0, 1), such as 0.999, and validate, test and save it in " +
        "place of the weights. Default: none.");

    private readonly Option<OrNone<int>?> _earlyStop =
        Inputs.IntegerOrNone("--early-stop", "Stop after N epochs without improvement, at least 1. Default: train all epochs.", least: 1);

    private readonly Option<WatchedMetric?> _earlyStopMetric = Inputs.OneOf("--early-stop-metric",
        "With --early-stop: the validation metric to watch, which also chooses the epoch whose weights are kept. Default: accuracy.",
        ("accuracy", WatchedMetric.Accuracy), ("loss", WatchedMetric.Loss));

    private readonly Option<double?> _earlyStopChange =
        Inputs.Number("--early-stop-change", "With --early-stop: smallest change that counts as improvement, at least 0. Default: 0.");

    private readonly Option<string?> _from = Inputs.Word("--from", "RUN|FILE",
        "Start from the weights of another run or a .safetensors file, for every parameter whose name and shape match; the rest is " +
        "listed. Default: initialize all weights.");

    /// <summary>Whether the number of shards is to be measured.</summary>
    public bool AreShardsFree(ParseResult line) => line.GetValue(_shards) is { Value: null };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_microBatch, _shards, _syncBatchNorm, _classWeights, _clipNorm, _clipValue, _layerRates,
            _freeze, _average, _earlyStop, _earlyStopMetric, _earlyStopChange, _from])
            command.Add(option);
    }

    /// <summary>The recipe with what is said.</summary>
    /// <exception cref="RecipeException">A value cannot be understood.</exception>
    /// <exception cref="UsageException">An option has no meaning here.</exception>
    public Recipe Read(ParseResult line, Recipe usual)
    {
        foreach (Option option in (Option[])[_earlyStopMetric, _earlyStopChange])
            if (line.GetResult(option) is not null && ReadEarlyStopping(line, usual.EarlyStopping) is null)
                throw new UsageException(
                    $"{option.Name} only applies to --early-stop N. Add --early-stop with the number of epochs without improvement.");
        return usual with
        {
            MicroBatchSize = line.GetValue(_microBatch).Or(usual.MicroBatchSize),
            Shards = AreShardsFree(line) ? Math.Min(2, usual.BatchSize) : line.GetValue(_shards)?.Value ?? usual.Shards, // 2 until measured
            SyncBatchNorm = line.GetResult(_syncBatchNorm) is null ? usual.SyncBatchNorm : line.GetValue(_syncBatchNorm),
            ClassWeights = line.GetValue(_classWeights) is { } weights ? ClassWeights.Parse(weights) : usual.ClassWeights,
            Clipping = new((float?)line.GetValue(_clipNorm).Or(usual.Clipping.Norm),
            (float?)line.GetValue(_clipValue).Or(usual.Clipping.Value)),
            LayerRates = ReadRates(line) ?? usual.LayerRates,
            AverageDecay = (float?)line.GetValue(_average).Or(usual.AverageDecay) ?? 0,
            EarlyStopping = ReadEarlyStopping(line, usual.EarlyStopping),
            StartFrom = line.GetValue(_from) ?? usual.StartFrom,
        };
    }

    private LayerRates? ReadRates(ParseResult line)
    {
        string?[] typed = [line.GetValue(_layerRates), line.GetValue(_freeze)];
        string[] said = [.. typed.OfType<string>().Where(text => text != OrNone.Word)];
        if (line.GetValue(_freeze)?.Contains('=', StringComparison.Ordinal) == true)
            throw new UsageException(
                $"--freeze: expected names of layers, such as conv1,conv2, got \"{line.GetValue(_freeze)}\". For factors, use --lr-scale.");
        if (line.GetValue(_layerRates) is { } rates && rates != OrNone.Word
            && rates.Split(',').FirstOrDefault(part => !part.Contains('=', StringComparison.Ordinal)) is { } bare)
            throw new UsageException(
                $"--lr-scale: \"{bare}\" has no factor. Write {(bare.Length > 0 ? bare : "LAYER")}=X, such as " +
                $"{(bare.Length > 0 ? bare : "conv1")}=0.1; to freeze a layer, use --freeze.");
        return typed.All(text => text is null) ? null : LayerRates.Parse(string.Join(',', said));
    }

    private EarlyStopping? ReadEarlyStopping(ParseResult line, EarlyStopping? usual) =>
        line.GetValue(_earlyStop).Or(usual?.Patience) is not { } patience ? null
        : new(patience, line.GetValue(_earlyStopMetric) ?? usual?.Metric ?? WatchedMetric.Accuracy,
        line.GetValue(_earlyStopChange) ?? usual?.LeastChange ?? 0);
}
