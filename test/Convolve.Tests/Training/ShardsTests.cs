using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>Training in shards: what comes of it depends on their number alone.</summary>
public sealed class ShardsTests : IDisposable
{
    public void Dispose() => ThreadTeam.FixedWidth = null;

    public static TheoryData<string, Precision> Networks
    {
        get
        {
            TheoryData<string, Precision> all = new() { { "lanes", Precision.Float32 }, { "blocks", Precision.Float32 } };
            if (Machine.HasNativeBFloat16)
                all.Add("blocks", Precision.BFloat16);
            return all;
        }
    }

    private static Graph NetworkOf(string name) => name == "lanes" ? TrainingData.Network
        : Graph.Sequential(name, (1, TrainingData.Side, TrainingData.Side),
    [
        new Conv2d(32, 3, padding: 1), new BatchNorm2d(), new ReLU(), new Conv2d(32, 3, padding: 1), new LocalResponseNorm(5), new ReLU(),
        new MaxPool2d(2), new Flatten(), new Dropout(0.3f), new Linear(40), new Tanh(), new Linear(TrainingData.Classes),
    ]);

    // 120 images: a last batch of 3 for 16 images leaves one of the shards without images.
    private static Recipe RecipeOf(Precision precision, int threads) => TrainingData.Recipe with
    {
        Epochs = 2,
        BatchSize = 13,
        Shards = 4,
        Threads = threads,
        Precision = precision,
        AverageDecay = 0.9f,
        Clipping = new(Norm: 0.5f),
        Transforms = TransformList.Parse("horizontal-flip,mixup"),
    };

    [Theory, MemberData(nameof(Networks))]
    public void Any_number_of_threads_gives_the_same_bits(string network, Precision precision)
    {
        Dictionary<string, float[]> one = Train(network, RecipeOf(precision, 1));
        foreach (int threads in new[] { 2, 3, 5 })
            foreach (var (name, values) in Train(network, RecipeOf(precision, threads)))
                Assert.True(values.AsSpan().SequenceEqual(one[name]), $"{name} with {threads} threads");
    }

    private static Dictionary<string, float[]> Train(string network, Recipe recipe)
    {
        using Trainer trainer = new(NetworkOf(network), TrainingData.Splits(), recipe);
        trainer.Fit();
        return Weights(trainer.Classifier.Model);
    }

    private static Dictionary<string, float[]> Weights(Model model)
    {
        Dictionary<string, float[]> weights = [];
        foreach (ParameterSlot slot in model.Store.Plan.Slots)
            model.ReadParameter(slot.Name, weights[slot.Name] = new float[slot.Spec.Count]);
        return weights;
    }
}
