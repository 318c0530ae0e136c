using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Tests.Training;

namespace Convolve.Tests.Inference;

/// <summary>What the loader writes into the input of a pass, for training and for all else.</summary>
public class LoaderTests
{
    private const int Count = 24;
    private const string Everything =
        "random-crop:20x22:padding=3,horizontal-flip,random-resized-crop:18,rotation:20,translation:0.2," +
        "color-jitter:0.4:hue=0.1,lighting,noise:0.1,random-erasing:0.8:fill=random,resize:16x16";

    private static readonly ImageSize Image = new(3, 20, 22), Input = new(3, 16, 16);
    private static readonly Graph Network = Graph.Sequential("small", (3, 16, 16), [new Flatten(), new Linear(4)]);
    private static readonly Split Train = new("train", TrainingData.Noise(Count, 5, Image, 4), [.. Enumerable.Range(0, Count)]);

    [Theory, PrecisionData(Precision.Float32), PrecisionData(Precision.BFloat16)]
    public void An_image_is_transformed_by_seed_epoch_and_its_number_alone(Precision precision)
    {
        using Loading loading = new(Everything, precision, seed: 3), other = new(Everything, precision, seed: 4);
        int[] all = [.. Enumerable.Range(0, Count)], mixed = [.. all.Select(i => i * 7 % Count)];
        float[][] expected = loading.Load(all, epoch: 2, threads: 1);
        foreach (int threads in (int[])[1, 2, 3, 5])
        {
            Assert.Equal(expected, loading.Load(all, epoch: 2, threads));
            Assert.Equal(mixed.Select(i => expected[i]), loading.Load(mixed, epoch: 2, threads));
        }
        Assert.Equal(expected[5], loading.Load([5], epoch: 2)[0]);
        float[][] later = loading.Load(all, epoch: 3), seeded = other.Load(all, epoch: 2);
        Assert.All(all, i => Assert.False(expected[i].AsSpan().SequenceEqual(later[i]) || expected[i].AsSpan().SequenceEqual(seeded[i])));
    }

