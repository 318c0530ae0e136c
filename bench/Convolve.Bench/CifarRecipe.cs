using Convolve.Data;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Zoo;
using Convolve.Zoo.Experiments;

namespace Convolve.Bench;

/// <summary>
/// A way in which an experiment trains on CIFAR-10. Its loading is measured on noise of that size: the time does not depend on what images
/// show.
/// </summary>
/// <param name="Name">The experiment's, with the arm's behind a slash where it is not the first.</param>
/// <param name="Arm">The network and the recipe.</param>
internal sealed record CifarRecipe(string Name, ExperimentArm Arm)
{
    private static readonly ImageSize Size = new(3, 32, 32);

    /// <summary>Those that differ in network, batch size or transforms.</summary>
    public static IReadOnlyList<CifarRecipe> All { get; } =
    [
        .. from experiment in ExperimentCatalog.All.OfType<TrainingExperiment>()
           from arm in experiment.Arms.Where(arm => arm.Recipe.Dataset == "cifar10")
           group new CifarRecipe(arm == experiment.Arms[0] ? experiment.Name : $"{experiment.Name}/{arm.Name}", arm)
               by (arm.Recipe.Network, arm.Recipe.BatchSize, arm.Recipe.Transforms.ToString())
           into alike
           select alike.First(),
    ];

    public static CifarRecipe? Find(string name) => All.FirstOrDefault(recipe => recipe.Name == name);

    public Graph Graph => NetworkCatalog.Create(Arm.Recipe.Network, options: Arm.NetworkOptions);

    /// <summary>A split of so many images, and a batch to test.</summary>
    public DataSplits Data(int images)
    {
        int count = Math.Max(images, Arm.Recipe.BatchSize);
        CounterRandom random = new(1, RandomPurpose.Test);
        byte[] pixels = new byte[count * Size.Length], labels = new byte[count];
        foreach (ref byte pixel in pixels.AsSpan())
            pixel = (byte)random.NextUInt32();
        for (int i = 0; i < count; i++)
            labels[i] = (byte)(i % 10);
        MemoryDataset noise = new("noise", Size, pixels, labels, [.. Enumerable.Range(0, 10).Select(i => $"class {i}")]);
        Split Of(string split, int size) => new(split, noise, [.. Enumerable.Range(0, size)]);
        return new(Of("train", images), Of("validation", 0), Of("test", Arm.Recipe.BatchSize));
    }
}
