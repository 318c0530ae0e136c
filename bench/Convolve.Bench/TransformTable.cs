using System.Diagnostics;
using System.Globalization;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Threads;

namespace Convolve.Bench;

/// <summary>What it costs to make a network's input of an image: typical transforms, by the whole team, without a network.</summary>
internal static class TransformTable
{
    private const int Images = 512;

    // Each alone, and what is usual together.
    private static readonly string[] Single =
    [
        "", "random-crop:32:padding=4", "random-crop:32:padding=4:padding-mode=reflect", "center-crop:28,resize:32x32",
        "random-resized-crop:32", "resize:36,center-crop:32",
        "horizontal-flip", "rotation:15", "translation:0.1", "color-jitter:0.4", "color-jitter:0.4:hue=0.1", "lighting", "noise:0.05",
        "random-erasing", "random-erasing:fill=random",
        "random-crop:32:padding=4,horizontal-flip", "random-crop:32:padding=4,horizontal-flip,color-jitter:0.4,random-erasing",
    ];

    private static readonly (ImageSize Image, ImageSize Input, string Transforms)[] Usual =
    [
        .. Single.Select(typed => (new ImageSize(3, 32, 32), new ImageSize(3, 32, 32), typed)),
        .. Single.Select(typed => (new ImageSize(3, 224, 224), new ImageSize(3, 224, 224),
            typed.Replace("36", "256", StringComparison.Ordinal).Replace("32", "224", StringComparison.Ordinal)
            .Replace("28", "200", StringComparison.Ordinal))),
        (new(1, 28, 28), new(1, 28, 28), ""),
        (new(1, 28, 28), new(1, 224, 224), ""),
        (new(3, 32, 32), new(3, 64, 64), "resize:70,random-crop:64,horizontal-flip"),
        (new(3, 32, 32), new(3, 227, 227), "resize:227,horizontal-flip"),
        (new(3, 32, 32), new(3, 227, 227), "horizontal-flip"),
        (new(3, 256, 256), new(3, 224, 224), "random-resized-crop:224,horizontal-flip"),
        (new(3, 256, 256), new(3, 224, 224), "random-crop:224,horizontal-flip,lighting"),
    ];

    public static void Print(Arguments arguments, TextWriter output)
    {
        bool bf16 = arguments.OneOf("--precision", "f32", "bf16") == "bf16";
        int milliseconds = arguments.Count("--milliseconds", 300);
        string? only = arguments.Text("--only");
        arguments.End();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{(bf16 ? "bf16" : "f32")}, {ThreadTeam.Threads} threads; us of the whole team"));
        foreach (var (image, input, typed) in Usual.Where(u => only is null || u.Transforms.Contains(only, StringComparison.Ordinal)))
        {
            using Loading loading = new(image, input, TransformList.Parse(typed), bf16);
            double best = double.PositiveInfinity;
            ThreadTeam.Invoke(() =>
            {
                for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMilliseconds < milliseconds;)
                {
                    long before = Stopwatch.GetTimestamp();
                    ThreadTeam.Run(loading.Task);
                    best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalMicroseconds / Images);
                }
            });
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{best,8:F2} us/image {1e6 / best,10:F0} images/s  {image} -> {input}  {typed}"));
        }
    }

    private sealed class Loading : ITeamWork, IDisposable
    {
        private readonly byte[] _pixels;
        private readonly ImageSize _size;
        private readonly Augmentation _augmentation;
        private readonly float[][] _singles;
        private readonly ushort[][] _halves;
        private readonly bool _bf16;
        private int _epoch;

        public Loading(ImageSize image, ImageSize input, TransformList transforms, bool bf16)
        {
            CounterRandom random = new(1, RandomPurpose.Test);
            _pixels = new byte[Images * image.Length];
            foreach (ref byte pixel in _pixels.AsSpan())
                pixel = (byte)random.NextUInt32();
            string[] names = ["only"];
            Split train = new("train", new MemoryDataset("noise", image, _pixels, new byte[Images], names),
                [.. Enumerable.Range(0, Images)]);
            TransformList list = transforms.For(train, input).Fit(train);
            ImagePipeline pipeline = new(Preprocessing.Fit(train, input, Normalization.TrainingSplit, list), image.Channels);
            (_size, _bf16, _augmentation) = (image, bf16, new(list, pipeline, 1));
            _singles = [.. Enumerable.Range(0, ThreadTeam.Threads).Select(_ => new float[input.Length])];
            _halves = [.. Enumerable.Range(0, ThreadTeam.Threads).Select(_ => new ushort[input.Length])];
            Task = new(this);
        }

        public TeamTask Task { get; }

        public void Run(int thread, int threads)
        {
            int epoch = thread == 0 ? _epoch++ : _epoch;
            for (int i = Images * thread / threads; i < Images * (thread + 1) / threads; i++)
            {
                ReadOnlySpan<byte> pixels = _pixels.AsSpan(i * _size.Length, _size.Length);
                if (_bf16)
                    _augmentation.Write(pixels, _size, epoch, i, _halves[thread]);
                else
                    _augmentation.Write(pixels, _size, epoch, i, _singles[thread]);
            }
        }

        public void Dispose() => Task.Dispose();
    }
}
