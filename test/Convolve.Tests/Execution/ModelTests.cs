using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Execution;

/// <summary>What a model says to wrong use, and what becomes of it when it is disposed.</summary>
public sealed class ModelTests : IDisposable
{
    private static readonly Graph Network = Zoo.LeNet5.Create();
    private readonly Model _model = new(Network, new() { Precision = Precision.Float32 }, 4);
    private readonly Model _evaluator = new(Network, new() { Precision = Precision.Float32 });

    public void Dispose()
    {
        _model.Dispose();
        _evaluator.Dispose();
    }

    [Fact]
    public void Wrong_arguments_are_refused_in_words()
    {
        float[] images = new float[4 * 784], logits = new float[40];
        (Action Action, string Text)[] wrong =
        [
            (() => _model.Forward(new float[100], logits),
            "Expected a multiple of 784 values, one image of 1x28x28, got 100. (Parameter 'images')"),
            (() => _model.Forward([], logits),
            "Expected a multiple of 784 values, one image of 1x28x28, got 0. (Parameter 'images')"),
            (() => _model.Forward(images, new float[39]), "4 images give 40 logits, but there is room for 39. (Parameter 'result')"),
            (() => _model.ForwardBackward(new float[785], [0]),
            "Expected a multiple of 784 values, one image of 1x28x28, got 785. (Parameter 'images')"),
            (() => _model.ForwardBackward(images, [0, 1, 2]), "4 images need 4 labels, got 3. (Parameter 'labels')"),
            (() => _model.ForwardBackward(images, [0, 1, 2, 10]), "Label 10 is not one of the 10 classes 0 to 9. (Parameter 'labels')"),
            (() => _model.ForwardBackward(images, [0, 1, 2, -1]), "Label -1 is not one of the 10 classes 0 to 9. (Parameter 'labels')"),
            (() => _model.WriteParameter("fc1.bias", new float[3]), "fc1.bias has 120 values, got 3."),
            (() => _model.ReadParameter("fc1.bias", new float[121]), "fc1.bias has 120 values, got 121."),
            (() => _model.ReadParameter("fc4.bias", new float[1]),
            "Unknown parameter \"fc4.bias\". The parameters are conv1.weight, conv1.bias, conv2.weight, conv2.bias, "
                + "fc1.weight, fc1.bias, fc2.weight, fc2.bias, fc3.weight, fc3.bias. (Parameter 'name')"),
        ];
        foreach ((Action action, string text) in wrong)
            Assert.Equal(text, Assert.Throws<ArgumentException>(action).Message);
    }

