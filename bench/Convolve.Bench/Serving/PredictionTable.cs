using System.Diagnostics;
using System.Globalization;
using Convolve.Onnx;
using Convolve.Planning;
using Microsoft.ML.OnnxRuntime;

namespace Convolve.Bench.Serving;

/// <summary>
/// One prediction through the public API beside ONNX Runtime in C#: bytes of pixels in, probabilities out, in float32.
/// </summary>
internal static class PredictionTable
{
    private const double RoundSeconds = 0.5;

    /// <summary>Measures each side in every round, and every other round in reverse order.</summary>
    public static int Run(Arguments arguments)
    {
        int rounds = arguments.Count("--rounds", 7);
        int threads = arguments.Count("--threads", Environment.ProcessorCount);
        string[] networks = (arguments.Text("--only") ?? "lenet5,alexnet-d2l").Split(',');
        arguments.End();
        string folder = Directory.CreateTempSubdirectory("convolve-bench-").FullName;
        Console.WriteLine("| network | Convolve, µs | ONNX Runtime | its threads | ratio | of the rounds | bytes allocated |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        try
        {
            foreach (string network in networks)
                Compare(network, folder, rounds, threads);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    private static void Compare(string network, string folder, int rounds, int threads)
    {
        string model = Path.Combine(folder, $"{network}.safetensors"), onnx = Path.Combine(folder, $"{network}.onnx");
        ServingComparison.Save(network, model);
        OnnxExport.Write(model, onnx);
        using ImageClassifier own = ImageClassifier.Load(model, new() { Precision = Precision.Float32, Threads = threads });
        int width = own.InputSize.Width, height = own.InputSize.Height, channels = own.InputSize.Channels;
        byte[] pixels = [.. Enumerable.Range(0, own.InputSize.Length).Select(i => (byte)(i * 7919 % 255))];
        using Peer one = new(onnx, 1, channels), all = new(onnx, threads, channels);
        List<(Peer? Peer, Func<float> Call, List<double> Times)> sides =
            [(null, () => own.Predict(pixels, width, height, channels).Confidence, []), (one, () => one.Predict(pixels).Max(), [])];
        if (threads > 1)
            sides.Add((all, () => all.Predict(pixels).Max(), []));
        float expected = sides[0].Call();
        if (sides.Any(side => Math.Abs(side.Call() - expected) > 1e-4))
            throw new MeasurementException($"ONNX Runtime and Convolve give different probabilities for {network}");
        for (int round = 0; round < rounds; round++)
            foreach (var (_, call, times) in round % 2 == 0 ? sides : sides.AsEnumerable().Reverse())
                times.Add(Time(call));
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = sides[0].Call();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var best = sides.Skip(1).MinBy(side => Statistics.Median(side.Times));
        double ratio = Statistics.Median(best.Times) / Statistics.Median(sides[0].Times);
        IEnumerable<double> ratios = best.Times.Zip(sides[0].Times, (theirs, ours) => theirs / ours);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {network} | {1e6 * Statistics.Median(sides[0].Times):F1} | {1e6 * Statistics.Median(best.Times):F1} | " +
            $"{(best.Peer == one ? 1 : threads)} | {ratio:F2} | {ratios.Min():F2} to {ratios.Max():F2} | {allocated} |"));
    }

    private static double Time(Func<float> call)
    {
        for (int i = 0; i < 20; i++)
            _ = call();
        int calls = 0;
        long start = Stopwatch.GetTimestamp();
        double seconds;
        do
        {
            _ = call();
            calls++;
        }
        while ((seconds = Stopwatch.GetElapsedTime(start).TotalSeconds) < RoundSeconds);
        return seconds / calls;
    }

    /// <summary>As a careful .NET developer would write it: memory and values made once.</summary>
    private sealed class Peer : IDisposable
    {
        private readonly InferenceSession _session;
        private readonly RunOptions _run = new();
        private readonly OrtValue _in, _out;
        private readonly string[] _inputs, _outputs;
        private readonly float[] _numbers, _logits, _table = [.. Enumerable.Range(0, 256).Select(i => (i / 255f - 0.5f) / 0.25f)];
        private readonly int _channels;

        public Peer(string file, int threads, int channels)
        {
            using SessionOptions options = new()
            {
                IntraOpNumThreads = threads,
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            };
            _session = new(file, options);
            (string input, NodeMetadata meta) = _session.InputMetadata.Single();
            (string output, NodeMetadata result) = _session.OutputMetadata.Single();
            long[] shape = [1, .. meta.Dimensions.Skip(1).Select(size => (long)size)];
            (_inputs, _outputs, _channels) = ([input], [output], channels);
            _numbers = new float[shape.Aggregate((a, b) => a * b)];
            _logits = new float[result.Dimensions[1]];
            _in = OrtValue.CreateTensorValueFromMemory(_numbers, shape);
            _out = OrtValue.CreateTensorValueFromMemory(_logits, [1, _logits.Length]);
        }

        public float[] Predict(ReadOnlySpan<byte> pixels)
        {
            int area = pixels.Length / _channels;
            for (int c = 0; c < _channels; c++)
                for (int i = 0; i < area; i++)
                    _numbers[c * area + i] = _table[pixels[i * _channels + c]];
            _session.Run(_run, _inputs, [_in], _outputs, [_out]);
            float largest = _logits.Max();
            float[] shares = Array.ConvertAll(_logits, logit => MathF.Exp(logit - largest));
            float sum = shares.Sum();
            for (int i = 0; i < shares.Length; i++)
                shares[i] /= sum;
            return shares;
        }

        public void Dispose()
        {
            _in.Dispose();
            _out.Dispose();
            _run.Dispose();
            _session.Dispose();
        }
    }
}
