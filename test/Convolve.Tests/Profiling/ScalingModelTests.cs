using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Profiling;
using Convolve.Zoo;

namespace Convolve.Tests.Profiling;

/// <summary>The model of 'convolve scale' against values by hand, and against what was measured and published.</summary>
public class ScalingModelTests
{
    private const long MiB = 1 << 20;
    private const double ImageNet = 1_281_167;

    // A GB/s and 1 ms, so that a GB takes a second.
    private static readonly Interconnect Network = new(1e9, 1e-3);

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 1, 2 * (0.5 * 3 + 0.001))]
    [InlineData(3, 2, 2 * (2 / 3.0 * 3 + 0.002))]
    [InlineData(4, 2, 2 * (0.75 * 3 + 0.002))]
    [InlineData(1024, 10, 2 * (1023 / 1024.0 * 3 + 0.010))]
    public void An_all_reduce_is_two_passes_of_all_but_ones_own_share(int nodes, int rounds, double seconds)
    {
        Assert.Equal(rounds, Interconnect.RoundsOf(nodes));
        Assert.Equal(seconds, Network.AllReduceSeconds(3e9, nodes), 1e-12);
    }

    [Theory]
    [InlineData("10Gb", 1.25e9)]
    [InlineData("10Gb/s", 1.25e9)]
    [InlineData("1.25GB", 1.25e9)]
    [InlineData("800kb", 1e5)]
    [InlineData("0.5TB/s", 5e11)]
    [InlineData("10gb", null)]
    [InlineData("10", null)]
    [InlineData("0Gb", null)]
    [InlineData("10Gib", null)]
    [InlineData("10 Gb", null)]
    [InlineData("-1Gb", null)]
    [InlineData("10Gbps", null)]
    [InlineData("", null)]
    public void Bandwidths_are_read(string text, double? bytesPerSecond) => Assert.Equal(bytesPerSecond, Format.ReadBandwidth(text));

    [Theory]
    [InlineData("20us", 20e-6)]
    [InlineData("20µs", 20e-6)]
    [InlineData("1.5ms", 1.5e-3)]
    [InlineData("500ns", 500e-9)]
    [InlineData("2s", 2.0)]
    [InlineData("0us", 0.0)]
    [InlineData("20", null)]
    [InlineData("20US", null)]
    [InlineData("1m", null)]
    public void Latencies_are_read(string text, double? seconds) => Assert.Equal(seconds, Format.ReadLatency(text));

    [Fact]
    public void Connections_are_written_in_both_units()
    {
        Assert.Equal("10 Gb/s (1.25 GB/s)", Format.Bandwidth(1.25e9));
        Assert.Equal("800 kb/s (100 kB/s)", Format.Bandwidth(1e5));
        Assert.Equal(["20 us", "1.5 ms", "0 us"], new[] { 20e-6, 1.5e-3, 0 }.Select(Format.Latency));
    }

    // 64 MiB between two ranks over a virtual link limited to 2 Gb/s took 287 to 294 ms (issue 18).
    [Fact]
    public void A_measured_exchange_is_near() =>
        Assert.InRange(new Interconnect(2e9 / 8, 20e-6).AllReduceSeconds(64 * MiB, 2), 0.287 / 1.2, 0.294);

    // Backward: fc for 1 s, then a layer without parameters for 2 s, then conv for 4 s. Between two nodes, the bytes take as long as on
    // one link once.
    private static readonly StepCompute Step = new(3, [new("fc", 1, 4_000_000_000), new("pool", 2, 0), new("conv", 4, 1_000_000_000)], 0.5);

    [Fact]
    public void An_exchange_is_hidden_until_the_backward_pass_is_done()
    {
        ScalingModel model = new(ComputeModel.Measured(new Dictionary<int, StepCompute> { [8] = Step }), Network);
        (double exchange, double step) = model.Exchange(Step, 2);
        // fc is sent from 4 to 8.002, conv is there at 10: sent until 11.002; then the update.
        Assert.Equal(5.004, exchange, 1e-9);
        Assert.Equal(11.502, step, 1e-9);
        StepForecast forecast = model.Predict(2, 16, isWeak: true);
        Assert.Equal((8, 10.5), (forecast.ImagesPerNode, forecast.ComputeSeconds));
        Assert.Equal(10.5 / 11.502, forecast.Efficiency, 1e-9);
        Assert.Equal(1 - 1.002 / 5.004, forecast.HiddenShare, 1e-9);
        Assert.Equal(16 / 11.502, forecast.ImagesPerSecond, 1e-9);
    }

    [Fact]
    public void A_slow_network_has_the_next_gradient_wait()
    {
        ScalingModel slow = new(ComputeModel.Measured(new Dictionary<int, StepCompute> { [8] = Step }), new(0.5e9, 0));
        // fc from 4 to 12, conv from 12 to 14.
        Assert.Equal((10, 14.5), slow.Exchange(Step, 2));
    }

    [Fact]
    public void Without_overlap_the_exchange_comes_after_the_backward_pass()
    {
        ScalingModel model = new(ComputeModel.Measured(new Dictionary<int, StepCompute> { [8] = Step }), Network) { Overlaps = false };
        Assert.Equal(10 + 5.004 + 0.5, model.Exchange(Step, 2).Step, 1e-9);
        Assert.Equal(0, model.Predict(2, 16, isWeak: false).HiddenShare, 1e-9);
    }

    [Fact]
    public void Bfloat16_halves_the_bytes_and_not_the_latencies()
    {
        ScalingModel model = new(ComputeModel.Measured(new Dictionary<int, StepCompute> { [8] = Step }), Network)
        { BytesPerNumber = sizeof(ushort) };
        Assert.Equal(2.5 + 0.004, model.Exchange(Step, 2).Exchange, 1e-9);
    }

    // Two of 3 MiB are one bucket; the last one is sent however small it is.
    [Fact]
    public void Small_gradients_leave_in_buckets()
    {
        StepCompute step = new(0, [new("d", 1, 3 * MiB), new("c", 1, 3 * MiB), new("b", 1, 5 * MiB), new("a", 1, MiB)], 0);
        ScalingModel model = new(ComputeModel.Measured(new Dictionary<int, StepCompute> { [1] = step }), new(MiB, 0.25));
        // 6 MiB from 2 to 8.5, 5 MiB until 14, 1 MiB until 15.5.
        Assert.Equal((13.5, 15.5), model.Exchange(step, 2));
    }

    [Fact]
    public void Strong_scaling_divides_a_batch_and_compares_with_one_node()
    {
        ScalingModel model = new(ComputeModel.Measured(new Dictionary<int, StepCompute> { [8] = Step, [16] = Step.Scaled(2) }),
            new(1e12, 0));
        StepForecast forecast = model.Predict(2, 16, isWeak: false);
        Assert.Equal(8, forecast.ImagesPerNode);
        // One node: 20.5; two: 10.5 and the last exchange of 1 ms.
        Assert.Equal(20.5 / (2 * 10.501), forecast.Efficiency, 1e-9);
        Assert.Equal(3, model.Predict(6, 16, isWeak: false).ImagesPerNode); // 16 images on 6 nodes: four have 3
    }

    [Fact]
    public void Between_measurements_time_is_on_a_line_and_beyond_in_proportion()
    {
        ComputeModel model = ComputeModel.Measured(new Dictionary<int, StepCompute>
        {
            [10] = new(2, [new("a", 4, 400)], 1),
            [30] = new(4, [new("a", 12, 400)], 3),
        });
        Assert.Equal((3, 8, 2), Figures(model.Of(20)));
        Assert.Equal((4, 12, 3), Figures(model.Of(30)));
        Assert.Equal((8, 24, 3), Figures(model.Of(60)));
        Assert.Equal((1.5, 2, 0.5), Figures(model.Of(5)));
        Assert.Equal(30 / 16.0, model.LimitImagesPerSecond);

        static (double, double, double) Figures(StepCompute step) =>
            (step.ForwardSeconds, step.Backward[0].Seconds, step.UpdateSeconds);
    }

    // Computing an image takes 1 s, and the exchange, which nothing hides, 10 s: 95 % of an image per second with 190 images.
    [Fact]
    public void The_useful_batch_has_95_percent_of_the_speed_without_a_limit()
    {
        ScalingModel model = new(ComputeModel.Measured(new Dictionary<int, StepCompute> { [1] = new(1, [new("a", 0, 10_000_000)], 0) }),
            new(1e6, 0));
        Assert.Equal(2 * 190, model.Predict(2, 8, isWeak: false).UsefulBatchSize);
        Assert.Equal(1, model.Predict(1, 8, isWeak: false).UsefulBatchSize);
    }

    [Fact]
    public void A_given_speed_is_shared_out_by_multiply_adds()
    {
        Graph graph = Graph.Sequential("two", (4, 5, 5), [new Conv2d(2, 1), new ReLU(), new Flatten(), new Linear(10)]);
        StepCompute step = StepCompute.FromSpeed(graph, images: 7, imagesPerSecond: 3.5);
        Assert.Equal(2, step.Seconds, 1e-12);
        // conv1: 200 multiply-adds, fc1: 500. Forward 700, backward 200 + 1000.
        Assert.Equal(2 * 700 / 1900.0, step.ForwardSeconds, 1e-12);
        Assert.Equal(["fc1", "conv1"], step.Backward.Select(layer => layer.Layer));
        Assert.Equal(2 * 1000 / 1900.0, step.Backward[0].Seconds, 1e-12);
        Assert.Equal([4L * (500 + 10), 4 * (8 + 2)], step.Backward.Select(layer => layer.GradientBytes));
    }

    [Fact]
    public void A_measured_step_has_the_times_of_its_plan_and_all_gradients()
    {
        Graph graph = TrainingGraph;
        PassTimes times = PassTimes.Measure(graph, new() { Network = "", Dataset = "", BatchSize = 4 }, isTraining: true, TimeSpan.Zero);
        StepCompute step = StepCompute.FromMeasurement(times);
        Assert.Equal(times.Seconds.Sum() + times.UpdateSeconds, step.Seconds, 1e-12);
        Assert.Equal(graph.ParameterCount * sizeof(float), step.GradientBytes);
        // The last layer's gradient is there first.
        Assert.Equal(["fc1", "conv1"], step.Backward.Where(layer => layer.GradientBytes > 0).Select(layer => layer.Layer));
    }

    private static Graph TrainingGraph { get; } = Graph.Sequential("small", (1, 12, 12),
        [new Conv2d(8, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(5)]);

    // You et al. 2017 (arXiv 1709.05011, versions 1 to 10): ResNet-50 for 90 epochs at batch size 32K in 48 minutes on 1,024 CPUs, in 32
    // on 1,600; AlexNet for 100 epochs at batch size 32K in 11 minutes on 1,024. A CPU's own speed isn't in the abstracts, so it is that
    // of the first run, 39 images/s, and for AlexNet as many multiply-adds each second. Omni-Path has 100 Gb/s.
    [Theory]
    [InlineData("resnet50", 1600, 90, 32)]
    [InlineData("alexnet-bn", 1024, 100, 11)]
    public void Published_runs_are_within_a_factor_of_two(string network, int nodes, int epochs, double minutes)
    {
        const int BatchSize = 32768;
        double resnet = 90 * ImageNet / (48 * 60) / 1024;
        Graph graph = NetworkCatalog.Create(network, 1000);
        double speed = resnet * NetworkCatalog.Create("resnet50", 1000).MultiplyAdds / graph.MultiplyAdds;
        StepForecast forecast = new ScalingModel(ComputeModel.OfSpeed(graph, speed), new(100e9 / 8, 2e-6))
            .Predict(nodes, BatchSize, isWeak: false);
        double predicted = epochs * ImageNet / forecast.ImagesPerSecond / 60;
        Assert.True(predicted > minutes / 2 && predicted < 2 * minutes, $"{predicted:F1} minutes, published {minutes}");
    }
}
