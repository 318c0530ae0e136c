using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Training;

namespace Convolve.Bench;

/// <summary>
/// Two short epochs of the trainer, of a network on Fashion-MNIST or of a recipe for CIFAR-10 on noise: what loading adds to the bare
/// steps, and what memory a run takes.
/// </summary>
internal static class EpochMeasurement
{
    public const string Dataset = "fashion-mnist";

    private static readonly DatasetOptions WhatIsThere = new() { AllowDownload = false };

    public static bool IsPossible => Datasets.Locate(Dataset, WhatIsThere).IsFound;

    public static Sample Run(Arguments arguments)
    {
        Setting setting = Setting.Take(arguments);
        int images = arguments.Count("--images", 8 * setting.BatchSize);
        arguments.End();

        CifarRecipe? cifar = CifarRecipe.Find(setting.Network);
        DataSplits splits = cifar?.Data(images) ?? FashionMnist(images, setting.BatchSize);
        Graph graph = cifar?.Graph ?? setting.Graph;
        Recipe recipe = (cifar?.Arm.Recipe ?? new() { Network = graph.Name, Dataset = Dataset }) with
        {
            Epochs = 2,
            BatchSize = setting.BatchSize,
            Optimizer = StepMeasurement.Sgd,
            Schedule = new(),
            Precision = setting.Options.Precision,
            Exact = setting.Options.Exact,
            ValidationFraction = 0,
        };
        using Trainer trainer = new(graph, splits, recipe);
        Watch watch = new(trainer);
        trainer.Fit(watch);
        EpochProgress last = watch.LastEpoch!;
        return new()
        {
            TrainMs = last.Elapsed.TotalMilliseconds * setting.BatchSize / splits.Train.Count,
            DataShare = last.DataWait / last.Elapsed,
            TrainPeakBytes = watch.Peak,
            TrainEstimateBytes = trainer.EstimatedMemoryBytes,
            TrainGrowthBytes = watch.Growth,
            Loss = last.TrainLoss,
            Threads = Machine.Threads,
            Library = Machine.KernelLibraryName,
        };
    }

    private static DataSplits FashionMnist(int images, int batchSize)
    {
        LoadedData data = Datasets.Load(Dataset, WhatIsThere);
        return new(
            new("train", data.Train, [.. Enumerable.Range(0, Math.Min(images, data.Train.Count))]),
            new("validation", data.Train, []),
            new("test", data.Test, [.. Enumerable.Range(0, Math.Min(batchSize, data.Test.Count))]));
    }

    /// <summary>Looks at the memory at the end of the first epoch's steps, before the trainer copies the best weights.</summary>
    private sealed class Watch(Trainer trainer) : IProgress<TrainingProgress>
    {
        public EpochProgress? LastEpoch { get; private set; }

        public long Peak { get; private set; }

        public long Growth { get; private set; }

        public void Report(TrainingProgress value)
        {
            if (value is StepProgress { Epoch: 1 } step && step.Step == step.Steps)
                (Peak, Growth) = (Machine.ProcessMemory.Peak, trainer.MeasuredMemoryBytes);
            else if (value is EpochProgress epoch)
                LastEpoch = epoch;
        }
    }
}
