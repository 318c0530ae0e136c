using System.CommandLine;
using Convolve.Data;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli;

/// <summary>What can be said to 'convolve train'. What is not said comes from <see cref="Recipes"/>.</summary>
internal sealed class TrainOptions
{
    private readonly Option<int?> _epochs =
        Inputs.Integer("--epochs", $"Passes over the training images, at least 1. Default: {Default(r => $"{r.Epochs}")}.");

    private readonly Option<int?> _batchSize =
        Inputs.Integer("--batch-size", $"Images of one step, at least 1. Default: {Default(r => $"{r.BatchSize}")}.");

    private readonly Option<double?> _learningRate =
        Inputs.Number("--lr",
            $"The highest learning rate, above 0; the schedule scales it. Default: {Default(r => Format.Number(r.Optimizer.LearningRate))}.");

    private readonly Option<double?> _momentum =
        Inputs.Number("--momentum",
            $"The share of the last step's velocity that is kept, in [0, 1). Default: {Default(r => Format.Number(r.Optimizer.Momentum))}.");

    private readonly Option<bool?> _nesterov = Switch("--nesterov",
        $"Whether the step looks ahead along the momentum. Default: {Default(r => r.Optimizer.Nesterov ? "true" : "false")}.");

    private readonly Option<double?> _weightDecay =
        Inputs.Number("--weight-decay",
            $"The factor of the L2 penalty, at least 0. Default: {Default(r => Format.Number(r.Optimizer.WeightDecay))}.");

    private readonly Option<bool?> _decaysBiases = Switch("--decay-biases", "Whether the penalty holds for biases too. Default: false.");

    private readonly Option<ScheduleKind?> _schedule = Inputs.OneOf("--schedule",
        $"The learning rate over the run: the same throughout; cut every so many epochs; half a cosine down to 0; or up in the first 30 % and down to near 0. Default: {Default(r => NameOf(r.Schedule.Kind))}.",
        Schedules);

    private readonly Option<double?> _warmUp =
        Inputs.Number("--warmup-epochs", "Epochs of a linear rise of the learning rate at the start, at least 0; may be a fraction. Default: 0.");

    private readonly Option<int?> _stepEpochs =
        Inputs.Integer("--step-epochs", "With --schedule step: epochs between two cuts, at least 1. Default: 10.");

    private readonly Option<double?> _stepFactor =
        Inputs.Number("--step-factor", "With --schedule step: what a cut multiplies the rate by, in (0, 1]. Default: 0.1.");

    private readonly Option<UpdateRule?> _optimizer =
        Inputs.OneOf("--optimizer", "The rule of the update: stochastic gradient descent. Default: sgd.", ("sgd", UpdateRule.Sgd));

    private readonly Option<ulong?> _seed =
        Inputs.Seed("--seed", "Decides the first weights, the validation split, the order of the images and the dropout masks. Default: 0.");

    private readonly Option<Precision?> _precision = Inputs.Precision(
        "The kernels' number format: float32, bfloat16 where the CPU has it natively, or the faster one of those. Default: auto.");

    private readonly Option<bool> _exact =
        Inputs.Flag("--exact", "Do without Winograd convolutions, whose float32 rounding error is some ten times larger.");

    private readonly Option<int?> _threads =
        Inputs.Integer("--threads",
            "Threads of the kernels; 0 means OMP_NUM_THREADS, or all cores. The same seed gives the same bits at the same number of threads. Default: 0.");

    private readonly Option<int?> _limit =
        Inputs.Integer("--limit", "Use only the first N training and the first N test images, at least 1. Default: all.");

    private readonly Option<bool> _skipBad =
        Inputs.Flag("--skip-bad", "With --data folder:PATH: leave bad files out and name them, in place of refusing to train.");

    private readonly Option<double?> _validation = Inputs.Number("--validation",
        "The share of the training images, in [0, 1), that choose the best epoch and are not trained on. With 0 the training accuracy chooses. Default: 0.1.", "FRACTION");

