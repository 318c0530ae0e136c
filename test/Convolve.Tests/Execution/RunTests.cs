using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Execution;

/// <summary>How passes behave: no allocation, the same bits, any batch.</summary>
public class RunTests
{
    private static readonly Sgd Settings = new() { LearningRate = 0.05f, Momentum = 0.9f, WeightDecay = 1e-4f };

    [Theory, NamedData(Precision.Float32, "lenet", "alexnet", "branching"), NamedData(Precision.BFloat16, "lenet", "alexnet", "branching")]
    public void A_training_step_allocates_nothing(string name, Precision precision)
    {
        const int Batch = 8, Images = 40;
        Graph graph = Networks.Named(name);
        ImageSize size = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        Dataset data = new MemoryDataset("noise", size, Noise(Images * size.Length),
            [.. Enumerable.Range(0, Images).Select(i => (byte)(i % 10))],
            [.. Enumerable.Range(0, 10).Select(i => $"class {i}")]);
        Split split = new("train", data, [.. Enumerable.Range(0, Images)]);
        Preprocessing preprocessing = Preprocessing.Fit(split, size, Normalization.TrainingSplit);
        using Model model = new(graph, new() { Precision = precision }, Batch);
        using Optimizer optimizer = new(model, Settings);
        using BatchLoader loader = new(data, new(preprocessing, size.Channels), Batch);
        BatchSampler sampler = new(split, Batch, seed: 1, shuffle: true);
        // Code that is not optimised yet may box; it is after some calls and a moment.
        List<long> allocated = [];
        for (int round = 0; round < 10 && !allocated.Contains(0); round++)
        {
            ThreadTeam.Invoke(() =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                Run(50 * round, 50);
                allocated.Add(GC.GetAllocatedBytesForCurrentThread() - before);
            });
            Thread.Sleep(allocated[^1] > 0 ? 150 : 0);
        }
        Assert.Contains(0, allocated);