    [Fact]
    public void An_image_of_a_batch_is_what_its_transforms_make_of_it_finished_as_in_evaluation()
    {
        using Loading loading = new("random-crop:16,horizontal-flip", Precision.Float32, seed: 3);
        float[][] inputs = loading.Load([.. Enumerable.Range(0, Count)], epoch: 1);
        for (int i = 0; i < Count; i++)
        {
            CounterRandom random = new(3, RandomPurpose.Augmentation, 1, (uint)i);
            int top = random.NextInt32(5), left = random.NextInt32(7);
            bool flips = random.NextSingle() < 0.5f;
            ReadOnlySpan<byte> pixels = Train.Dataset.PixelsOf(i);
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < 16; y++)
                    for (int x = 0; x < 16; x++)
                        Assert.Equal(loading.Preprocessing.Normalized(c, pixels[(c * 20 + y + top) * 22 + left + (flips ? 15 - x : x)]),
                            inputs[i][(c * 16 + y) * 16 + x]);
        }
    }

    [Fact]
    public void Without_chance_training_and_evaluation_see_the_same()
    {
        foreach (string typed in (string[])["", "resize:18,center-crop:16", "resize:16x16:antialias=false", "center-crop:14,resize:16x16"])
        {
            using Loading loading = new(typed, Precision.Float32, seed: 3);
            float[][] trained = loading.Load([.. Enumerable.Range(0, Count)], epoch: 4);
            ImagePipeline pipeline = new(loading.Preprocessing, 3);
            for (int i = 0; i < Count; i++)
            {
                float[] evaluated = new float[Input.Length];
                pipeline.Write(Train.Dataset.PixelsOf(i), Image, evaluated);
                Assert.Equal(evaluated, trained[i]);
            }
        }
    }

    [Theory, PrecisionData(Precision.Float32), PrecisionData(Precision.BFloat16)]
    public void Mixed_up_images_are_the_sums_of_two(Precision precision)
    {
        using Loading plain = new("", precision, seed: 3), loading = new("mixup:0.6", precision, seed: 3);
        int[] batch = [4, 7, 9, 1, 0];
        float[][] images = plain.Load(batch, epoch: 0);
        HashSet<float> shares = [];
        for (uint step = 0; step < 20; step++)
        {
            float[][] mixed = loading.Load(batch, epoch: 0, step: step);
            float share = loading.Pass(5).FirstShares[0];
            shares.Add(share);
            for (int i = 0; i < 5; i++)
            {
                Assert.Equal((Train.Dataset.LabelOf(batch[i]), Train.Dataset.LabelOf(batch[4 - i]), share),
                    (loading.Pass(5).Labels[i], loading.Pass(5).SecondLabels[i], loading.Pass(5).FirstShares[i]));
                for (int k = 0; k < Input.Length; k++)
                    Assert.InRange(mixed[i][k] - (share * images[i][k] + (1 - share) * images[4 - i][k]), precision == Precision.Float32
                        ? -1e-6 : -0.01, precision == Precision.Float32 ? 1e-6 : 0.01);
            }
        }
        Assert.Equal(20, shares.Count);
    }

    [Theory, PrecisionData(Precision.Float32), PrecisionData(Precision.BFloat16)]
    public void Cut_and_mixed_images_have_a_rectangle_of_each_other(Precision precision)
    {
        using Loading plain = new("", precision, seed: 3), loading = new("cutmix", precision, seed: 3);
        int[] batch = [4, 7, 9, 1];
        float[][] images = plain.Load(batch, epoch: 0);
        int pasted = 0;
        for (uint step = 0; step < 50; step++)
        {
            float[][] mixed = loading.Load(batch, epoch: 0, step: step);
            if (!loading.Pass(4).IsMixed)
                continue;
            pasted++;
            for (int i = 0; i < 4; i++)
            {
                int[] other = [.. Enumerable.Range(0, Input.Length).Where(k => mixed[i][k] != images[i][k])];
                Assert.All(other, k => Assert.Equal(images[3 - i][k], mixed[i][k]));
                int top = other.Min(k => k / 16 % 16), bottom = other.Max(k => k / 16 % 16), left = other.Min(k => k % 16),
                    right = other.Max(k => k % 16);
                Assert.Equal(1 - (bottom - top + 1) * (right - left + 1) / 256.0, loading.Pass(4).FirstShares[i], 1e-6);
            }
        }
        Assert.InRange(pasted, 40, 50);
    }

    [Fact]
    public void Mixing_keeps_to_its_probability_and_takes_turns()
    {
        BatchMixer half = new(TransformList.Parse("mixup:probability=0.5"), Input, 1),
            both = new(TransformList.Parse("mixup,cutmix"), Input, 1);
        int mixed = 0, pasted = 0;
        for (uint step = 0; step < 2000; step++)
        {
            mixed += half.Draw(step) != BatchMix.None ? 1 : 0;
            pasted += both.Draw(step).IsPaste ? 1 : 0;
        }
        Assert.InRange(mixed, 1000 - 135, 1000 + 135);
        Assert.InRange(pasted, 800, 1000 + 135);
        Assert.Equal(both.Draw(7), both.Draw(7));
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(1000)]
    public void Shares_come_from_the_beta_distribution(double alpha)
    {
        CounterRandom random = new(1, RandomPurpose.Test);
        double[] shares = [.. Enumerable.Range(0, 20_000).Select(_ => BatchMixer.Beta(alpha, ref random))];
        double variance = 1 / (4 * (2 * alpha + 1)), mean = shares.Average();
        Assert.All(shares, s => Assert.InRange(s, 0, 1));
        Assert.InRange(mean, 0.5 - 5 * Math.Sqrt(variance / 20_000), 0.5 + 5 * Math.Sqrt(variance / 20_000));
        Assert.InRange(shares.Average(s => (s - 0.5) * (s - 0.5)) / variance, 0.95, 1.05);
    }

    [Theory, PrecisionData(Precision.Float32), PrecisionData(Precision.BFloat16)]
    public void Loading_allocates_nothing(Precision precision)
    {
        using Loading loading = new($"{Everything},mixup,cutmix", precision, seed: 3);
        int[] all = [.. Enumerable.Range(0, Count)];
        Executor pass = loading.Pass(Count);
        List<long> allocated = [];
        for (int round = 0; round < 10 && !allocated.Contains(0); round++)
        {
            ThreadTeam.Invoke(() =>
            {
                ThreadTeam.Resize(1); // all of it on the thread that counts
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int epoch = 0; epoch < 40; epoch++)
                    loading.Loader.Load(all, pass, epoch, (uint)epoch);
                allocated.Add(GC.GetAllocatedBytesForCurrentThread() - before);
                ThreadTeam.Resize(0);
            });
            Thread.Sleep(allocated[^1] > 0 ? 150 : 0);
        }
        Assert.Contains(0, allocated);
    }

    // The loss is linear in the target, so its gradient is the same mixture of the labels' gradients.
    [Theory]
    [InlineData(0.7f, 0)]
    [InlineData(0.25f, 0)]
    [InlineData(0.7f, 0.2f)]
    public void The_gradient_of_two_labels_is_the_mixture_of_theirs(float share, float smoothing)
    {
        const int Batch = 6;
        Graph graph = TrainingData.Network;
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, Batch));
        int[] first = [0, 1, 2, 3, 4, 0], second = [1, 1, 0, 4, 2, 3];
        using Model model = new(graph, new() { Precision = Precision.Float32, LabelSmoothing = smoothing }, Batch, seed: 4);
        double loss = model.ForwardBackward(images, first);
        float[] firstGradient = Gradient();
        double otherLoss = model.ForwardBackward(images, second);
        float[] secondGradient = Gradient();

        Executor pass = model.Training(Batch);
        images.CopyTo(pass.InputFloat32);
        first.CopyTo(pass.Labels);
        second.CopyTo(pass.SecondLabels);
        pass.FirstShares.Fill(share);
        pass.IsMixed = true;
        ThreadTeam.Invoke(() => pass.Run());
        Assert.Equal(share * loss + (1 - share) * otherLoss, pass.Losses.ToArray().Average(l => (double)l), 1e-6);
        Assert.All(Gradient().Index(), g =>
            Assert.Equal(share * firstGradient[g.Index] + (1 - share) * secondGradient[g.Index], g.Item, 1e-6));
        int[] larger = share >= 0.5 ? first : second;
        float[] logits = new float[Batch * TrainingData.Classes];
        model.Forward(images, logits);
        Assert.Equal(Enumerable.Range(0, Batch)
            .Count(i => logits.AsSpan(i * 5, 5).IndexOf(logits.AsSpan(i * 5, 5).ToArray().Max()) == larger[i]), pass.Correct);

        // Labels given plainly are labels alone again.
        Assert.Equal(loss, model.ForwardBackward(images, first), 1e-12);
        Assert.Equal(firstGradient, Gradient());

        float[] Gradient() => ModelJudge.Gradient(model, "fc1.weight", 4000);
    }

    private sealed class Loading : IDisposable
    {
        private readonly Model _model;

        public Loading(string typed, Precision precision, ulong seed)
        {
            TransformList transforms = TransformList.Parse(typed).For(Train, Input).Fit(Train);
            Preprocessing = Preprocessing.Fit(Train, Input, Normalization.TrainingSplit, transforms);
            ImagePipeline pipeline = new(Preprocessing, 3);
            _model = new(Network, new() { Precision = precision }, Count);
            Loader = new(Train.Dataset, pipeline, Count, new(transforms, pipeline, seed), seed);
        }

        public Preprocessing Preprocessing { get; }

        public BatchLoader Loader { get; }

        public Executor Pass(int batch) => _model.Training(batch);

        public float[][] Load(int[] images, int epoch, int threads = 0, uint step = 0)
        {
            Executor pass = Pass(images.Length);
            ThreadTeam.Invoke(() =>
            {
                ThreadTeam.Resize(threads);
                Loader.Load(images, pass, epoch, step);
                ThreadTeam.Resize(0);
            });
            float[] inputs = _model.Precision == Precision.Float32 ? pass.InputFloat32.ToArray()
                : Array.ConvertAll(pass.InputBFloat16.ToArray(), bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
            return [.. inputs.Chunk(Input.Length)];
        }

        public void Dispose()
        {
            Loader.Dispose();
            _model.Dispose();
        }
    }
}
