using System.Diagnostics;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Profiling;

/// <summary>How long each step of a plan takes on this machine.</summary>
/// <param name="Plan">What was measured.</param>
/// <param name="Seconds">Of each of its steps: the median of the passes.</param>
/// <param name="UpdateSeconds">Of the optimizer; 0 in an evaluation.</param>
/// <param name="Passes">That were timed.</param>
internal sealed record PassTimes(Plan Plan, IReadOnlyList<double> Seconds, double UpdateSeconds, int Passes)
{
    private const int LeastPasses = 3, MostPasses = 1000;

    /// <summary>Times a network on noise.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="recipe">Its batch size, number format, threads and optimizer.</param>
    /// <param name="isTraining">A training step, or else an evaluation.</param>
    /// <param name="time">How long it measures at least.</param>
    /// <param name="cancellation">Ends it after a pass.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    public static PassTimes Measure(Graph graph, Recipe recipe, bool isTraining, TimeSpan time, CancellationToken cancellation = default)
    {
        using Model model = new(graph, OptionsOf(recipe), isTraining ? recipe.BatchSize : 0);
        using Optimizer? optimizer = isTraining ? new(model, recipe.Optimizer) : null;
        Executor pass = isTraining ? model.Training(recipe.BatchSize) : model.Evaluation(recipe.BatchSize);
        Observer times = new(pass.Plan.Steps.Count);
        List<double> updates = [];
        ThreadTeam.Invoke(() =>
        {
            Fill(pass);
            pass.Run();
            optimizer?.Step(0);
            pass.Observer = times;
            long start = Stopwatch.GetTimestamp();
            for (uint step = 1; step <= LeastPasses || (step <= MostPasses && Stopwatch.GetElapsedTime(start) < time); step++)
            {
                cancellation.ThrowIfCancellationRequested();
                pass.Run(step);
                long before = Stopwatch.GetTimestamp();
                optimizer?.Step(0);
                updates.Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
            }
            pass.Observer = null;
        });
        return new(pass.Plan, times.Medians, MedianOf(updates), updates.Count);
    }

    /// <summary>How a recipe has a model run.</summary>
    internal static ExecutionOptions OptionsOf(Recipe recipe) =>
        new() { Precision = recipe.Precision, Exact = recipe.Exact, Threads = recipe.Threads };

    // Zeros would be no work for some kernels.
    private static void Fill(Executor pass)
    {
        CounterRandom random = new(0, RandomPurpose.Noise);
        foreach (ref float value in pass.InputFloat32)
            value = random.NextSingle();
        foreach (ref ushort value in pass.InputBFloat16)
            value = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle()) >> 16);
    }

    private static double MedianOf(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? 0 : (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }

    private sealed class Observer(int steps) : IPassObserver
    {
        private readonly List<double>[] _seconds = [.. Enumerable.Range(0, steps).Select(_ => new List<double>())];

        public double[] Medians => [.. _seconds.Select(MedianOf)];

        public void Ran(Plan plan, int step, long start, long end) =>
            _seconds[step].Add(Stopwatch.GetElapsedTime(start, end).TotalSeconds);
    }
}
