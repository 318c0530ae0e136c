using Convolve.Training;

namespace Convolve.Zoo;

/// <summary>An experiment that teaching material describes, as data: what is trained on what, and what was published of it.</summary>
/// <param name="Name">Such as "mnist-lenet5".</param>
/// <param name="Purpose">What it shows, in a line.</param>
/// <param name="Source">Who published it.</param>
/// <param name="Differences">Why the measured figures may differ from the published ones, besides the seed.</param>
/// <param name="Arms">What is compared; one for a plain reproduction.</param>
public sealed record Experiment(string Name, string Purpose, string Source, string Differences, IReadOnlyList<ExperimentArm> Arms);

/// <summary>One training of an experiment.</summary>
/// <param name="Name">What sets it apart from the other arms.</param>
/// <param name="Recipe">How it is trained; names network and data set.</param>
/// <param name="Published">What was published of it; empty where the source only asserts.</param>
public sealed record ExperimentArm(string Name, Recipe Recipe, Published Published = default)
{
    /// <summary>What is chosen in the network, as typed.</summary>
    public IReadOnlyDictionary<string, string> NetworkOptions { get; init; } = new Dictionary<string, string>();
}

/// <summary>Published figures: fractions in [0, 1] and a loss; null where none was given.</summary>
/// <param name="TestAccuracy">At the end.</param>
/// <param name="TestLoss">At the end.</param>
/// <param name="TrainAccuracy">Of the last epoch.</param>
/// <param name="TrainLoss">Of the last epoch.</param>
public readonly record struct Published(double? TestAccuracy = null, double? TestLoss = null, double? TrainAccuracy = null, double? TrainLoss = null);
