using Convolve.Data;
using Convolve.Graphs;
using Convolve.Profiling;
using Convolve.Training;

namespace Convolve.Zoo.Experiments;

/// <summary>
/// What an experiment would take on this machine: the time of a few of its steps times their number, and the memory of its plans.
/// </summary>
/// <param name="Time">Of all arms and seeds.</param>
/// <param name="MemoryBytes">Of the largest arm.</param>
internal readonly record struct ExpectedCost(TimeSpan Time, long MemoryBytes)
{
    /// <summary>Measures a few steps of each network on noise; takes some tenths of a second for each.</summary>
    public static ExpectedCost Of(TrainingExperiment experiment)
    {
        double seconds = 0;
        long memory = 0;
        Dictionary<string, double> known = [];
        foreach (ExperimentArm arm in experiment.Arms)
        {
            Recipe recipe = arm.Recipe;
            Graph graph = NetworkCatalog.Create(recipe.Network, options: arm.NetworkOptions);
            string key = $"{recipe.Network} {string.Join(',', arm.NetworkOptions)}"; // the batch size hardly matters
            if (!known.TryGetValue(key, out double perImage))
                known[key] = perImage = StepProfile.TrainingSecondsPerImage(graph, recipe);
            int images = (int)(Datasets.Find(recipe.Dataset).TrainCount * (1 - recipe.ValidationFraction));
            seconds += perImage * images * recipe.Epochs * experiment.Seeds;
            memory = Math.Max(memory, Trainer.Estimate(graph, recipe).TotalBytes);
        }
        return new(TimeSpan.FromSeconds(seconds), memory);
    }
}
