using System.Diagnostics;
using System.Globalization;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.OneDnn;

namespace Convolve.Bench;

/// <summary>Own kernels beside oneDNN's, for layers of the zoo's networks, taking turns.</summary>
internal static class KernelTable
{
    private static readonly string[] Layers =
    [
        // fc batch inputs units, or conv batch channels filters height width kernel stride padding
        "fc 128 6400 4096", "fc 64 6400 4096", "fc 128 4096 4096", "fc 32 25088 4096", "fc 256 400 120", "fc 256 120 84", "fc 256 84 10",
        "conv 64 1 96 224 224 11 4 1", "conv 32 3 64 224 224 11 4 2", "conv 16 3 64 224 224 7 2 3", "conv 16 3 64 224 224 3 1 1",
        "conv 128 3 64 32 32 3 1 1", "conv 32 64 128 56 56 3 2 1", "conv 32 128 256 28 28 3 2 1", "conv 32 256 512 14 14 3 2 1",
        "conv 32 64 128 56 56 1 2 0", "conv 32 192 96 28 28 1 1 0", "conv 32 480 192 14 14 1 1 0", "conv 32 832 384 7 7 1 1 0",
        "conv 16 64 64 56 56 3 1 1", "conv 64 128 128 8 8 3 1 1", "conv 64 256 256 4 4 3 1 1", "conv 128 64 64 32 32 3 1 1",
    ];

    public static void Print(Arguments arguments, TextWriter output)
    {
        int rounds = arguments.Count("--rounds", 7), threads = arguments.Count("--threads", ThreadTeam.Resolve(0));
        string? only = arguments.Text("--only");
        ElementType type = arguments.OneOf("--precision", "f32", "bf16") == "bf16" ? ElementType.BFloat16 : ElementType.Float32;
        arguments.End();
        OneDnnBackend native = new();
        IKernelLibrary own = new ManagedKernels(), other = native.Load() ?? throw new MeasurementException(native.Missing);
        output.WriteLine($"{own.Name} and {other.Name}, {threads} threads; least of {rounds} rounds, which take turns");
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(threads);
            foreach (string layer in Layers.Where(l => only is null || l.Contains(only, StringComparison.Ordinal)))
                foreach (string pass in new[] { "forward", "data", "weights" })
                    PrintLayer(layer, pass, type, own, other, rounds, output);
        });
    }

    private static void PrintLayer(string layer, string pass, ElementType type, IKernelLibrary own, IKernelLibrary other, int rounds,
        TextWriter output)
    {
        (Func<IKernelLibrary, Operation?> ask, double flops) = OperationOf(layer, pass, type);
        using Case? first = Case.Create(own, ask(own)), second = Case.Create(other, ask(other));
        if (first is null || second is null)
            return;
        double best = double.PositiveInfinity, otherBest = double.PositiveInfinity;
        for (int round = 0; round < rounds; round++)
        {
            best = Math.Min(best, first.Milliseconds());
            otherBest = Math.Min(otherBest, second.Milliseconds());
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{layer,-32} {pass,-8} own {best,8:F3} ms {flops / best / 1e6,6:F0} GFLOP/s   oneDNN {otherBest,8:F3} ms   " +
            $"ratio {best / otherBest,5:F2}"));
    }

    // Forward first, since backward passes ask for the layouts that it found.
    private static (Func<IKernelLibrary, Operation?>, double) OperationOf(string layer, string pass, ElementType type)
    {
        int[] s = [.. layer.Split(' ').Skip(1).Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
        if (layer.StartsWith("fc", StringComparison.Ordinal))
        {
            Layout source = Layout.Plain(type, s[0], s[1]), target = Layout.Plain(type, s[0], s[2]);
            Layout any = Layout.Any(type, s[2], s[1]), bias = Layout.Plain(ElementType.Float32, s[2]);
            InnerProductForward forward = new(true, source, any, bias, target);
            Operation operation = pass switch
            {
                "forward" => forward,
                "data" => new InnerProductBackwardData(source, any, target, forward),
                _ => new InnerProductBackwardWeights(source, Layout.Any(ElementType.Float32, s[2], s[1]), bias, target, forward),
            };
            return (_ => operation, 2.0 * s[0] * s[1] * s[2]);
        }
        int height = (s[3] + 2 * s[7] - s[5]) / s[6] + 1, width = (s[4] + 2 * s[7] - s[5]) / s[6] + 1;
        int After(int size, int result) => (result - 1) * s[6] + s[5] - size - s[7];
        Walk walk = new((s[6], s[6]), (1, 1), (s[7], s[7]), (After(s[3], height), After(s[4], width)));
        bool isPlain = s[1] < 16;
        Layout image = isPlain ? Layout.Plain(type, s[0], s[1], s[3], s[4]) : Layout.Any(type, s[0], s[1], s[3], s[4]);
        ConvolutionForward asked = new(true, image, Layout.Any(type, s[2], s[1], s[5], s[5]), Layout.Plain(ElementType.Float32, s[2]),
            Layout.Any(type, s[0], s[2], height, width), walk, new(ElementwiseKind.ReLU));
        return (library =>
        {
            KernelDescription found = library.Describe(asked)!;
            ConvolutionForward forward = asked with
            {
                Source = found[Argument.Source],
                Weights = found[Argument.Weights],
                Target = found[Argument.Target],
            };
            return pass switch
            {
                "forward" => forward,
                "data" => isPlain ? null : new ConvolutionBackwardData(forward.Source, asked.Weights, forward.Target, forward),
                _ => new ConvolutionBackwardWeights(forward.Source, Layout.Any(ElementType.Float32, s[2], s[1], s[5], s[5]), forward.Bias,
                    forward.Target, forward),
            };
        }, 2.0 * s[0] * s[1] * s[2] * s[5] * s[5] * height * width);
    }

    private sealed class Case : IDisposable
    {
        private readonly List<NativeBuffer> _buffers = [];
        private readonly Kernel _kernel;

        private Case(IKernelLibrary library, Operation operation, KernelDescription description)
        {
            _kernel = library.Compile(operation, "bench");
            foreach ((Argument argument, Layout layout) in description.Layouts)
            {
                NativeBuffer buffer = new(layout.Bytes, "bench");
                if (layout.Type != ElementType.UInt8)
                    buffer.Span<byte>(0, (int)layout.Bytes).Fill(0x3C); // an ordinary number in every type
                _buffers.Add(buffer);
                _kernel.Bind(argument, layout, buffer, 0);
            }
            NativeBuffer scratchpad = new(description.ScratchpadBytes, "scratchpad");
            _buffers.Add(scratchpad);
            _kernel.BindScratchpad(scratchpad, 0, scratchpad.Bytes);
            _kernel.Execute();
        }

        public static Case? Create(IKernelLibrary library, Operation? operation) =>
            operation is not null && library.Describe(operation) is { } description ? new(library, operation, description) : null;

        public double Milliseconds()
        {
            long start = Stopwatch.GetTimestamp();
            _kernel.Execute();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        public void Dispose()
        {
            _kernel.Dispose();
            _buffers.ForEach(buffer => buffer.Dispose());
        }
    }
}
