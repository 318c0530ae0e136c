using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Machines;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Tests.Layers;
using Convolve.Zoo;

namespace Convolve.Tests.Planning;

/// <summary>What plans of the zoo's networks look like: which layers run inside others, what is kept, which kernels run.</summary>
public class PlanTests
{
    private static bool HasAvx512 => KernelLibrary.Current.InstructionSet >= InstructionSet.Avx512;

    public static TheoryData<string> Networks => [.. NetworkCatalog.All.Select(entry => entry.Name)];

    private static Plan Create(string name, int batch = 64, bool training = true, Precision precision = Precision.Float32,
        bool exact = false) =>
        Planner.Create(NetworkCatalog.Create(name), new(batch, training, precision, exact, 2));

    // "ref" kernels go through a tensor one element after the other: 10 to 300 times slower.
    [Theory, MemberData(nameof(Networks))]
    public void No_step_runs_one_by_one(string name) => RequireNoStepOneByOne(name, Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Networks))]
    public void No_step_runs_one_by_one_in_bfloat16(string name) => RequireNoStepOneByOne(name, Precision.BFloat16);

    private static void RequireNoStepOneByOne(string name, Precision precision)
    {
        foreach ((Step step, string implementation) in Native(NetworkCatalog.Create(name), 64, precision))
        {
            RequireNotOneByOne(step, implementation);
            // oneDNN 2.6 has no other kernel for bfloat16 gradients of fewer than 16 filters over an image of few channels.
            bool isWithoutChoice = precision == Precision.BFloat16 && step.Label == "conv1 backward weights"
                && step[Argument.DiffWeights].Layout.Sizes[0] < 16;
            Assert.True(!HasAvx512 || isWithoutChoice || !implementation.Contains("gemm:jit", StringComparison.Ordinal),
                $"{step.Label} runs by {implementation}");
        }
    }

    public static TheoryData<string> Cases => LayerCatalogue.Names;

    // Also of layers that are in no network of the zoo, and of channels that do not fill a block of 16.
    [Theory, MemberData(nameof(Cases))]
    public void No_layer_runs_one_by_one(string name) => RequireNoLayerOneByOne(LayerCatalogue.Named(name), Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Cases))]
    public void No_layer_runs_one_by_one_in_bfloat16(string name) => RequireNoLayerOneByOne(LayerCatalogue.Named(name), Precision.BFloat16);

    private static void RequireNoLayerOneByOne(LayerCase layerCase, Precision precision)
    {
        foreach ((Step step, string implementation) in Native(layerCase.Graph, layerCase.Batch, precision))
            RequireNotOneByOne(step, implementation);
    }

    private static IEnumerable<(Step Step, string Implementation)> Native(Graph graph, int batch, Precision precision) =>
        from training in new[] { true, false }
        from step in Planner.Create(graph, new(batch, training, precision, false, 2)).Steps
        where step.Work is NativeWork
        select (step, ((NativeWork)step.Work).Implementation);

    private static void RequireNotOneByOne(Step step, string implementation) =>
        Assert.False(implementation.Contains("ref", StringComparison.Ordinal), $"{step.Label} runs by {implementation}");

    [Fact]
    public void Alexnets_dense_convolutions_run_by_Winograd_unless_exactness_is_asked_for()
    {
        static string[] Winograd(bool exact) => [.. Create("alexnet-d2l", exact: exact).Steps
            .Where(s => s.Work is WinogradWork or WinogradGradientWork).Select(s => s.Label)];
        string[] convolutions = ["conv2", "conv3", "conv4", "conv5"], passes = ["forward", "backward data", "backward weights"];
        Assert.Equal(convolutions.SelectMany(c => passes.Select(p => $"{c} {p}")).Order(), Winograd(false).Order());
        Assert.Empty(Winograd(true));
    }

    // The own kernels leave blocks of 16 channels, and the library's for AVX2 know blocks of 8.
    [Theory]
    [InlineData(20, true)]
    [InlineData(3, true)]
    [InlineData(20, false)]
    public void Poolings_behind_own_kernels_get_blocks_that_the_library_is_quick_with(int channels, bool isMax)
    {
        Graph graph = Graph.Sequential("norms", (channels, 20, 20),
            [new BatchNorm2d(), isMax ? new MaxPool2d(2) : new AvgPool2d(3, stride: 2, padding: 1, countPadding: false), new Flatten(),
            new Linear(10)]);
        Step[] steps = [.. Planner.Create(graph, new(2, true, Precision.Float32, true, 2)).Steps];
        Assert.Equal(KernelLibrary.Current.Block == 8, steps.Any(s => s.Label == "pool1 reorder source"));
        foreach (Step step in steps.Where(s => s.Work is NativeWork))
            RequireNotOneByOne(step, ((NativeWork)step.Work).Implementation);
    }

    [Fact]
    public void Alexnets_activations_run_inside_the_layers_before_them()
    {
        Plan plan = Create("alexnet-d2l");
        Assert.DoesNotContain(plan.Steps, s => s.Phase == Phase.Forward && s.Node.StartsWith("relu", StringComparison.Ordinal));
        Assert.All(plan.Steps.Where(s => s.Phase == Phase.Forward).Select(s => (s.Work as NativeWork)?.Operation)
            .OfType<ConvolutionForward>(),
            o => Assert.Equal(new ElementwiseFunction(ElementwiseKind.ReLU), o.Activation));
    }

    [Fact]
    public void Gradients_of_activations_are_taken_behind_the_max_pooling()
    {
        Graph graph = Graph.Sequential("leaky", (32, 13, 13),
            [new Conv2d(32, 3, padding: 1), new LeakyReLU(0.1f), new MaxPool2d(3, stride: 2), new Flatten(), new Linear(10)]);
        Plan plan = Planner.Create(graph, new(8, true, Precision.Float32, true, 2));
        Step backward = plan.Steps.Single(s => s.Label == "relu1 backward");
        Assert.Equal([6L, 6], backward[Argument.DiffTarget].Layout.Sizes.Skip(2));
        Assert.Same(plan.Steps.Single(s => s.Label == "pool1 forward")[Argument.Target].Storage, backward[Argument.Target].Storage);
        Assert.True(IndexOf(plan, "relu1 backward") < IndexOf(plan, "pool1 backward"));
    }

    [NeedsFact(Feature.LibraryAvx512)]
    public void Alexnets_max_poolings_take_the_gradients_of_ReLU_along()
    {
        Plan plan = Create("alexnet-d2l");
        foreach ((string relu, string pool, long side) in new[] { ("relu1", "pool1", 26L), ("relu2", "pool2", 12), ("relu5", "pool3", 5) })
        {
            Step forward = plan.Steps.Single(s => s.Label == $"{pool} forward"),
                backward = plan.Steps.Single(s => s.Label == $"{pool} backward");
            Assert.All([forward, backward], s => Assert.IsType<BlockedPoolingWork>(s.Work));
            Assert.Equal([side, side], backward[Argument.DiffTarget].Layout.Sizes.Skip(2));
            Assert.All([forward, backward], s => Assert.True(((BlockedPoolingWork)s.Work).TakesReLU));
            Assert.Equal(forward[Argument.Target].Layout.Bytes / 4, forward[Argument.Workspace].Layout.Bytes);
            Assert.DoesNotContain(plan.Steps, s => s.Label == $"{relu} backward");
        }
    }

    [NeedsTheory(Feature.LibraryAvx512)]
    [InlineData(3, 2, true, true)]
    [InlineData(2, 2, true, true)]
    [InlineData(3, 1, true, false)]
    [InlineData(4, 2, true, false)]
    [InlineData(3, 2, false, false)]
    public void Poolings_that_the_own_kernels_are_not_made_for_are_the_librarys(int kernel, int stride, bool isMax, bool isOwn)
    {
        Pool2d pool = isMax ? new MaxPool2d(kernel, stride) : new AvgPool2d(kernel, stride);
        Graph graph = Graph.Sequential("pools", (32, 20, 20),
            [new Conv2d(32, 3, padding: 1), new ReLU(), pool, new Flatten(), new Linear(10)]);
        Step[] steps = [.. Planner.Create(graph, new(2, true, Precision.Float32, true, 2)).Steps.Where(s => s.Label is "pool1 forward"
            or "pool1 backward")];
        Assert.Equal(2, steps.Length);
        Assert.All(steps, s => Assert.Equal(isOwn, s.Work is BlockedPoolingWork));
    }

    // The largest tensors of the network: 96x54x54 and 256x26x26 for each image.
    [Fact]
    public void Outputs_of_convolutions_in_front_of_pools_are_not_kept()
    {
        Plan plan = Create("alexnet-d2l");
        foreach ((string conv, string pool) in new[] { ("conv1", "pool1"), ("conv2", "pool2"), ("conv5", "pool3") })
        {
            Storage output = plan.Steps.Single(s => s.Label == $"{conv} forward")[Argument.Target].Storage;
            // The library's pooling is followed by a search for NaNs in what was pooled.
            string last = plan.Steps.Any(s => s.Label == $"{pool} pass NaN on") ? "pass NaN on" : "forward";
            Assert.Equal(IndexOf(plan, $"{pool} {last}"), MemoryJudge.Lifetimes(plan)[output].Last);
        }
    }

    [Fact]
    public void Flatten_is_a_view_where_the_image_is_plain()
    {
        Graph graph = Graph.Sequential("plain", (3, 4, 4), [new Flatten(), new Linear(7), new ReLU(), new Linear(5)]);
        Plan plan = Planner.Create(graph, new(8, true, Precision.Float32, false, 2));
        Assert.DoesNotContain(plan.Steps, s => s.Node == "flatten1");
        Assert.Same(plan.Input.Storage, plan.Steps[0][Argument.Source].Storage);
        Assert.Equal([8L, 48], plan.Steps[0][Argument.Source].Layout.Sizes);
    }

    [Fact]
    public void Dropout_is_not_in_evaluation_and_runs_in_place_in_training()
    {
        Assert.DoesNotContain(Create("alexnet-d2l", training: false).Steps, s => s.Work is DropoutWork
            || s.Node.StartsWith("dropout", StringComparison.Ordinal));
        Step[] steps = [.. Create("alexnet-d2l").Steps.Where(s => s.Work is DropoutWork)];
        Assert.Equal(["dropout1 forward", "dropout2 forward", "dropout2 backward", "dropout1 backward"], steps.Select(s => s.Label));
        Assert.All(steps, s => Assert.Same(s[Argument.Source].Storage, s[Argument.Target].Storage));
    }

    [Fact]
    public void Evaluation_keeps_nothing_for_a_backward_pass()
    {
        Plan plan = Create("alexnet-d2l", training: false);
        Assert.All(plan.Steps, s => Assert.Equal(Phase.Forward, s.Phase));
        Assert.DoesNotContain(plan.Steps.SelectMany(s => s.Uses), u => u.Argument == Argument.Workspace
            || u.Tensor.Storage.Region == Region.Gradients);
        Assert.True(plan.ArenaBytes < Create("alexnet-d2l").ArenaBytes / 1.4);
    }

    [NeedsTheory(Feature.LibraryAvx2)]
    [InlineData("lenet5")]
    [InlineData("lenet5-keras")]
    [InlineData("lenet5-1998")]
    public void LeNet_runs_with_images_in_the_lanes_in_float32(string name)
    {
        Plan plan = Create(name);
        Assert.Equal(2, plan.Steps.Count(s => s.Work is InterleavedForwardWork));
        Assert.Equal(2, plan.Steps.Count(s => s.Work is InterleavedBackwardWork));
        Assert.DoesNotContain(plan.Steps, s => s.Work is NativeWork { Operation: ConvolutionForward or PoolingForward });
        if (Features.HasNativeBFloat16)
            Assert.DoesNotContain(Create(name, precision: Precision.BFloat16).Steps, s => s.Work is InterleavedForwardWork);
        Assert.DoesNotContain(Create("alexnet-d2l").Steps, s => s.Work is InterleavedForwardWork);
    }

    [Fact]
    public void A_plan_is_the_same_every_time() => Assert.Equal(Create("alexnet-d2l").ToString(), Create("alexnet-d2l").ToString());

    [Fact]
    public void A_plan_prints_a_line_for_each_step()
    {
        Plan plan = Create("lenet5", batch: 33, training: false);
        string[] lines = plan.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(plan.Steps.Count + 1, lines.Length);
        Assert.Equal(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"lenet5, batch 33, evaluation, Float32: {plan.Steps.Count} steps, arena {plan.ArenaBytes / 1048576.0:F1} MiB"), lines[0]);
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            Assert.StartsWith($"{i,3} {plan.Steps[i].Label}", lines[i + 1], StringComparison.Ordinal);
            foreach (Use use in plan.Steps[i].Uses)
                Assert.Contains($" {use.Argument}={use.Tensor.Layout} ", lines[i + 1], StringComparison.Ordinal);
        }
        Assert.Contains("fc1.weight", plan.Parameters.Slots.Select(s => s.Name));
    }

    [Fact]
    public void A_network_that_ends_in_an_image_is_refused()
    {
        Graph graph = Graph.Sequential("open", (3, 8, 8), [new Conv2d(4, 3)]);
        NetworkException error = Assert.Throws<NetworkException>(() => Planner.Create(graph, new(1, false, Precision.Float32, false, 1)));
        Assert.Equal(
            "The network \"open\" ends in an image of 4x6x6, but a classifier ends in a vector of logits. Add Flatten() and " +
            "Linear(classes).", error.Message);
    }

    // Kernels are made for a number of threads, and so is the memory they work in: a plan for more than there are cores, or fewer, holds.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void A_plan_is_made_for_its_number_of_threads(int threads)
    {
        Graph graph = AlexNet.D2L(input: (1, 67, 67), dropout: 0);
        using Model model = new(graph, new() { Precision = Precision.Float32, Exact = true, Threads = threads }, trainingBatchSize: 4);
        Assert.Equal(threads, model.Training(4).Plan.Options.Threads);
        Plan expected = Planner.Create(graph, new(4, true, Precision.Float32, true, threads));
        Assert.Equal(expected.ToString(), model.Training(4).Plan.ToString());
        Assert.Equal(Planner.Create(graph, new(3, true, Precision.Float32, true, threads), expected.Parameters).ToString(),
            model.Training(3).Plan.ToString());
    }

    private static int IndexOf(Plan plan, string label) => plan.Steps.Select(s => s.Label).ToList().IndexOf(label);
}
