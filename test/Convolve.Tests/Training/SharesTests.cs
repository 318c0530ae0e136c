using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Tests.Training;

/// <summary>
/// A training divides its work into the shares of its number of threads; its bits do not depend on how many threads compute them.
/// </summary>
public sealed class SharesTests : IDisposable
{
    private const int Threads = 3;

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

    internal static Graph NetworkOf(string name) => name == "lanes" ? TrainingData.Network
        : Graph.Sequential(name, (1, TrainingData.Side, TrainingData.Side),
    [
        new Conv2d(32, 3, padding: 1), new BatchNorm2d(), new ReLU(), new Conv2d(32, 3, padding: 1), new LocalResponseNorm(5), new ReLU(),
        new MaxPool2d(2),
        new Flatten(), new Dropout(0.3f), new Linear(40), new Tanh(), new Linear(TrainingData.Classes),
    ]);

    [Theory]
    [MemberData(nameof(Networks))]
    public void Any_number_of_threads_computes_the_same_bits(string network, Precision precision)
    {
        Dictionary<string, float[]> all = Train(network, precision, Threads);
        Assert.All(Enumerable.Range(1, Threads - 1), width =>
        {
            foreach (var (name, values) in Train(network, precision, width))
                Assert.True(values.AsSpan().SequenceEqual(all[name]), $"{name} on {width} threads");
        });
    }

    // At a barrier within the library one busy core would stop the whole step.
    [Fact]
    public void Nothing_in_LeNet_waits_within_the_library()
    {
        Graph network = Zoo.LeNet5.Create();
        Assert.All(Model.PlanFor(network, new() { Precision = Precision.Float32, Threads = 2 }, 128, training: true).Steps,
            step => Assert.True(step.Work is not NativeWork { Implementation: var name }
                || name.StartsWith("own", StringComparison.Ordinal)));
        Assert.DoesNotContain(Model.PlanFor(network, new() { Precision = Precision.Float32, Threads = 1 }, 128, training: true).Steps,
            step => step.Work is SharesWork);
    }

    // Fewer images than threads, and shares of different sizes.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    public void Shares_give_what_one_thread_gives(int images)
    {
        float[] pixels = [.. Enumerable.Range(0, images * 144).Select(i => (i * 7919 % 1000) / 500f - 1)];
        int[] labels = [.. Enumerable.Range(0, images).Select(i => i % TrainingData.Classes)];
        using Model one = new(TrainingData.Network, new() { Threads = 1 }, images, seed: 3),
            many = new(TrainingData.Network, new() { Threads = 4 }, images, seed: 3);
        Assert.Equal(one.ForwardBackward(pixels, labels), many.ForwardBackward(pixels, labels), 1e-6);
        foreach (string name in one.ParameterNames)
        {
            int count = (int)one.Store.Plan.Slots[one.Store.Plan.IndexOf(name)].Spec.Count;
            float[] expected = new float[count], actual = new float[count];
            one.ReadGradient(name, expected);
            many.ReadGradient(name, actual);
            for (int i = 0; i < count; i++)
                Assert.Equal(expected[i], actual[i], 1e-5);
        }
    }

    private static Dictionary<string, float[]> Train(string network, Precision precision, int width)
    {
        ThreadTeam.FixedWidth = width;
        Recipe recipe = TrainingData.Recipe with
        {
            Epochs = 2,
            Threads = Threads,
            Precision = precision,
            AverageDecay = 0.9f,
            MicroBatchSize = 7,
            Clipping = new(Norm: 0.5f),
            Transforms = TransformList.Parse("horizontal-flip,mixup"),
        };
        using Trainer trainer = new(NetworkOf(network), TrainingData.Splits(), recipe);
        trainer.Fit();
        Dictionary<string, float[]> weights = [];
        foreach (ParameterSlot slot in trainer.Classifier.Model.Store.Plan.Slots)
            trainer.Classifier.Model.ReadParameter(slot.Name, weights[slot.Name] = new float[slot.Spec.Count]);
        return weights;
    }
}
