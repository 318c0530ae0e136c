using System.Diagnostics;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Profiling;

/// <summary>Where the time of a pass goes on this machine.</summary>
/// <param name="SecondsByNode">The time of each node of the network. An activation that runs inside another kernel counts as part of that
/// kernel's node.</param>
/// <param name="TotalSeconds">Of the whole pass.</param>
internal sealed record StepProfile(IReadOnlyDictionary<string, double> SecondsByNode, double TotalSeconds)
{
    private const double SecondsPerNetwork = 0.2;

    /// <summary>Measures an evaluation in float32 for about a second.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="batch">Images of a pass.</param>
    public static StepProfile OfEvaluation(Graph graph, int batch)
    {
        using Model model = new(graph, new() { Precision = Precision.Float32 });
        Executor pass = model.Evaluation(batch);
        int count = 0;
        ThreadTeam.Invoke(() =>
        {
            pass.Run();
            pass.IsProfiling = true;
            for (long start = Stopwatch.GetTimestamp(); count < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < 1; count++)
                pass.Run();
        });
        Dictionary<string, double> times = [];
        for (int i = 0; i < pass.Plan.Steps.Count; i++)
        {
            string node = pass.Plan.Steps[i].Node;
            times[node] = times.GetValueOrDefault(node) + pass.StepTimes[i].TotalSeconds / count;
        }
        return new(times, times.Values.Sum());
    }

    /// <summary>Measures some steps of training on noise, for some tenths of a second: the time of the fastest, by image.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="recipe">How it is trained.</param>
    public static double TrainingSecondsPerImage(Graph graph, Recipe recipe)
    {
        using Model model = new(graph, new() { Precision = recipe.Precision, Exact = recipe.Exact, Threads = recipe.Threads },
            recipe.BatchSize);
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
