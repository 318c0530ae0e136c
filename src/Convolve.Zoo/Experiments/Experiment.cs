namespace Convolve.Zoo.Experiments;

/// <summary>An experiment that teaching material describes, as data.</summary>
/// <param name="Name">Such as "mnist-lenet5".</param>
/// <param name="Purpose">What it shows, in a line.</param>
/// <param name="Source">Who published it.</param>
/// <param name="Differences">Why the measured figures may differ from the published ones, apart from the seed.</param>
internal abstract record Experiment(string Name, string Purpose, string Source, string Differences);

/// <summary>An experiment that trains networks.</summary>
/// <param name="Arms">What is compared; one for a plain reproduction.</param>
internal sealed record TrainingExperiment(string Name, string Purpose, string Source, string Differences, IReadOnlyList<ExperimentArm> Arms)
    : Experiment(Name, Purpose, Source, Differences)
{
    /// <summary>Seeds of each arm unless others are asked for: one for a reproduction, more where two arms are close.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>A training accuracy, in [0, 1], to which the steps are counted; null where that is not the question.</summary>
    public double? TargetTrainAccuracy { get; init; }

    /// <summary>Whether a picture of the first layer's filters belongs to the result.</summary>
    public bool DrawsFilters { get; init; }
}

/// <summary>An experiment that looks at a network's figures without training it: what dominates memory, compute and bandwidth.</summary>
/// <param name="Network">Of the zoo.</param>
/// <param name="Published">The figures by the names they have in the result.</param>
internal sealed record CostExperiment(string Name, string Purpose, string Source, string Differences, string Network,
    IReadOnlyDictionary<string, double> Published)
    : Experiment(Name, Purpose, Source, Differences);

/// <summary>One way to train within an experiment.</summary>
/// <param name="Name">What sets it apart from the other arms.</param>
/// <param name="Recipe">How it is trained; names network and data set.</param>
/// <param name="Published">What was published of it; empty where the source only asserts.</param>
internal sealed record ExperimentArm(string Name, Training.Recipe Recipe, Published? Published = null)
{
    /// <summary>What is chosen in the network, as typed.</summary>
    public IReadOnlyDictionary<string, string> NetworkOptions { get; init; } = new Dictionary<string, string>();
}

/// <summary>Published figures: fractions in [0, 1], losses, speed and time; null or empty where none was given.</summary>
internal sealed record Published
{
    /// <summary>At the end.</summary>
    public double? TestAccuracy { get; init; }

    /// <summary>At the end.</summary>
    public double? TestLoss { get; init; }

    /// <summary>Of the last epoch.</summary>
    public double? TrainAccuracy { get; init; }

    /// <summary>Of the last epoch.</summary>
    public double? TrainLoss { get; init; }

    /// <summary>The best of all epochs.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>In training, on the source's machine.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Of the whole training, on the source's machine.</summary>
    public double? Minutes { get; init; }

    /// <summary>Training accuracies from the first epoch on.</summary>
    public IReadOnlyList<double> TrainByEpoch { get; init; } = [];

    /// <summary>Validation accuracies from the first epoch on; some sources take the test images for it.</summary>
    public IReadOnlyList<double> ValidationByEpoch { get; init; } = [];
}
