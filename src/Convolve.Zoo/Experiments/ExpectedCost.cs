using System.Diagnostics;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.OneDnn;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Zoo.Experiments;

/// <summary>What an experiment would take on this machine: the time of a few of its steps times their number, and the memory of its plans.</summary>
/// <param name="Time">Of all arms and seeds.</param>
/// <param name="MemoryBytes">Of the largest arm.</param>
public readonly record struct ExpectedCost(TimeSpan Time, long MemoryBytes)
{
    private const double SecondsPerNetwork = 0.2;

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
                known[key] = perImage = SecondsPerImage(graph, recipe);
            int images = (int)(Datasets.Find(recipe.Dataset).TrainCount * (1 - recipe.ValidationFraction));
            seconds += perImage * images * recipe.Epochs * experiment.Seeds;
            memory = Math.Max(memory, Trainer.Estimate(graph, recipe).TotalBytes);
        }
        return new(TimeSpan.FromSeconds(seconds), memory);
    }

    private static double SecondsPerImage(Graph graph, Recipe recipe)
    {
        using Model model = new(graph, new() { Precision = recipe.Precision, Exact = recipe.Exact, Threads = recipe.Threads }, recipe.BatchSize);
        using Optimizer optimizer = new(model, recipe.Optimizer);
        Executor pass = model.Training(recipe.BatchSize);
        double best = double.MaxValue;
        ThreadTeam.Invoke(() =>
        {
            long start = Stopwatch.GetTimestamp();
            for (uint step = 0; step < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < SecondsPerNetwork; step++)
            {
                long before = Stopwatch.GetTimestamp();
                pass.Run(step);
                optimizer.Step(0);
                best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalSeconds);
            }
        });
        return best / recipe.BatchSize;
    }
}
