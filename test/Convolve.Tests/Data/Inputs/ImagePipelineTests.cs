using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Vectors;
using Convolve.Testing;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Inputs;

public sealed class ImagePipelineTests
{
    public static TheoryData<int> GoldenCases => [.. Enumerable.Range(0, ResizeGolden.Cases.Length)];

    [Theory]
    [MemberData(nameof(GoldenCases))]
    public void Resizing_gives_what_pytorch_gives(int number)
    {
        var (height, width, toHeight, toWidth, every, expected) = ResizeGolden.Cases[number];
        float[] output = Run(TestData.Plain(new(1, toHeight, toWidth)), new(1, height, width), TestData.Pixels(height * width));
        float[] actual = [.. output.Where((_, i) => i % every == 0)];
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Expect.True(Math.Abs(expected[i] - actual[i]) < 3e-7, $"value {i}: {actual[i]:R}, PyTorch has {expected[i]:R}");
    }

    [Fact]
    public void Bfloat16_rounds_as_pytorch_does()
    {
        foreach ((uint single, int bfloat16) in ResizeGolden.Roundings)
            Assert.Equal(bfloat16, BFloat16.FromSingle(BitConverter.UInt32BitsToSingle(single)));
        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)BFloat16.FromSingle(float.NaN) << 16)));
        Assert.True(
            float.IsNaN(BitConverter.UInt32BitsToSingle((uint)BFloat16.FromSingle(BitConverter.UInt32BitsToSingle(0x7F800001)) << 16)));
    }

    [Theory]
    [InlineData(28, 28, 28, 28)]
    [InlineData(28, 28, 224, 224)]
    [InlineData(28, 28, 37, 41)]
    [InlineData(40, 30, 17, 65)]
    public void Bfloat16_output_is_the_float_output_rounded(int height, int width, int toHeight, int toWidth)
    {
        ImageSize source = new(1, height, width);
        ImagePipeline pipeline = new(TestData.Plain(new(1, toHeight, toWidth), [.286f], [.353f]), 1);
        byte[] pixels = TestData.Pixels(source.Length);
        float[] singles = new float[toHeight * toWidth];
        ushort[] halves = new ushort[singles.Length];
        pipeline.Write(pixels, source, singles);
        pipeline.Write(pixels, source, halves);
        Assert.Equal(Array.ConvertAll(singles, BFloat16.FromSingle), halves);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(2, 3)]
    [InlineData(5, 9)]
    public void Normalization_subtracts_the_mean_and_divides_by_the_deviation_of_each_channel(int height, int width)
    {
        ImageSize source = new(3, 2, 2);
        float[] mean = [.485f, .456f, .406f], std = [.229f, .224f, .225f];
        byte[] pixels = TestData.Pixels(source.Length);
        float[] plain = Run(TestData.Plain(new(3, height, width)), source, pixels);
        float[] output = Run(TestData.Plain(new(3, height, width), mean, std), source, pixels);
        for (int i = 0; i < output.Length; i++)
            Assert.Equal((plain[i] - mean[i / (height * width)]) / std[i / (height * width)], output[i], 1e-5);
    }

    [Fact]
    public void At_its_own_size_every_byte_is_exact()
    {
        byte[] pixels = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        float[] output = Run(TestData.Plain(new(1, 16, 16), [.25f], [.5f]), new(1, 16, 16), pixels);
        Assert.Equal(pixels.Select(b => (float)((b / 255.0 - .25) / .5)), output);
        Assert.Equal(pixels.Select(b => b / 255f), Run(TestData.Plain(new(1, 16, 16)), new(1, 16, 16), pixels));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(33)]
    [InlineData(64)]
    public void Every_byte_becomes_what_the_formula_says_in_both_formats(int width)
    {
        CounterRandom random = new(1, RandomPurpose.Test);
        ImageSize size = new(1, 8, width);
        byte[] pixels = TestData.Pixels(size.Length);
        for (int i = 0; i < 200; i++)
        {
            float mean = random.NextSingle(), std = MathF.Exp(6 * random.NextSingle() - 5);
            ImagePipeline pipeline = new(TestData.Plain(size, [mean], [std]), 1);
            float[] singles = new float[pixels.Length], expected = [.. pixels.Select(b => (float)((b / 255.0 - mean) / std))];
            ushort[] halves = new ushort[pixels.Length];
            pipeline.Write(pixels, size, singles);
            pipeline.Write(pixels, size, halves);
            Assert.Equal(expected, singles);
            Assert.Equal(Array.ConvertAll(expected, BFloat16.FromSingle), halves);
        }
    }

    [Fact]
    public void Normalization_can_be_undone_for_pictures()
    {
        ImageSize size = new(3, 5, 7);
        ImagePipeline pipeline = new(TestData.Plain(size, [.485f, .456f, .406f], [.229f, .224f, .225f]), 3);
        byte[] pixels = TestData.Pixels(size.Length), again = new byte[size.Length];
        float[] input = new float[size.Length];
        pipeline.Write(pixels, size, input);
        pipeline.Invert(input, again);
        Assert.Equal(pixels, again);
        input[0] = -100;
        input[1] = 100;
        pipeline.Invert(input, again);
        Assert.Equal([0, 255], again[..2]);
        Assert.Throws<ArgumentException>(() => pipeline.Invert(input, new byte[7]));
    }

    [Fact]
    public void Steps_come_before_size_and_normalization()
    {
        ImageSize size = new(1, 20, 30);
        byte[] pixels = TestData.Pixels(size.Length);
        Preprocessing preprocessing = TestData.Plain(new(3, 6, 6)) with { Steps = [Resize.ShorterSide(8), new CenterCrop(6)] };
        float[] output = new float[3 * 36];
        new ImagePipeline(preprocessing, 1).Write(pixels, size, output);
        byte[] expected = Transforms.Pictures.Apply(preprocessing.Steps, pixels, size).Pixels;
        Assert.Equal([.. from _ in Enumerable.Range(0, 3) from b in expected select b / 255f], output);
        DatasetException e = Assert.Throws<DatasetException>(() =>
            preprocessing with { Steps = [new CenterCrop(6), new HorizontalFlip()] });
        Assert.Equal(
            "Preprocessing: the step horizontal-flip is random. Use only deterministic steps, such as resize:256 and center-crop:224.",
            e.Message);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(7, 9)]
    public void Grey_images_are_repeated_for_three_channels(int height, int width)
    {
        byte[] pixels = TestData.Pixels(16);
        float[] same = Run(TestData.Plain(new(3, height, width)), new(1, 4, 4), pixels), grey =
            Run(TestData.Plain(new(1, height, width)), new(1, 4, 4), pixels);
        Assert.Equal([.. grey, .. grey, .. grey], same);
        float[] different = Run(TestData.Plain(new(3, height, width), [0, .5f, 0], [1, 1, 2]), new(1, 4, 4), pixels);
        Assert.Equal(grey, different[..grey.Length]);
        Assert.Equal(grey[5] - .5f, different[grey.Length + 5], 1e-6);
        Assert.Equal(grey[5] / 2, different[2 * grey.Length + 5], 1e-6);
    }

    [Fact]
    public void Channels_that_do_not_fit_are_refused()
    {
        DatasetException e = Assert.Throws<DatasetException>(() => new ImagePipeline(TestData.Plain(new(1, 8, 8)), 3));
        Assert.Equal(
            "Images of 3 channels do not fit a network's input of 1x8x8: expected 1. " +
            "Use a network with 3 input channels, or convert the images.", e.Message);
        Assert.Throws<DatasetException>(() => new ImagePipeline(TestData.Plain(new(3, 8, 8)), 2));
        Assert.Throws<DatasetException>(() => new ImagePipeline(TestData.Plain(new(1, 8, 8), [0], [1e-45f]), 1));
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        ImagePipeline pipeline = new(TestData.Plain(new(1, 8, 8)), 1);
        ImageSize four = new(1, 4, 4);
        Assert.Throws<ArgumentException>(() => pipeline.Write(new byte[15], four, new float[64]));
        Assert.Throws<ArgumentException>(() => pipeline.Write(new byte[16], four, new float[63]));
        Assert.Throws<ArgumentException>(() => pipeline.Write(new byte[16], four, new ushort[65]));
        Assert.Throws<ArgumentException>(() => pipeline.Write(new byte[48], new(3, 4, 4), new float[64]));
        Assert.Throws<ArgumentException>(() => pipeline.Write([], new(1, 0, 4), new float[64]));
    }

    [Fact]
    public void Threads_do_not_disturb_each_other_and_nothing_is_allocated()
    {
        ImageSize source = new(3, 20, 24);
        ImagePipeline[] pipelines = [new(TestData.Plain(new(3, 33, 50)), 3), new(TestData.Plain(new(3, 7, 90)), 3)];
        float[][] expected = [.. pipelines.Select(p => Run(p.Preprocessing, source, TestData.Pixels(source.Length)))];
        byte[] pixels = TestData.Pixels(source.Length);
        Parallel.For(0, 8, n =>
        {
            ImagePipeline pipeline = pipelines[n % 2];
            float[] output = new float[pipeline.Preprocessing.Size.Length];
            ushort[] halves = new ushort[output.Length];
            foreach (ImagePipeline warm in pipelines)
                warm.Write(pixels, source, new float[warm.Preprocessing.Size.Length]);
            pipeline.Write(pixels, source, halves);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                pipeline.Write(pixels, source, output);
                pipeline.Write(pixels, source, halves);
            }

            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
            Assert.Equal(expected[n % 2], output);
        });
    }

    private static float[] Run(Preprocessing preprocessing, ImageSize source, byte[] pixels)
    {
        float[] output = new float[preprocessing.Size.Length];
        new ImagePipeline(preprocessing, source.Channels).Write(pixels, source, output);
        return output;
    }
}
