using Convolve.Data;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>Small made-up sets, and a network that learns them in a second.</summary>
internal static class TrainingData
{
    public const int Classes = 5, Side = 12;

    public static ImageSize Size { get; } = new(1, Side, Side);

    public static Graph Network { get; } = Graph.Sequential("small", (1, Side, Side),
        [new Conv2d(8, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(20), new ReLU(), new Linear(Classes)]);

    public static Recipe Recipe { get; } = new()
    {
        Network = "small",
        Dataset = "patterns",
        Epochs = 3,
        BatchSize = 16,
        Optimizer = new Sgd { LearningRate = 0.05f, Momentum = 0.9f },
        Seed = 5,
    };

    /// <summary>Splits of noisy images with a bright spot that tells the class.</summary>
    public static DataSplits Splits(int train = 150, int test = 43, double validation = 0.2) =>
        DataSplits.Create(Patterns(train, 1), Patterns(test, 2), validation, seed: 3);

    public static Dataset Patterns(int count, uint seed)
    {
        CounterRandom random = new(seed, RandomPurpose.Test, 40);
        byte[] pixels = new byte[count * Size.Length], labels = new byte[count];
        for (int i = 0; i < count; i++)
        {
            Span<byte> image = pixels.AsSpan(i * Size.Length, Size.Length);
            foreach (ref byte pixel in image)
                pixel = (byte)random.NextInt32(100);
            labels[i] = (byte)random.NextInt32(Classes);
            for (int y = 0; y < 4; y++)
                for (int x = 0; x < 4; x++)
                    image[(labels[i] / 2 * 4 + y) * Side + labels[i] % 2 * 6 + x] += 120;
        }
        return new MemoryDataset("patterns", Size, pixels, labels, Names(Classes));
    }

    /// <summary>Noise with labels that nothing in it tells.</summary>
    public static Dataset Noise(int count, uint seed, ImageSize size, int classes)
    {
        CounterRandom random = new(seed, RandomPurpose.Test, 41);
        byte[] pixels = new byte[count * size.Length], labels = new byte[count];
        foreach (ref byte pixel in pixels.AsSpan())
            pixel = (byte)random.NextUInt32();
        foreach (ref byte label in labels.AsSpan())
            label = (byte)random.NextInt32(classes);
        return new MemoryDataset("noise", size, pixels, labels, Names(classes));
    }

    private static string[] Names(int classes) => [.. Enumerable.Range(0, classes).Select(i => $"class {i}")];
}