        void Run(int from, int count)
        {
            for (int step = from; step < from + count; step++)
            {
                Executor pass = model.Training(Batch);
                loader.Load(sampler.Batch(step / sampler.BatchCount, step % sampler.BatchCount), pass);
                pass.Run((uint)step);
                optimizer.Step(0.01f);
            }
        }
    }

    [Theory, NamedData(Precision.Float32, "lenet", "alexnet", "branching"), NamedData(Precision.BFloat16, "lenet", "alexnet", "branching")]
    public void The_same_seed_gives_the_same_bits_and_another_one_others(string name, Precision precision)
    {
        const int Batch = 6;
        float[] first = Train(7), again = Train(7), other = Train(8);
        Assert.DoesNotContain(first, float.IsNaN);
        Assert.True(first.AsSpan().SequenceEqual(again));
        Assert.False(first.AsSpan().SequenceEqual(other));

        float[] Train(ulong seed)
        {
            Graph graph = Networks.Named(name);
            using Model model = new(graph, new() { Precision = precision }, Batch, seed);
            using Optimizer optimizer = new(model, Settings);
            float[] images = TestTensors.Narrow(TestTensors.Images(graph, Batch));
            int[] labels = TestTensors.Labels(graph, Batch);
            for (uint step = 0; step < 20; step++)
            {
                model.ForwardBackward(images, labels, step);
                optimizer.Step(0.01f);
            }
            return Weights(model);
        }
    }

    // Winograd, which looks at the batch size, is off.
    [Theory, NamedData(Precision.Float32, "lenet", "alexnet", "branching"), NamedData(Precision.BFloat16, "lenet", "alexnet", "branching")]
    public void An_image_gives_the_same_logits_in_every_batch(string name, Precision precision)
    {
        const int Count = 33, Classes = 10;
        Graph graph = Networks.Named(name);
        using Model model = new(graph, new() { Precision = precision, Exact = true });
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, Count)), expected = new float[Count * Classes],
            logits = new float[Count * Classes];
        int elements = (int)graph.Input.Elements;
        model.Forward(images, expected);
        model.Forward(images, logits);
        Assert.Equal(expected, logits);
        foreach (int batch in Enumerable.Range(1, 17).Append(32))
        {
            model.Forward(images.AsSpan(0, batch * elements), logits.AsSpan(0, batch * Classes));
            double error = Compare.RelativeL2(logits.AsSpan(0, batch * Classes), Compare.Widen(expected.AsSpan(0, batch * Classes)));
            Assert.True(error < (precision == Precision.Float32 ? 1e-6 : 1e-2), $"batch {batch}: relative error {error:e1}");
        }
    }

    [Theory, NamedData(Precision.Float32, "lenet", "alexnet", "branching"), NamedData(Precision.BFloat16, "lenet", "alexnet", "branching")]
    public void Every_smaller_batch_trains(string name, Precision precision)
    {
        Graph graph = Networks.Named(name);
        const int Largest = 17;
        using Model model = new(graph, new() { Precision = precision, Exact = true }, Largest);
        using Optimizer optimizer = new(model, Settings);
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, Largest));
        int[] labels = TestTensors.Labels(graph, Largest);
        int elements = (int)graph.Input.Elements;
        for (int batch = 1; batch <= Largest; batch++)
        {
            double loss = model.ForwardBackward(images.AsSpan(0, batch * elements), labels.AsSpan(0, batch), (uint)batch);
            Assert.InRange(loss, 0.01, 20);
            optimizer.Step(0.001f);
            Assert.Equal(batch, model.Training(batch).Losses.Length);
            Assert.InRange(model.Training(batch).Correct, 0, batch);
        }
    }

    // Each image's gradient adds to the batch's: the mean over the images alone is the gradient of all.
    [Fact]
    public void The_gradient_of_a_batch_is_the_mean_of_its_images_gradients()
    {
        const int Batch = 19;
        Graph graph = Zoo.LeNet5.Create();
        using Model model = new(graph, new() { Precision = Precision.Float32, Exact = true }, Batch, seed: 2);
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, Batch));
        int[] labels = TestTensors.Labels(graph, Batch);
        int elements = (int)graph.Input.Elements;
        Dictionary<string, double[]> sums = model.ParameterNames.ToDictionary(n => n, n => new double[Count(model, n)]);
        double losses = 0;
        for (int i = 0; i < Batch; i++)
        {
            losses += model.ForwardBackward(images.AsSpan(i * elements, elements), labels.AsSpan(i, 1));
            foreach ((string name, double[] sum) in sums)
                foreach ((int j, float g) in ModelJudge.Gradient(model, name, sum.Length).Index())
                    sum[j] += g / (double)Batch;
        }
        Assert.Equal(losses / Batch, model.ForwardBackward(images, labels), 1e-5);
        foreach ((string name, double[] sum) in sums)
            Assert.True(Compare.RelativeL2(ModelJudge.Gradient(model, name, sum.Length), sum) < 1e-5, name);
    }

    [Fact]
    public void A_poisoned_image_spoils_no_other()
    {
        const int Batch = 20, Poisoned = 4, Classes = 10;
        foreach (string name in new[] { "lenet", "branching" })
        {
            Graph graph = Networks.Named(name);
            using Model model = new(graph, new() { Precision = Precision.Float32, Exact = true });
            float[] images = TestTensors.Narrow(TestTensors.Images(graph, Batch)), clean = new float[Batch * Classes],
                logits = new float[Batch * Classes];
            model.Forward(images, clean);
            images.AsSpan(Poisoned * (int)graph.Input.Elements, (int)graph.Input.Elements).Fill(float.NaN);
            model.Forward(images, logits);
            for (int i = 0; i < Batch; i++)
                if (i != Poisoned)
                    Assert.Equal(clean[(i * Classes)..((i + 1) * Classes)], logits[(i * Classes)..((i + 1) * Classes)]);
        }
    }

    [Fact]
    public void Weights_that_are_no_numbers_give_a_loss_that_is_none()
    {
        Graph graph = Zoo.LeNet5.Create();
        using Model model = new(graph, new() { Precision = Precision.Float32 }, 4);
        float[] weights = new float[840];
        weights.AsSpan().Fill(float.NaN);
        model.WriteParameter("fc3.weight", weights);
        Assert.Equal(double.NaN, model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(graph, 4)), TestTensors.Labels(graph, 4)));
    }

    [Fact]
    public void Huge_logits_give_a_finite_loss()
    {
        Graph graph = Zoo.LeNet5.Create();
        using Model model = new(graph, new() { Precision = Precision.Float32 }, 4);
        model.WriteParameter("fc3.weight", new float[840]);
        model.WriteParameter("fc3.bias", [1e30f, -1e30f, 0, 0, 0, 0, 0, 0, 0, 0]);
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, 4));
        Assert.Equal(0, model.ForwardBackward(images, [0, 0, 0, 0]));
        Assert.Equal(4, model.Training(4).Correct);
        Assert.Equal(2e30, model.ForwardBackward(images, [1, 1, 1, 1]), 1e25);
        Assert.Equal(0, model.Training(4).Correct);
        Assert.DoesNotContain(ModelJudge.Gradient(model, "fc3.bias", 10), float.IsNaN);
    }

    [Fact]
    public void Two_models_of_different_teams_live_side_by_side()
    {
        Graph graph = Networks.LeNet;
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, 40));
        int[] labels = TestTensors.Labels(graph, 40);
        Model Create(int threads) => new(graph, new() { Precision = Precision.Float32, Threads = threads }, 40, seed: 9);
        using Model one = Create(1), three = Create(3);
        float[] alone = new float[400], logits = new float[400];
        using (Model single = Create(1))
            single.Forward(images, alone);
        for (uint step = 0; step < 3; step++)
        {
            double left = one.ForwardBackward(images, labels, step), right = three.ForwardBackward(images, labels, step);
            Assert.Equal(left, right, 1e-5);
            foreach (string name in one.ParameterNames)
                Assert.True(Compare.RelativeL2(ModelJudge.Gradient(three, name, Count(three, name)),
                    Compare.Widen(ModelJudge.Gradient(one, name, Count(one, name)))) < 1e-5, name);
        }
        foreach (Model model in new[] { one, three, one })
        {
            model.Forward(images, logits);
            Assert.True(Compare.RelativeL2(logits, Compare.Widen(alone)) < 1e-5);
            model.Forward(images.AsSpan(0, 5 * 784), logits.AsSpan(0, 50)); // plans that are made now, with the other model's team in place
            Assert.True(Compare.RelativeL2(logits.AsSpan(0, 50), Compare.Widen(alone.AsSpan(0, 50))) < 1e-5);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void The_number_of_threads_changes_no_result(int threads)
    {
        Graph graph = Networks.SmallAlexNet;
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, 8));
        int[] labels = TestTensors.Labels(graph, 8);
        using Model two = new(graph, new() { Precision = Precision.Float32, Threads = 2 }, 8, seed: 9);
        using Model other = new(graph, new() { Precision = Precision.Float32, Threads = threads }, 8, seed: 9);
        Assert.Equal(two.ForwardBackward(images, labels, 3), other.ForwardBackward(images, labels, 3), 1e-4);
        foreach (string name in two.ParameterNames)
        {
            double error = Compare.RelativeL2(ModelJudge.Gradient(other, name, Count(other, name)),
                Compare.Widen(ModelJudge.Gradient(two, name, Count(two, name))));
            Assert.True(error < 5e-3, $"{name}: relative error {error:e1}"); // Winograd divides its work by threads
        }
    }

    [Fact]
    public void Steps_are_timed_where_that_is_asked_for()
    {
        Graph graph = Networks.LeNet;
        using Model model = new(graph, new() { Precision = Precision.Float32 });
        Executor pass = model.Evaluation(3);
        ThreadTeam.Invoke(() => pass.Run());
        Assert.All(pass.StepTimes, time => Assert.Equal(TimeSpan.Zero, time));
        pass.IsProfiling = true;
        ThreadTeam.Invoke(() => pass.Run());
        Assert.Equal(pass.Plan.Steps.Count, pass.StepTimes.Count);
        Assert.All(pass.StepTimes, time => Assert.True(time > TimeSpan.Zero));
    }

    private static byte[] Noise(int count)
    {
        CounterRandom random = new(1, RandomPurpose.Test);
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
            bytes[i] = (byte)random.NextUInt32();
        return bytes;
    }

    private static int Count(Model model, string name) => (int)model.Store.Plan.Slots[model.Store.Plan.IndexOf(name)].Spec.Count;

    private static float[] Weights(Model model) => [.. model.ParameterNames.SelectMany(name =>
    {
        float[] values = new float[Count(model, name)];
        model.ReadParameter(name, values);
        return values;
    })];
}
