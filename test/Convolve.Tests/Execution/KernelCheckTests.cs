using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Checks;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Zoo;

namespace Convolve.Tests.Execution;

/// <summary>That CONVOLVE_CHECK_KERNELS=1 finds kernels that are wrong, of ours and of the library, and none of those that run.</summary>
public class KernelCheckTests
{
    private static IKernelLibrary Library => KernelLibrary.Current;

    public static TheoryData<string, int> Sample => new() { { "lenet5", 7 }, { "resnet20", 1 }, { "cuda-convnet", 3 } };

    public static TheoryData<string, int> Zoo
    {
        get
        {
            TheoryData<string, int> all = [];
            foreach (NetworkEntry entry in NetworkCatalog.All)
                foreach (int batch in new[] { 1, 7, 32 })
                    all.Add(entry.Name, batch);
            return all;
        }
    }

    [Fact]
    public void A_whole_result_passes() => Run((_, target, scratch) =>
    {
        scratch.Fill(3);
        for (int i = 0; i < target.Length; i++)
            target[i] = scratch[0] + i;
    });

    [Fact]
    public void A_result_that_is_not_written_is_found()
    {
        string message = Failure((source, target, _) => source[..21].CopyTo(target));
        Assert.StartsWith(
            "fc1 forward: the kernel own (FaultyWork) left 3 of 24 elements unwritten in Target [f32 4x6 ab] (Source [f32 4x6 ab], " +
            "Target [f32 4x6 ab]).", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_that_comes_from_the_scratchpad_is_found()
    {
        string message = Failure((source, target, scratch) =>
        {
            source.CopyTo(target);
            target[5] += scratch[2];
        });
        Assert.Contains(" computed 1 of 24 elements from memory it hadn't written in Target ", message, StringComparison.Ordinal);
    }

    // As ReLU does that takes the larger of NaN and 0.
    [Fact]
    public void A_result_from_the_scratchpad_is_found_where_NaN_is_swallowed()
    {
        string message = Failure((source, target, scratch) =>
        {
            source.CopyTo(target);
            target[7] = scratch[0] > 0 ? scratch[0] : 0;
        });
        Assert.Contains(" computed 1 of 24 elements from memory ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_that_is_added_to_what_was_there_is_found() =>
        Assert.Contains(" of 24 elements ", Failure((source, target, _) =>
        {
            for (int i = 0; i < target.Length; i++)
                target[i] += source[i];
        }), StringComparison.Ordinal);

    [Fact]
    public void Padding_that_is_not_0_is_found()
    {
        Layout blocked = Layout.Blocked(ElementType.Float32, 16, 1, 3, 2, 2);
        string message = Failure((_, target, _) => target.Fill(1), blocked);
        Assert.Contains(" left 52 padding elements nonzero in Target [f32 1x3x2x2 aBcd16b]", message, StringComparison.Ordinal);
        Run((_, target, _) => target.Clear(), blocked);
    }

    [Fact]
    public void A_result_in_place_begins_as_its_input() => Run((_, target, scratch) =>
    {
        scratch.Clear();
        for (int i = 0; i < target.Length; i++)
            target[i] *= 2;
    }, inPlace: true);

    [Fact]
    public void A_result_in_place_from_the_scratchpad_is_found() =>
        Assert.Contains(" computed 24 of 24 elements ", Failure((_, target, scratch) => target.Fill(scratch[0]), inPlace: true),
            StringComparison.Ordinal);

    // oneDNN 2.6.3 with AVX-512 leaves rows out; later versions do not. The weights that it moved once are moved by an own kernel.
    [Fact]
    public void The_rows_that_the_librarys_reorder_leaves_out_are_found()
    {
        ParameterSlot slot =
            Planner.Create(Graph.Sequential("wide", (1, 1, 6160), [new Flatten(), new Linear(100), new Tanh(), new Linear(10)]),
            new(16, true, Precision.Float32, false, 1)).Parameters.Slots[0];
        if (slot.Layout.Format != "AB16b64a" || !Library.Name.StartsWith("oneDNN 2.6", StringComparison.Ordinal))
            return;
        Layout plain = Layout.Plain(ElementType.Float32, [.. slot.Layout.Sizes]);
        KernelCheckException error = Assert.Throws<KernelCheckException>(() => CheckReorder(slot.Layout, plain));
        Assert.StartsWith("test: the kernel reorder left 98560 of 616000 elements unwritten in Target [f32 100x6160 ab]", error.Message,
            StringComparison.Ordinal);
    }

    // oneDNN's bfloat16 kernel sums taps over padding from its scratchpad; the plan zeroes them, so here the kernel runs without that.
    [NeedsFact(Feature.BFloat16)]
    public void The_gradients_that_the_library_sums_from_its_scratchpad_are_found()
    {
        Graph graph = Graph.Sequential("taps", (16, 1, 1),
            [new Conv2d(16, 1), new ReLU(), new Conv2d(16, 3, stride: 2, padding: 1), new GlobalAvgPool(), new Linear(10)]);
        Plan plan = Planner.Create(graph, new(16, true, Precision.BFloat16, false, 1));
        int index = Enumerable.Range(0, plan.Steps.Count).Single(i => plan.Steps[i].Work is UnseenTapsWork);
        Step whole = plan.Steps[index], bare = whole with { Work = ((UnseenTapsWork)whole.Work).Kernel };
        KernelCheckException error = Assert.Throws<KernelCheckException>(() => CheckStep(plan, bare));
        Assert.Contains("backward weights: the kernel jit", error.Message, StringComparison.Ordinal);
        Assert.Contains("elements from memory it hadn't written in DiffWeights [f32 16x16x3x3 ", error.Message,
            StringComparison.Ordinal);
        CheckStep(plan, whole);
    }

    // The library still moves activations and their gradients between its layouts.
    [Fact]
    public void The_librarys_reorders_of_activations_pass() => CheckReorders(ElementType.Float32);

    [NeedsFact(Feature.BFloat16)]
    public void The_librarys_reorders_of_activations_pass_in_bfloat16() => CheckReorders(ElementType.BFloat16);

    private static void CheckReorders(ElementType type)
    {
        int block = Library.InstructionSet >= InstructionSet.Avx512 ? 16 : 8;
        foreach (int batch in new[] { 1, 7, 33 })
            foreach (int channels in new[] { 1, 3, 15, 16, 17, 24, 33, 100 })
                foreach ((int height, int width) in new[] { (1, 1), (1, 5), (7, 2), (13, 13) })
                {
                    Layout plain = Layout.Plain(type, batch, channels, height, width),
                        blocked = Layout.Blocked(type, block, batch, channels, height, width);
                    CheckReorder(plain, blocked);
                    CheckReorder(blocked, plain);
                }
    }

    [Fact]
    public void A_checked_pass_computes_what_an_unchecked_one_does() => CheckedAndUnchecked(Precision.Float32);

    [NeedsFact(Feature.BFloat16)]
    public void A_checked_pass_computes_what_an_unchecked_one_does_in_bfloat16() => CheckedAndUnchecked(Precision.BFloat16);

    private static void CheckedAndUnchecked(Precision precision)
    {
        Graph graph = Graph.Sequential("all", (3, 16, 16),
            [new Conv2d(32, 3, padding: 1), new BatchNorm2d(), new ReLU(), new Dropout(0.3f), new Conv2d(32, 3, padding: 1), new ReLU(),
            new MaxPool2d(2), new Conv2d(20, 3, stride: 2, padding: 1), new Sigmoid(), new Flatten(), new Dropout(0.2f), new Linear(10)]);
        float[][] plain = Results();
        using Checking checking = new();
        Assert.Equal(plain, Results());

        float[][] Results()
        {
            using Model model = new(graph, new() { Precision = precision }, 7, 1);
            float[] images = TestTensors.Narrow(TestTensors.Images(graph, 7)), logits = new float[70];
            double loss = model.ForwardBackward(images, TestTensors.Labels(graph, 7));
            model.Forward(images, logits);
            return [[(float)loss], logits,
                .. graph.Nodes.SelectMany(n => n.State.Select(p => ModelJudge.Parameter(model, $"{n.Name}.{p.Name}", p.Count))),
                .. graph.Nodes.SelectMany(n => n.Parameters.Select(p => ModelJudge.Gradient(model, $"{n.Name}.{p.Name}", p.Count)))];
        }
    }

    [Theory, MemberData(nameof(Sample))]
    public void Kernels_of_small_networks_pass(string name, int batch) => Check(name, batch, Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Sample))]
    public void Kernels_of_small_networks_pass_in_bfloat16(string name, int batch) => Check(name, batch, Precision.BFloat16);

    [Theory, Trait("Category", "Slow"), MemberData(nameof(Zoo))]
    public void Kernels_of_every_network_pass(string name, int batch) => Check(name, batch, Precision.Float32);

    [NeedsTheory(Feature.BFloat16), Trait("Category", "Slow"), MemberData(nameof(Zoo))]
    public void Kernels_of_every_network_pass_in_bfloat16(string name, int batch) => Check(name, batch, Precision.BFloat16);

    private static void Check(string name, int batch, Precision precision)
    {
        Graph graph = NetworkCatalog.Create(name);
        using Checking checking = new();
        foreach (bool exact in new[] { false, true })
        {
            using Model model = new(graph, new() { Precision = precision, Exact = exact }, batch, 1);
            float[] images = TestTensors.Narrow(TestTensors.Images(graph, batch)), logits = new float[batch * graph.Output.Channels];
            model.ForwardBackward(images, TestTensors.Labels(graph, batch));
            model.Forward(images, logits);
            Assert.All(logits, x => Assert.True(float.IsFinite(x)));
            foreach (Node node in graph.Nodes)
                foreach (ParameterSpec spec in node.State)
                    ModelJudge.Parameter(model, $"{node.Name}.{spec.Name}", spec.Count);
        }
    }

    private static void CheckReorder(Layout from, Layout to)
    {
        using NativeBuffer source = new(from.Bytes, "source"), target = new(to.Bytes, "target");
        using Kernel reorder = Library.Compile(new Reorder(from, to), "test");
        reorder.Bind(Argument.Source, from, source, 0);
        reorder.Bind(Argument.Target, to, target, 0);
        ThreadTeam.Invoke(() => KernelCheck.Run("test", "reorder",
            [new("Source", from, source.At(0, source.Bytes), Access.Read), new("Target", to, target.At(0, target.Bytes), Access.Write)],
            default, reorder.Execute));
    }

    private static void CheckStep(Plan plan, Step step) => ThreadTeam.Invoke(() =>
    {
        ThreadTeam.Resize(plan.Options.Threads);
        using NativeBuffer arena = new(plan.ArenaBytes, "a test");
        using ParameterStore store = new(plan.Parameters, training: true, () => arena);
        Binder binder = new(store, arena, new(seed: 1, plan.Options.BatchSize));
        using Runnable runnable = Runnables.Create(step, binder);
        StepCheck.Run(step, runnable, binder);
    });

    private delegate void Body(Span<float> source, Span<float> target, Span<float> scratch);

    private static string Failure(Body body, Layout? layout = null, bool inPlace = false) =>
        Assert.Throws<KernelCheckException>(() => Run(body, layout, inPlace)).Message;

    private static void Run(Body body, Layout? layout = null, bool inPlace = false)
    {
        layout ??= Layout.Plain(ElementType.Float32, 4, 6);
        int count = (int)(layout.Bytes / sizeof(float));
        using NativeBuffer source = new(layout.Bytes, "source"), target = new(layout.Bytes, "target"), scratch = new(64, "scratch");
        for (int i = 0; i < count; i++)
            source.Span<float>(0, count)[i] = target.Span<float>(0, count)[i] = i;
        CheckedTensor result = new("Target", layout, target.At(0, layout.Bytes), inPlace ? Access.ReadWrite : Access.Write);
        KernelCheck.Run("fc1 forward", "own (FaultyWork)", [new("Source", layout, source.At(0, layout.Bytes), Access.Read), result],
            new(scratch.At(0, 64), 64),
            () => body(source.Span<float>(0, count), target.Span<float>(0, count), scratch.Span<float>(0, 16)));
    }

    /// <summary>The switch, on for a while.</summary>
    private sealed class Checking : IDisposable
    {
        public Checking() => KernelCheck.IsOn = true;

        public void Dispose() => KernelCheck.IsOn = false;
    }
}