    private readonly Option<Normalization?> _normalization = Inputs.OneOf("--normalization",
        "How pixels become numbers: in [0, 1]; with mean 0 and deviation 1 over the training split; in [-1, 1]. Default: training-split.",
        ("none", Normalization.None), ("training-split", Normalization.TrainingSplit), ("minus-one-to-one", Normalization.MinusOneToOne));

    private readonly Option<string?> _initialization = Inputs.Word("--init", "NAME",
        $"How the weights start, in place of the network's own way: {string.Join(", ", Initialization.Names)}.");

    private enum UpdateRule
    {
        Sgd,
    }

    private static (string, ScheduleKind)[] Schedules =>
        [("constant", ScheduleKind.Constant), ("step", ScheduleKind.Step), ("cosine", ScheduleKind.Cosine), ("one-cycle", ScheduleKind.OneCycle)];

    /// <summary>The name of a schedule as typed.</summary>
    public static string NameOf(ScheduleKind kind) => Schedules.First(s => s.Item2 == kind).Item1;

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_epochs, _batchSize, _learningRate, _momentum, _nesterov, _weightDecay, _decaysBiases, _schedule,
            _warmUp, _stepEpochs, _stepFactor, _optimizer, _seed, _precision, _exact, _threads, _limit, _skipBad, _validation, _normalization, _initialization])
            command.Add(option);
    }

    /// <summary>The recipe of a command line.</summary>
    /// <exception cref="RecipeException">A value is out of range.</exception>
    /// <exception cref="NetworkException">The network or the initialisation is unknown.</exception>
    public Recipe Read(ParseResult line, string network, string dataset)
    {
        Recipe usual = Recipes.For(network, dataset);
        Sgd sgd = usual.Optimizer;
        Schedule schedule = usual.Schedule;
        float momentum = (float?)line.GetValue(_momentum) ?? sgd.Momentum;
        Recipe recipe = usual with
        {
            Epochs = line.GetValue(_epochs) ?? usual.Epochs,
            BatchSize = line.GetValue(_batchSize) ?? usual.BatchSize,
            Optimizer = new()
            {
                LearningRate = (float?)line.GetValue(_learningRate) ?? sgd.LearningRate,
                Momentum = momentum,
                Nesterov = line.GetValue(_nesterov) ?? (sgd.Nesterov && momentum != 0),
                WeightDecay = (float?)line.GetValue(_weightDecay) ?? sgd.WeightDecay,
                DecaysBiases = line.GetValue(_decaysBiases) ?? sgd.DecaysBiases,
            },
            Schedule = new()
            {
                Kind = line.GetValue(_schedule) ?? schedule.Kind,
                WarmUpEpochs = line.GetValue(_warmUp) ?? schedule.WarmUpEpochs,
                StepEpochs = line.GetValue(_stepEpochs) ?? schedule.StepEpochs,
                Factor = line.GetValue(_stepFactor) ?? schedule.Factor,
            },
            Seed = line.GetValue(_seed) ?? usual.Seed,
            Precision = line.GetValue(_precision) ?? usual.Precision,
            Exact = line.GetValue(_exact) || usual.Exact,
            Threads = line.GetValue(_threads) ?? usual.Threads,
            Limit = line.GetValue(_limit) ?? usual.Limit,
            SkipBad = line.GetValue(_skipBad) || usual.SkipBad,
            ValidationFraction = line.GetValue(_validation) ?? usual.ValidationFraction,
            Normalization = line.GetValue(_normalization) ?? usual.Normalization,
            Initialization = line.GetValue(_initialization) ?? usual.Initialization,
        };
        recipe.Validate();
        return recipe;
    }

    private static Option<bool?> Switch(string name, string description) => new(name) { Description = description, HelpName = "true|false" };

    // "12", or "12 for lenet5, 5 for alexnet-d2l" where the networks differ.
    private static string Default(Func<Recipe, string> value)
    {
        var values = NetworkCatalog.All.Select(n => (n.Name, Value: value(Recipes.For(n.Name, "")))).GroupBy(p => p.Value).ToList();
        return values.Count == 1 ? values[0].Key : string.Join("; ", values.Select(g => $"{g.Key} for {string.Join(", ", g.Select(p => p.Name))}"));
    }
}
