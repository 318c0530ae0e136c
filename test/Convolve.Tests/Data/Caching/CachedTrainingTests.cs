using Convolve.Data;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Data.Caching;

/// <summary>A run whose pictures are kept: the same bits, each picture decoded once, and the memory as announced.</summary>
public class CachedTrainingTests
{
    private const int Pictures = 60;

    private static readonly Graph Network = Graph.Sequential("small", (3, 12, 12),
        [new Conv2d(4, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(2)]);

    [Theory]
    [InlineData("", 24 * 24 * 3)]
    [InlineData("horizontal-flip", 24 * 24 * 3)]
    [InlineData("resize:16,random-crop:12,horizontal-flip", 16 * 16 * 3)]
    [InlineData("random-resized-crop:12", 64 * 64 * 3)]
    public void A_run_has_the_same_bits_with_and_without(string transforms, int trainingBytes)
    {
        Recipe recipe = TrainingData.Recipe with
        {
            Epochs = 3,
            BatchSize = 16,
            Transforms = Convolve.Data.Transforms.TransformList.Parse(transforms),
            Precision = Precision.Float32,
        };
        double[]? expected = null;
        foreach (long memory in (long[])[0, 1 << 20, 20_000])
        {
            CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 64, 64), Pictures).ToArray())
            {
                Places = memory == 0 ? null : new(memory, OnDisk: false),
            };
            DataSplits splits = DataSplits.Create(data, data, 0.2);
            using Trainer trainer = new(Network, splits, recipe);
            MemoryEstimate estimate = Trainer.Estimate(Network, splits, recipe);
            Assert.Equal(trainer.EstimatedMemoryBytes, estimate.TotalBytes);
            Assert.InRange(estimate.PictureBytes, memory == 0 ? 0 : Math.Min(memory, trainingBytes) / 2, memory);
            int loaded = data.Counts.Sum(); // the mean and the standard deviation
            TrainingResult result = trainer.Fit();
            double[] losses = [.. result.Epochs.SelectMany(e => (double[])[e.TrainLoss, e.ValidationLoss!.Value]), result.Test!.Loss];
            Assert.Equal(expected ??= losses, losses);
            // The whole pictures of the last case don't fit.
            if (memory == 1 << 20 && trainingBytes * splits.Train.Count < memory * 3 / 4)
                Assert.Equal(splits.Train.Count + splits.Validation.Count + splits.Test.Count, data.Counts.Sum() - loaded);
        }
    }
}