    [Fact]
    public void Batches_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.ForwardBackward(new float[5 * 784], new int[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Training(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Training(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Evaluation(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Model(Network, trainingBatchSize: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Model(Network, new() { Threads = -1 }));
    }

    [Fact]
    public void A_model_for_evaluation_does_not_train()
    {
        const string Text = "The model was created for evaluation only: give it a training batch size.";
        Assert.Equal(Text, Assert.Throws<InvalidOperationException>(() => _evaluator.ForwardBackward(new float[784], [0])).Message);
        Assert.Equal(Text, Assert.Throws<InvalidOperationException>(() => _evaluator.Training(1)).Message);
        Assert.Equal(Text, Assert.Throws<InvalidOperationException>(() => _evaluator.ReadGradient("fc1.bias", new float[120])).Message);
        Assert.Equal(Text, Assert.Throws<InvalidOperationException>(() => new Optimizer(_evaluator, new Sgd())).Message);
    }

    [Fact]
    public void A_pass_runs_on_the_executor_thread_only() =>
        Assert.Equal("Kernels run on the executor thread: call through ThreadTeam.Invoke.",
            Assert.Throws<InvalidOperationException>(() => _model.Evaluation(2).Run()).Message);

    [Fact]
    public void A_disposed_model_is_refused_everywhere()
    {
        Model model = new(Network, new() { Precision = Precision.Float32 }, 4);
        Optimizer optimizer = new(model, new Sgd());
        Executor training = model.Training(4), evaluation = model.Evaluation(4);
        model.Dispose();
        model.Dispose();
        Action[] uses =
        [
            () => model.Forward(new float[784], new float[10]), () => model.ForwardBackward(new float[784], [0]), () => model.Evaluation(4),
            () => model.Training(4),
            () => model.ReadParameter("fc1.bias", new float[120]), () => model.WriteParameter("fc1.bias", new float[120]),
            () => model.ReadGradient("fc1.bias", new float[120]),
            () => ThreadTeam.Invoke(() => training.Run()), () => ThreadTeam.Invoke(() => evaluation.Run()),
            () => _ = training.Logits.Length, () => _ = training.InputFloat32.Length,
            () => optimizer.Step(0.1f),
        ];
        Assert.All(uses, use => Assert.Throws<ObjectDisposedException>(use));
        optimizer.Dispose();
    }

    // A larger pass needs a larger arena, which grows at its place: who holds a pass, or a window on its input, holds something that works.
    [Fact]
    public unsafe void A_pass_from_before_the_arena_grew_works_as_before()
    {
        float[] images = TestTensors.Narrow(TestTensors.Images(Network, 2)), expected = new float[20];
        _evaluator.Forward(images, expected);
        Executor small = _evaluator.Evaluation(2);
        Span<float> window = small.InputFloat32;
        long before = _evaluator.MemoryBytes;
        Executor large = _evaluator.Evaluation(4096);
        Assert.True(_evaluator.MemoryBytes > before);
        ThreadTeam.Invoke(() => large.Run());
        images.CopyTo(window);
        ThreadTeam.Invoke(() => small.Run());
        Assert.Equal(expected, small.Output.ToArray());
        fixed (float* old = window, now = small.InputFloat32)
            Assert.True(old == now);
    }

    [Fact]
    public void The_passes_that_are_kept_are_few_and_one_that_was_let_go_comes_back()
    {
        float[] images = TestTensors.Narrow(TestTensors.Images(Network, 2)), expected = new float[20];
        _model.Forward(images, expected);
        Executor held = _model.Evaluation(2), training = _model.Training(4);
        for (int batch = 3; batch < 40; batch++)
            _model.Evaluation(batch);
        Assert.False(held.IsBound);
        Assert.True(training.IsBound);
        Assert.Equal(ExecutorCache.MostOfAKind + 1, _model.PassCount);
        ThreadTeam.Invoke(() =>
        {
            images.CopyTo(held.InputFloat32);
            held.Run();
            Assert.Equal(expected, held.Output.ToArray());
        });
        Assert.Equal(ExecutorCache.MostOfAKind + 1, _model.PassCount);
        Assert.Same(held, _model.Evaluation(2));
        held.Dispose();
        held.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ThreadTeam.Invoke(() => held.Run()));
        float[] again = new float[20];
        _model.Forward(images, again); // by another one
        Assert.Equal(expected, again);
    }

    // A pass of one image is planned for one thread; who asks for the team afterwards, asks for the run's.
    [Fact]
    public void A_small_pass_leaves_the_team_as_large_as_it_was()
    {
        using Model model = new(Network, new() { Precision = Precision.Float32, Threads = 2 }, 64);
        model.ForwardBackward(new float[64 * 784], new int[64]);
        Assert.Equal(1, model.Evaluation(1).Plan.Options.Threads);
        Assert.Equal(2, Machine.Threads);
        model.Invoke(() => model.Evaluation(1).Run());
        Assert.Equal(2, Machine.Threads);
        model.Forward(new float[784], new float[10]);
        Assert.Equal(2, Machine.Threads);
        using Model alone = new(Network, new() { Precision = Precision.Float32, Threads = 1 }, 64);
        Assert.Equal(1, Machine.Threads);
    }

    [Fact]
    public void Memory_is_the_sum_of_what_the_buffers_take()
    {
        Graph graph = Networks.SmallAlexNet;
        using Model model = new(graph, new() { Precision = Features.HasNativeBFloat16 ? Precision.BFloat16 : Precision.Float32 }, 16);
        Plan training = model.Training(16).Plan, evaluation = model.Evaluation(40).Plan;
        long copies = training.WeightCopies.Concat(evaluation.WeightCopies).Select(c => (c.Storage.Parameter, c.Layout)).Distinct()
            .Sum(c => c.Layout.Bytes);
        Assert.Equal(2 * training.Parameters.Bytes + copies + Math.Max(training.ArenaBytes, evaluation.ArenaBytes), model.MemoryBytes);
    }

    [Fact]
    public void Precision_is_decided_by_cpu_and_size()
    {
        using Model small = new(Network), large = new(Zoo.AlexNet.D2L(input: (1, 67, 67)));
        Assert.Equal(Precision.Float32, small.Precision);
        Assert.Equal(Machine.HasNativeBFloat16 ? "faster than bfloat16 for a network this small"
            : KernelLibrary.Current is ManagedKernels ? "own kernels compute in float32" : "the CPU has no native bfloat16",
            small.PrecisionReason);
        Assert.Equal(Machine.HasNativeBFloat16 ? Precision.BFloat16 : Precision.Float32, large.Precision);
        Assert.Equal("as requested", _model.PrecisionReason);
        if (!Machine.HasNativeBFloat16)
            Assert.Throws<NetworkException>(() => new Model(Network, new() { Precision = Precision.BFloat16 }));
    }

    [NeedsFact(Feature.Linux)]
    public void Models_that_come_and_go_leave_nothing()
    {
        for (int i = 0; i < 10; i++)
            Cycle();
        long before = Machine.ProcessMemory.Resident;
        for (int i = 0; i < 40; i++)
            Cycle();
        Assert.True(Machine.ProcessMemory.Resident - before < 60 << 20,
            $"40 models left {(Machine.ProcessMemory.Resident - before) >> 20} MiB");

        static void Cycle()
        {
            using Model model = new(Network, new() { Precision = Precision.Float32 }, 256);
            model.ForwardBackward(new float[256 * 784], new int[256]);
        }
    }
}
