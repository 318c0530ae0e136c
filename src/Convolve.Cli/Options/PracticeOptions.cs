using System.CommandLine;
using Convolve.Cli.Terminal;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Cli.Options;

/// <summary>
/// What can be said to 'convolve train' of how a run is carried out: parts of batches, clipping, layers, means, early ends, other weights
/// to start from.
/// </summary>
internal sealed class PracticeOptions
{
    private readonly Option<OrNone<int>?> _microBatch = Inputs.IntegerOrNone("--micro-batch",
        "Compute batches in parts of at most N images and add their gradients up: the same mathematics in less memory (batch " +
        "normalisation measures, and mixup and cutmix mix, each part by itself). Default: whole batches.", least: 1);

    private readonly Option<string?> _classWeights = Inputs.Word("--class-weights", "balanced|CLASS=W,...",
        "How much each class counts in training's loss, as PyTorch's CrossEntropyLoss(weight): balanced lets every class count the " +
        "same, by pictures / (classes x pictures of the class); or weights by name, 1 for the others. Validation and test count every " +
        "picture the same. Default: none.");

    private readonly Option<OrNone<double>?> _clipNorm = Inputs.NumberOrNone("--clip-norm",
        $"Shorten the gradients, all together as one vector, to this length, above 0. Default: " +
        $"{TrainOptions.Default(r => r.Clipping.Norm is { } norm ? Format.Number(norm) : "none")}.");

    private readonly Option<OrNone<double>?> _clipValue =
        Inputs.NumberOrNone("--clip-value", "Cut each gradient to this size, above 0. Default: no limit.");

    private readonly Option<string?> _layerRates = Inputs.Word("--lr-scale", "LAYER=X,...",
        "Factors of the learning rate for layers by name, * for any letters, such as conv*=0.1,fc3=10. Where several fit, the last one " +
        "counts; none for 1 throughout. Default: 1 for all.");

    private readonly Option<string?> _freeze = Inputs.Word("--freeze", "LAYER,...",
        "Layers that are not learned any more, by name, * for any letters, such as conv*; running statistics of batch normalisation go " +
        "on. Default: none.");

    private readonly Option<OrNone<double>?> _average = Inputs.NumberOrNone("--ema",
        "Keep a running mean of the weights, of which this share stays at each step, in [0, 1), such as 0.999; it is validated, tested " +
        "and saved in the weights' place. Default: none.");

    private readonly Option<OrNone<int>?> _earlyStop =
        Inputs.IntegerOrNone("--early-stop", "End after N epochs without improvement, at least 1. Default: train all epochs.", least: 1);

    private readonly Option<WatchedMetric?> _earlyStopMetric = Inputs.OneOf("--early-stop-metric",
        "With --early-stop: what is watched on the validation split, and chooses the epoch whose weights are kept. Default: accuracy.",
        ("accuracy", WatchedMetric.Accuracy), ("loss", WatchedMetric.Loss));

    private readonly Option<double?> _earlyStopChange =
        Inputs.Number("--early-stop-change", "With --early-stop: the least change that counts as improvement, at least 0. Default: 0.");

    private readonly Option<string?> _from = Inputs.Word("--from", "RUN|FILE",
        "Start with the weights of another run or of a .safetensors file, where name and shape of a parameter fit; what was taken and " +
        "what was not is listed. Default: a start of its own.");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_microBatch, _classWeights, _clipNorm, _clipValue, _layerRates, _freeze, _average, _earlyStop,
            _earlyStopMetric, _earlyStopChange, _from])
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
                    $"{option.Name} belongs to --early-stop N. Say after how many epochs without improvement the run ends.");
        return usual with
        {
            MicroBatchSize = line.GetValue(_microBatch).Or(usual.MicroBatchSize),
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
                $"--freeze is \"{line.GetValue(_freeze)}\", and names of layers were expected, such as conv1,conv2. Factors belong to " +
                $"--lr-scale.");
        if (line.GetValue(_layerRates) is { } rates && rates != OrNone.Word
            && rates.Split(',').FirstOrDefault(part => !part.Contains('=', StringComparison.Ordinal)) is { } bare)
            throw new UsageException(
                $"--lr-scale: \"{bare}\" has no factor. Write {(bare.Length > 0 ? bare : "LAYER")}=X, such as " +
                $"{(bare.Length > 0 ? bare : "conv1")}=0.1; to keep a layer as it is, use --freeze.");
        return typed.All(text => text is null) ? null : LayerRates.Parse(string.Join(',', said));
    }

    private EarlyStopping? ReadEarlyStopping(ParseResult line, EarlyStopping? usual) =>
        line.GetValue(_earlyStop).Or(usual?.Patience) is not { } patience ? null
        : new(patience, line.GetValue(_earlyStopMetric) ?? usual?.Metric ?? WatchedMetric.Accuracy,
        line.GetValue(_earlyStopChange) ?? usual?.LeastChange ?? 0);
}
