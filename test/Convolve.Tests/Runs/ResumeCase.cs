using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Training;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Runs;

/// <summary>
/// A run with something of everything that a resumed one could get wrong, drawn by number, and the places where it is interrupted.
/// </summary>
internal sealed class ResumeCase
{
    private static readonly Func<OptimizerSettings>[] Optimizers =
    [
        () => new Sgd { LearningRate = 0.05f, Momentum = 0.9f, Nesterov = true, WeightDecay = 1e-3f },
        () => new Lars { LearningRate = 5, TrustCoefficient = 0.01f }, () => new Sgd { LearningRate = 0.05f },
        () => new Adam { LearningRate = 0.005f },
        () => new AdamW { LearningRate = 0.005f }, () => new RmsProp { LearningRate = 0.002f, Momentum = 0.5f, Centered = true },
    ];

    private static readonly Schedule[] Schedules =
    [
        new() { Kind = ScheduleKind.Plateau, Patience = 0, Factor = 0.5, Threshold = 0.5 },
        new() { Kind = ScheduleKind.OneCycle, WarmUpEpochs = 0.5 }, new() { Kind = ScheduleKind.Exponential, Factor = 0.7 },
    ];

    private static readonly string[] Transforms = ["random-crop:12:padding=1,noise:0.02,mixup", "horizontal-flip,cutmix:probability=0.7",
        ""];

    // Places in the run, in [0, 1).
    private readonly double[] _stops;

    public ResumeCase(int number)
    {
        CounterRandom random = new((ulong)number, RandomPurpose.Test, 77);
        Graph = Network(number % 4);
        Recipe = TrainingData.Recipe with
        {
            Network = Graph.Name,
            Epochs = 2 + random.NextInt32(3),
            BatchSize = 10 + random.NextInt32(30),
            Precision = number % 2 == 1 && Features.HasNativeBFloat16 ? Precision.BFloat16 : Precision.Float32,
            Exact = random.NextInt32(4) == 0,
            Optimizer = Optimizers[random.NextInt32(Optimizers.Length)](),
            Schedule = Schedules[number % Schedules.Length],
            Transforms = TransformList.Parse(Transforms[random.NextInt32(Transforms.Length)]),
            LabelSmoothing = random.NextInt32(2) * 0.1f,
            MicroBatchSize = random.NextInt32(3) == 0 ? 7 : null,
            AverageDecay = random.NextInt32(3) == 0 ? 0.9f : 0,
            Clipping = random.NextInt32(3) == 0 ? new(Norm: 0.5f) : new(),
            EarlyStopping = random.NextInt32(4) == 0 ? new(1) : null,
            Seed = (ulong)number,
        };
        if (Recipe.MicroBatchSize is null && number % 3 == 0)
            Recipe = Recipe with { Shards = 3 };
        Validation = random.NextInt32(4) == 0 ? 0 : 0.2;
        Checkpoints = new() { EverySteps = random.NextInt32(3) * 3 };
        _stops = [.. Enumerable.Range(0, 1 + random.NextInt32(2)).Select(_ => random.NextInt32(1 << 20) / (double)(1 << 20)).Order()];
    }

    public Graph Graph { get; }

    public Recipe Recipe { get; private set; }

    /// <summary>Threads of the kernels.</summary>
    public int Threads
    {
        init => Recipe = Recipe with { Threads = value };
    }

    public double Validation { get; }

    public RunFolderOptions Checkpoints { get; }

    /// <summary>Runs it into a folder, without an interruption.</summary>
    public TrainingResult Run(string folder)
    {
        using Trainer trainer = RunFolder.Begin(folder, Graph, Splits(), Recipe, Checkpoints);
        return trainer.Fit();
    }

    /// <summary>Runs it with all interruptions, each in the middle of an epoch, and resumes it after each.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="epochs">That the run has without them: an early stop may end it before its time.</param>
    public TrainingResult RunInterrupted(string folder, int epochs)
    {
        DataSplits splits = Splits();
        ReadDataset train = ReadDataset.Of(splits.Train.Dataset);
        splits = splits with { Train = splits.Train with { Dataset = train }, Validation = splits.Validation with { Dataset = train } };
        TrainingResult? result = null;
        int[] stops = [.. Stops(splits.Train.Count, epochs)];
        Assert.NotEmpty(stops);
        int done = 0, within = 0;
        foreach (int? stop in (int?[])[.. stops, null])
        {
            using CancellationTokenSource cancellation = new();
            using RunFolder? run = done > 0 ? RunFolder.Open(folder) : null;
            using Trainer trainer = run is null ? RunFolder.Begin(folder, Graph, splits, Recipe, Checkpoints)
                : run.Resume(splits, options: Checkpoints);
            within += trainer.ResumedFrom?.Step > 0 ? 1 : 0;
            int counted = done;
            HashSet<int> validation = [.. splits.Validation.Indices];
            train.WhenRead = (_, image) =>
            {
                if (!validation.Contains(image) && Interlocked.Increment(ref counted) == stop)
                    cancellation.Cancel();
            };
            result = trainer.TryFit(null, null, cancellation.Token);
            train.WhenRead = null;
            done = counted;
            Assert.Equal(stop is not null, result is null);
        }
        Assert.Equal(stops.Length, within);
        return result!;
    }

    // After how many training images, counted over the run: each within the epoch and before its last batch, and no two within one batch.
    private IEnumerable<int> Stops(int images, int epochs)
    {
        int places = (images - 1) / Recipe.BatchSize, last = -1;
        foreach (double stop in _stops)
        {
            int place = Math.Max(last + 1, (int)(stop * epochs * places));
            last = place;
            if (place < epochs * places)
                yield return place / places * images + place % places * Recipe.BatchSize + 1 + (int)(stop * 1000) % Recipe.BatchSize;
        }
    }

    private DataSplits Splits() => TrainingData.Splits(100, 23, Validation);

    private static Graph Network(int kind) => kind switch
    {
        0 => Graph.Sequential("normalized", (1, 12, 12),
            [new Conv2d(8, 3), new BatchNorm2d(), new ReLU(), new MaxPool2d(2), new Flatten(), new Dropout(0.3f), new Linear(20),
            new ReLU(), new Linear(TrainingData.Classes)]),
        1 => Graph.Sequential("wide", (1, 12, 12),
            [new Conv2d(20, 3, padding: 1), new ReLU(), new Conv2d(33, 3, padding: 1), new ReLU(), new MaxPool2d(2), new Flatten(),
            new Linear(40), new ReLU(), new Dropout(0.5f), new Linear(TrainingData.Classes)]),
        2 => Graph.Sequential("lanes", (1, 12, 12), [new Conv2d(6, 5), new Tanh(), new MaxPool2d(2), new Flatten(), new Linear(20),
        new Dropout(0.2f), new Linear(TrainingData.Classes)]),
        _ => TrainingData.Network,
    };
}
