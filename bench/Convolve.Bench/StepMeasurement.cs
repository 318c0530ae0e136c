using System.Diagnostics;
using Convolve.Execution;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Training.Optimizers;

namespace Convolve.Bench;

/// <summary>Training and inference steps of Convolve on a batch that is there already, as peer_pytorch.py takes them.</summary>
internal static class StepMeasurement
{
    /// <summary>Small, so that many steps on one batch of noise stay finite; the peer has the same.</summary>
    private const float LearningRate = 0.001f;

    public static Sgd Sgd { get; } = new() { LearningRate = LearningRate, Momentum = 0.9f };

    public static Sample Run(Arguments arguments)
    {
        Setting setting = Setting.Take(arguments);
        int warmUp = arguments.Count("--warm-up", 2), steps = arguments.Count("--steps", 8);
        arguments.End();

        Noise noise = new();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        long before = Machine.ProcessMemory.Resident;
        using Model model = new(setting.Graph, setting.Options, setting.BatchSize);
        using Optimizer optimizer = new(model, Sgd);

        Executor training = model.Training(setting.BatchSize);
        double trainMs = Time(training, noise, warmUp, steps, step =>
        {
            training.Run(step);
            optimizer.Step(LearningRate);
        });
        double loss = training.Losses.ToArray().Average(l => (double)l);
        long peak = Machine.ProcessMemory.Peak, estimate = model.MemoryBytes + optimizer.MemoryBytes;
        if (!double.IsFinite(loss))
            throw new MeasurementException("the loss became NaN");

        double? normShare = ResponseNormShare(training, optimizer, noise, steps);
        Executor evaluation = model.Evaluation(setting.BatchSize);
        double inferMs = Time(evaluation, noise, warmUp, steps, step => evaluation.Run(step));
        return new()
        {
            TrainMs = trainMs,
            InferMs = inferMs,
            TrainPeakBytes = peak,
            TrainEstimateBytes = estimate,
            TrainGrowthBytes = peak - before,
            ResponseNormShare = normShare,
            Loss = loss,
            Threads = Machine.Threads,
            Library = Machine.KernelLibraryName,
        };
    }

    // What the local response normalizations take of a training step, or null where there is none.
    private static double? ResponseNormShare(Executor training, Optimizer optimizer, Noise noise, int steps)
    {
        HashSet<string> norms = [.. training.Plan.Graph.Nodes.Where(node => node.Layer is LocalResponseNorm).Select(node => node.Name)];
        if (norms.Count == 0)
            return null;
        TimeSpan total = default;
        training.IsProfiling = true;
        ThreadTeam.Invoke(() =>
        {
            for (int step = 0; step < steps; step++)
            {
                noise.Fill(training);
                long start = Stopwatch.GetTimestamp();
                training.Run((uint)step);
                optimizer.Step(LearningRate);
                total += Stopwatch.GetElapsedTime(start);
            }
        });
        IReadOnlyList<TimeSpan> times = training.StepTimes;
        return training.Plan.Steps.Index().Where(step => norms.Contains(step.Item.Node)).Sum(step => times[step.Index] / total);
    }

    // The input is written anew before each step, since a pass may use its memory for something else; that is not timed.
    private static double Time(Executor pass, Noise noise, int warmUp, int steps, Action<uint> step)
    {
        double[] times = new double[steps];
        ThreadTeam.Invoke(() =>
        {
            for (int i = -warmUp; i < steps; i++)
            {
                noise.Fill(pass);
                long start = Stopwatch.GetTimestamp();
                step((uint)(i + warmUp));
                if (i >= 0)
                    times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        });
        return Statistics.Median(times);
    }
}
