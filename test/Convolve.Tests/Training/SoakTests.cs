using System.Diagnostics;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Tests.Training;

/// <summary>Plans made and dropped, trainings begun and cancelled, for as long as a server might: nothing piles up.</summary>
public sealed class SoakTests : IDisposable
{
    private const int Cancellations = 300;
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(20);

    // As many kinds as the warm-up goes through, so that what is kept for them, such as the library's cache of kernels, is there when the
    // counting begins.
    private static readonly Graph[] Networks =
    [
        TrainingData.Network,
        Graph.Sequential("normalized", (1, 12, 12), [new Conv2d(8, 3), new BatchNorm2d(), new ReLU(), new MaxPool2d(2), new Flatten(),
        new Dropout(0.3f), new Linear(20), new ReLU(), new Linear(TrainingData.Classes)]),
        Graph.Sequential("wide", (1, 12, 12), [new Conv2d(32, 5, padding: 2), new ReLU(), new LocalResponseNorm(5),
        new Conv2d(64, 3, padding: 1, groups: 2), new ReLU(), new AvgPool2d(2), new Flatten(), new Linear(TrainingData.Classes)]),
        CifarResNet.Create(20, TrainingData.Classes, new Shape(3, 16, 16)),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nothing_is_left_of_a_few_rounds()
    {
        using Process process = Process.GetCurrentProcess();
        Round(0);
        Round(1);
        (_, int handles, int threads) = Measure(process);
        for (int round = 2; round < 4; round++)
            Round(round);
        (_, int handlesAfter, int threadsAfter) = Measure(process);
        Assert.InRange(handlesAfter, 0, handles + 2);
        Assert.InRange(threadsAfter, 0, threads + 2);
    }

    [Fact, Trait("Category", "Slow")]
    public void Memory_handles_and_threads_stay_flat_for_twenty_minutes()
    {
        using Process process = Process.GetCurrentProcess();
        List<(double Minute, long Memory, int Handles, int Threads)> samples = [];
        int cancelled = 0;
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; Stopwatch.GetElapsedTime(start) < Length || cancelled < Cancellations; round++)
        {
            cancelled += Round(round);
            (long memory, int handles, int threads) = Measure(process);
            samples.Add((Stopwatch.GetElapsedTime(start).TotalMinutes, memory, handles, threads));
        }
        double end = samples[^1].Minute;
        var early = samples.Where(s => s.Minute >= 0.15 * end && s.Minute < 0.4 * end).ToList();
        var late = samples.Where(s => s.Minute >= 0.75 * end).ToList();
        double growth = (double)Median(late.Select(s => s.Memory)) / Median(early.Select(s => s.Memory)) - 1;
        string figures =
            string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{samples.Count} rounds, {cancelled} cancelled trainings in {end:F1} min: memory " +
            $"{Median(early.Select(s => s.Memory)) / 1048576.0:F1} to {Median(late.Select(s => s.Memory)) / 1048576.0:F1} MiB " +
            $"({growth:P2}), handles {early.Max(s => s.Handles)} to {late.Max(s => s.Handles)}, threads {early.Max(s => s.Threads)} to " +
            $"{late.Max(s => s.Threads)}");
        File.WriteAllText(Path.Combine(Path.GetTempPath(), "convolve-soak.txt"), figures + "\n");
        Assert.True(growth < 0.01, figures);
        Assert.True(late.Max(s => s.Handles) <= early.Max(s => s.Handles), figures);
        Assert.True(late.Max(s => s.Threads) <= early.Max(s => s.Threads), figures);
    }

    /// <summary>
    /// A training of each network in each precision, cancelled at a moment of its own, resumed, and cancelled again; and plans that nothing
    /// runs.
    /// </summary>
    /// <returns>How many trainings were cancelled.</returns>
    private int Round(int round)
    {
        int cancelled = 0;
        Precision[] precisions = Features.HasNativeBFloat16 ? [Precision.Float32, Precision.BFloat16] : [Precision.Float32];
        foreach ((int number, Graph graph) in Networks.Index())
        {
            foreach (Precision precision in precisions)
            {
                CounterRandom random = new((ulong)round, RandomPurpose.Test, (uint)number, (uint)precision);
                Recipe recipe = TrainingData.Recipe with
                {
                    Network = graph.Name,
                    Epochs = 100,
                    BatchSize = 24,
                    Precision = precision,
                    AverageDecay = 0.5f,
                    Clipping = new(Norm: 1)
                };
                DataSplits splits = SplitsFor(graph);
                _ = Trainer.Estimate(graph, splits, recipe);
                string run = _folder[$"run-{round}-{number}-{precision}"];
                using (Trainer trainer = RunFolder.Begin(run, graph, splits, recipe))
                    cancelled += Cancelled(trainer, random.NextInt32(150));
                using (Trainer trainer = RunFolder.Open(run).Resume(splits))
                    cancelled += Cancelled(trainer, random.NextInt32(150));
                using (Classifier classifier = Classifier.Load(run, new ExecutionOptions { Precision = precision }))
                    Assert.InRange(classifier.Evaluate(splits.Test, 10 + round % 3).Accuracy, 0, 1);
                Directory.Delete(run, recursive: true);
            }
        }
        return cancelled;
    }

    private static int Cancelled(Trainer trainer, int milliseconds)
    {
        using CancellationTokenSource cancellation = new(milliseconds);
        return trainer.TryFit(null, null, cancellation.Token) is null ? 1 : 0;
    }

    private static DataSplits SplitsFor(Graph graph)
    {
        ImageSize size = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        return DataSplits.Create(TrainingData.Noise(150, 1, size, TrainingData.Classes),
            TrainingData.Noise(43, 2, size, TrainingData.Classes), 0.2, seed: 3);
    }

    private static (long Memory, int Handles, int Threads) Measure(Process process)
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        process.Refresh();
        int handles = Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : process.HandleCount;
        return (process.WorkingSet64, handles, process.Threads.Count);
    }

    private static long Median(IEnumerable<long> values)
    {
        long[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
