using System.CommandLine;
using Convolve.Training;

namespace Convolve.Cli;

/// <summary>What can be said to 'convolve train' of how a run is carried out: parts of batches, clipping, layers, means, early ends, other weights to start from.</summary>
internal sealed class PracticeOptions
{
    private readonly Option<int?> _microBatch = Inputs.Integer("--micro-batch",
        "Compute batches in parts of at most N images and add their gradients up: the same mathematics in less memory (batch normalisation measures, and mixup and cutmix mix, each part by itself). Default: whole batches.", least: 1);

    private readonly Option<double?> _clipNorm = Inputs.Number("--clip-norm", "Shorten the gradients, all together as one vector, to this length, above 0. Default: no limit.");

    private readonly Option<double?> _clipValue = Inputs.Number("--clip-value", "Cut each gradient to this size, above 0. Default: no limit.");

    private readonly Option<string?> _layerRates = Inputs.Word("--lr-scale", "LAYER=X,...",
        "Factors of the learning rate for layers by name, * for any letters, such as conv*=0.1,fc3=10. Where several fit, the last one counts. Default: 1 for all.");

    private readonly Option<string?> _freeze = Inputs.Word("--freeze", "LAYER,...", "Layers that are not learned any more, by name, * for any letters, such as conv*; running statistics of batch normalisation go on. Default: none.");

    private readonly Option<double?> _average = Inputs.Number("--ema",
        "Keep a running mean of the weights, of which this share stays at each step, in [0, 1), such as 0.999; it is validated, tested and saved in the weights' place. Default: 0, none.");

    private readonly Option<int?> _earlyStop = Inputs.Integer("--early-stop", "End after N epochs without improvement, at least 1. Default: train all epochs.", least: 1);

    private readonly Option<WatchedMetric?> _earlyStopMetric = Inputs.OneOf("--early-stop-metric",
        "With --early-stop: what is watched on the validation split, and chooses the epoch whose weights are kept. Default: accuracy.", ("accuracy", WatchedMetric.Accuracy), ("loss", WatchedMetric.Loss));

    private readonly Option<double?> _earlyStopChange = Inputs.Number("--early-stop-change", "With --early-stop: the least change that counts as improvement, at least 0. Default: 0.");

    private readonly Option<string?> _from = Inputs.Word("--from", "RUN|FILE",
        "Start with the weights of another run or of a .safetensors file, where name and shape of a parameter fit; what was taken and what was not is listed. Default: a start of its own.");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_microBatch, _clipNorm, _clipValue, _layerRates, _freeze, _average, _earlyStop, _earlyStopMetric, _earlyStopChange, _from])
            command.Add(option);
    }

    /// <summary>The recipe with what is said.</summary>
    /// <exception cref="RecipeException">A value cannot be understood.</exception>
    /// <exception cref="UsageException">An option has no meaning here.</exception>
    public Recipe Read(ParseResult line, Recipe usual)
    {
        foreach (Option option in (Option[])[_earlyStopMetric, _earlyStopChange])
            if (line.GetResult(option) is not null && line.GetValue(_earlyStop) is null && usual.EarlyStopping is null)
                throw new UsageException($"{option.Name} belongs to --early-stop N. Say after how many epochs without improvement the run ends.");
        return usual with
        {
            MicroBatchSize = line.GetValue(_microBatch) ?? usual.MicroBatchSize,
            Clipping = new((float?)line.GetValue(_clipNorm) ?? usual.Clipping.Norm, (float?)line.GetValue(_clipValue) ?? usual.Clipping.Value),
            LayerRates = ReadRates(line) ?? usual.LayerRates,
            AverageDecay = (float?)line.GetValue(_average) ?? usual.AverageDecay,
            EarlyStopping = ReadEarlyStopping(line, usual.EarlyStopping),
            StartFrom = line.GetValue(_from) ?? usual.StartFrom,
        };
    }

    private LayerRates? ReadRates(ParseResult line)
    {
        string[] said = [.. new[] { line.GetValue(_layerRates), line.GetValue(_freeze) }.OfType<string>()];
        if (line.GetValue(_freeze)?.Contains('=', StringComparison.Ordinal) == true)
            throw new UsageException($"--freeze is \"{line.GetValue(_freeze)}\", and names of layers were expected, such as conv1,conv2. Factors belong to --lr-scale.");
        if (line.GetValue(_layerRates) is { } rates && rates.Split(',').FirstOrDefault(part => !part.Contains('=', StringComparison.Ordinal)) is { } bare)
            throw new UsageException($"--lr-scale: \"{bare}\" has no factor. Write {(bare.Length > 0 ? bare : "LAYER")}=X, such as {(bare.Length > 0 ? bare : "conv1")}=0.1; to keep a layer as it is, use --freeze.");
        return said.Length == 0 ? null : LayerRates.Parse(string.Join(',', said));
    }

    private EarlyStopping? ReadEarlyStopping(ParseResult line, EarlyStopping? usual) => (line.GetValue(_earlyStop) ?? usual?.Patience) is not { } patience ? null
        : new(patience, line.GetValue(_earlyStopMetric) ?? usual?.Metric ?? WatchedMetric.Accuracy, line.GetValue(_earlyStopChange) ?? usual?.LeastChange ?? 0);
}
