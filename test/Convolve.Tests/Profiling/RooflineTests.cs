using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Winograd;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Profiling;
using Convolve.Tests.Formats;
using Convolve.Training;

namespace Convolve.Tests.Profiling;

/// <summary>Work as it is executed, intensities, and what cannot be exceeded.</summary>
public sealed class RooflineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // 100 GFLOP/s; 400 GB/s up to 1 MB, 50 GB/s beyond.
    private static Ceilings Machine { get; } = new()
    {
        Processor = "one that is easy to calculate with",
        Threads = 2,
        RegisterBits = 512,
        Float32FlopsPerSecond = 100e9,
        Float32OneThread = 50e9,
        BFloat16FlopsPerSecond = 200e9,
        BFloat16OneThread = 100e9,
        Reads = [new(1 << 16, 395e9, 200e9), new(1 << 18, 390e9, 200e9), new(1 << 20, 400e9, 200e9), new(1 << 22, 100e9, 60e9),
            new(1 << 24, 50e9, 40e9), new(1 << 25, 50e9, 40e9), new(1 << 26, 49e9, 40e9)],
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 50e9)]
    [InlineData(2, 100e9)]
    [InlineData(10, 100e9)]
    public void ARoofIsTheLowerOfTwoLines(double flopsPerByte, double expected) =>
        Assert.Equal(expected, Roofline.Attainable(flopsPerByte, 100e9, 50e9));

    [Theory]
    [InlineData(4e9, 1 << 10, false, 0.04, true)] // computing
    [InlineData(4e9, 1 << 10, true, 0.02, true)] // computing, in bfloat16
    [InlineData(1e3, 1 << 20, false, (1 << 20) / 400e9, false)] // from the cache
    [InlineData(1e3, 1 << 26, false, (1 << 26) / 49e9, false)] // from memory
    public void TheFloorIsTheLongerOfComputingAndMoving(double flops, long bytes, bool isBFloat16, double seconds, bool isCompute)
    {
        Floor floor = Roofline.FloorOf(new(flops, bytes, isBFloat16), Machine);
        Assert.Equal(seconds, floor.Seconds, 1e-12);
        Assert.Equal(isCompute, floor.IsCompute);
    }

    [Theory]
    [InlineData(1, 400e9)] // a smaller size can't be slower than a larger one
    [InlineData((1 << 20) + 1, 400e9)] // between two sizes, the faster
    [InlineData(1 << 22, 100e9)]
    [InlineData(1L << 40, 49e9)]
    public void BytesComeAsFastAsTheSmallestPlaceForThem(long bytes, double expected) =>
        Assert.Equal(expected, Machine.BytesPerSecond(bytes));

    [Fact]
    public void LevelsAreSizesOfOneSpeed()
    {
        IReadOnlyList<MemoryLevel> levels = Machine.Levels;
        Assert.Equal(["cache 1", "memory"], levels.Select(level => level.Name));
        Assert.Equal((1 << 20, 400e9), (levels[0].LargestBytes, levels[0].BytesPerSecond));
        Assert.Equal(49e9, levels[1].BytesPerSecond);
        Assert.Equal("cache 1", Machine.LevelOf(1 << 20).Name);
        Assert.Equal("memory", Machine.LevelOf((1 << 20) + 1).Name);
    }

    // 5 outputs of a 3x3 window with padding 1 on 5 inputs: the first and the last see 2, the others 3.
    [Theory]
    [InlineData(5, 5, 3, 1, 1, 1, 13)]
    [InlineData(3, 5, 3, 1, 1, 0, 9)]
    [InlineData(3, 5, 3, 2, 1, 1, 7)]
    [InlineData(5, 5, 3, 1, 2, 2, 11)]
    public void TapsOnThePaddingDoNotCount(long outputs, long inputs, long kernel, int stride, int dilation, int before, long expected) =>
        Assert.Equal(expected, StepWork.Taps(outputs, inputs, kernel, stride, dilation, before));

    [Fact]
    public void WinogradCountsItsOwnProductsAndTransforms()
    {
        // 2 images of 12x12, 3x3 with padding 1: 2x2 tiles of 6x6 outputs each, 8 tiles.
        WinogradShape shape = new(2, 16, 32, 12, 12, 3, 1, 1, 12, 12, 16);
        double products = 2.0 * 64 * 8 * 16 * 32, inputs = 8 * 16 * 16 * 38, outputs = 8 * 32 * (8 + 6) * 30,
            weights = 16 * 32 * (11 * 13 + 64);
        Assert.Equal(products + inputs + outputs + weights, StepWork.FlopsOf(shape));
        double gradients = 8 * 32 * (6 + 8) * 28, sums = 16 * 32 * (11 * 18 + 64);
        Assert.Equal(products + inputs + gradients + sums, StepWork.GradientFlops(shape));
        Assert.True(StepWork.FlopsOf(shape) < 2.0 * 2 * 144 * 9 * 16 * 32); // fewer than the direct way
    }

    [Fact]
    public void StepsOfAPlanCountWhatTheirLayersSay()
    {
        Graph graph = Graph.Sequential("counted", new(16, 8, 8),
            [new Conv2d(32, 1), new Flatten(), new Linear(100), new ReLU(), new Linear(10)]);
        Plan plan = Model.PlanFor(graph, new() { Precision = Precision.Float32, Exact = true }, 32, training: true);
        Dictionary<(string, Phase), LayerFigures> rows = NetworkAnalysis.Figures(plan, Machine, _ => 1, 1,
            NetworkAnalysis.UpdateBytes(graph, Recipe)).ToDictionary(row => (row.Layer, row.Phase));
        double conv = 2.0 * 32 * 32 * 64 * 16, linear = 2.0 * 32 * 2048 * 100;
        Assert.Equal(conv, rows[("conv1", Phase.Forward)].Flops);
        Assert.Equal(conv, rows[("conv1", Phase.Backward)].Flops); // weights alone: nobody wants the gradient of the input
        Assert.InRange(rows[("fc1", Phase.Forward)].Flops, linear, linear + 32 * 100);
        Assert.InRange(rows[("fc1", Phase.Backward)].Flops, 2 * linear, 2 * linear + 32 * 100);
        long least = 4 * (32 * 2048 + 2048 * 100 + 100 + 32 * 100);
        Assert.InRange(rows[("fc1", Phase.Forward)].Bytes, least, 2 * least);
        // Gradients read, weights and one state read and written.
        Assert.Equal(graph.ParameterCount * 4 * 5, rows[(LayerFigures.Update, Phase.Backward)].Bytes);
    }

    [Fact]
    public void EverythingThatTakesTimeIsBelowItsCeilingOrSaysWhy()
    {
        Graph graph = Graph.Sequential("measured", new(1, 28, 28), [new Conv2d(8, 5), new ReLU(), new Flatten(), new Linear(10)]);
        Ceilings slow = Machine with { Float32FlopsPerSecond = 1e3, Reads = [new(1 << 20, 1e3, 1e3)] };
        NetworkAnalysis analysis = NetworkAnalysis.Measure(graph, Recipe, isTraining: true, slow, TimeSpan.FromMilliseconds(20));
        Assert.All(analysis.Layers, row => Assert.True(row.Seconds > 0 && row.Share > 1, row.Layer));
        Assert.Contains("above its ceiling", AnalysisFindings.Of(analysis).Single(f => f.Subject == "ceilings").Text,
            StringComparison.Ordinal);
        NetworkAnalysis same = analysis with
        {
            Ceilings = Machine,
            Layers = [.. NetworkAnalysis.Figures(analysis.Plan, Machine, _ => 1e-3, 1e-3, NetworkAnalysis.UpdateBytes(graph, Recipe))],
        };
        // Each layer keeps its share, so the same network is as fast as it is.
        Assert.Equal(same.ImagesPerSecond, Suggestion.Predict(same, graph, Recipe)!.Value, 1e-6 * same.ImagesPerSecond);
    }

    [Fact]
    public void CeilingsAreKeptAndADamagedFileIsMeasuredAgain()
    {
        string file = _folder["deep/ceilings.json"];
        Ceilings own = Machine with
        {
            Processor = Convolve.Execution.Machine.ProcessorName,
            RegisterBits = Convolve.Execution.Machine.OwnKernelBits,
        };
        Assert.Null(CeilingsFile.Read(file, 2));
        CeilingsFile.Write(file, own);
        CeilingsFile.Write(file, own with { Threads = 3, Float32FlopsPerSecond = 150e9 });
        Assert.Equal(100e9, CeilingsFile.Read(file, 2)!.Float32FlopsPerSecond);
        Assert.Equal(own.Reads, CeilingsFile.Read(file, 2)!.Reads);
        Assert.Equal(150e9, CeilingsFile.Read(file, 3)!.Float32FlopsPerSecond);
        Assert.Null(CeilingsFile.Read(file, 4));
        CeilingsFile.Write(file, own with { Float32FlopsPerSecond = 120e9 });
        Assert.Equal(120e9, CeilingsFile.Read(file, 2)!.Float32FlopsPerSecond);
        string whole = File.ReadAllText(file);
        foreach (string damaged in (string[])["", "{", "[1]", "[null]", "null", "{}", whole[..(whole.Length / 2)],
            whole.Replace("120000000000", "-1", StringComparison.Ordinal)])
        {
            File.WriteAllText(file, damaged);
            Assert.Null(CeilingsFile.Read(file, 2));
        }
        CeilingsFile.Write(file, own);
        Assert.NotNull(CeilingsFile.Read(file, 2));
    }

    private static Recipe Recipe { get; } = new()
    {
        Network = "n",
        Dataset = "d",
        BatchSize = 32,
        Precision = Precision.Float32,
        Exact = true,
        Optimizer = new Convolve.Training.Optimizers.Sgd { Momentum = 0.9f },
    };
}
