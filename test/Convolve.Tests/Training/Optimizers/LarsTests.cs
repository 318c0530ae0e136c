using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training.Optimizers;

/// <summary>
/// LARS against equation 6 and algorithm 1 of its paper in float64, over real gradients of a network whose weights lie plain, blocked and
/// padded.
/// </summary>
public class LarsTests
{
    private const int Steps = 20, Batch = 4;

    private static readonly Graph Network = Graph.Sequential("some", (3, 9, 9),
        [new Conv2d(7, 3), new BatchNorm2d(), new Tanh(), new Conv2d(20, 3), new Tanh(), new Flatten(), new Linear(33), new Tanh(),
        new Linear(5)]);

    public static TheoryData<string> Names => [.. Settings.Keys];

    private static Dictionary<string, (Lars Rule, GradientClipping? Clipping)> Settings { get; } = new()
    {
        ["paper"] = (new() { LearningRate = 5 }, null),
        ["without momentum or decay"] = (new() { LearningRate = 2, Momentum = 0, WeightDecay = 0, TrustCoefficient = 0.02f }, null),
        ["decay of all, large eps"] =
            (new() { LearningRate = 1, Momentum = 0.5f, WeightDecay = 0.05f, DecaysBiases = true, Eps = 0.1f }, null),
        ["clipped"] = (new() { LearningRate = 3, WeightDecay = 0.03f, Momentum = 0.8f }, new(Norm: 0.02f, Value: 0.003f)),
    };

    [Theory, MemberData(nameof(Names))]
    public void Twenty_steps_are_the_papers(string name) =>
        RequireFormulas(Settings[name].Rule, Settings[name].Clipping, Precision.Float32);

    [NeedsFact(Feature.BFloat16)]
    public void Master_weights_move_in_float32_where_the_kernels_run_in_bfloat16() =>
        RequireFormulas(Settings["paper"].Rule, null, Precision.BFloat16);

    [Fact]
    public void The_local_rate_is_that_of_equation_6()
    {
        Lars rule = new() { TrustCoefficient = 0.25f, Eps = 0.5f };
        Assert.Equal(0.25f, rule.LocalRate(weights: 4, gradients: 2.5, decay: 0.25)); // .25 * 4 / (2.5 + .25 * 4 + .5)
        Assert.Equal(0.5f, rule.LocalRate(weights: 4, gradients: 0, decay: 0.375)); // .25 * 4 / (.375 * 4 + .5)
        Assert.Equal(1, rule.LocalRate(weights: 0, gradients: 2.5, decay: 0.25));
        Assert.Equal(1, rule.LocalRate(weights: 4, gradients: 0, decay: 0));
    }

    // A step of a weight tensor is as long, however large its gradient is; that of a bias is not.
    [Fact]
    public void A_tenfold_gradient_moves_weights_as_far_and_biases_tenfold()
    {
        Lars rule = new() { WeightDecay = 0, Eps = 1e-30f };
        Dictionary<string, float[]> once = AfterSteps(rule, threads: 1, steps: 1, scale: 1),
            tenfold = AfterSteps(rule, threads: 1, steps: 1, scale: 10), before = AfterSteps(rule, threads: 1, steps: 0, scale: 1);
        foreach ((string name, float[] start) in before)
        {
            double factor = name is "conv1.weight" or "conv2.weight" or "fc1.weight" or "fc2.weight" ? 1 : 10;
            double[] expected = [.. start.Zip(once[name], (s, w) => s + factor * ((double)w - s))];
            Assert.True(Compare.RelativeL2(tenfold[name], expected) < 1e-5, name);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_number_of_threads_comes_to_the_same_bits(int threads)
    {
        Lars rule = Settings["clipped"].Rule;
        Dictionary<string, float[]> one = AfterSteps(rule, threads: 1, steps: 3, scale: 1);
        foreach ((string name, float[] values) in AfterSteps(rule, threads, steps: 3, scale: 1))
            Assert.True(values.AsSpan().SequenceEqual(one[name]), name);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using Model model = Create(Precision.Float32, threads: 2);
        using Optimizer optimizer = new(model, new Lars());
        long allocated = -1;
        ThreadTeam.Invoke(() =>
        {
            optimizer.Step(1);
            long before = GC.GetAllocatedBytesForCurrentThread();
            optimizer.Step(1);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Wrong_settings_are_refused()
    {
        using Model model = Create(Precision.Float32, 1);
        (Lars Settings, string Text)[] wrong =
        [
            (new() { LearningRate = 0 }, "The learning rate must be above 0, such as 0.01, got 0."),
            (new() { Momentum = 1 }, "The momentum must be at least 0 and below 1, such as 0.9, got 1."),
            (new() { TrustCoefficient = 0 }, "The trust coefficient must be above 0, such as 0.001, got 0."),
            (new() { Eps = 0 }, "The eps must be above 0, such as 1e-8, got 0."),
        ];
        foreach ((Lars settings, string text) in wrong)
            Assert.Equal(text, Assert.Throws<RecipeException>(() => new Optimizer(model, settings)).Message);
    }

    private static void RequireFormulas(Lars rule, GradientClipping? clipping, Precision precision)
    {
        using Model model = Create(precision, threads: 2);
        using Optimizer optimizer = new(model, rule, clipping);
        Assert.Equal(rule.Momentum == 0 ? 0 : model.Store.Plan.Bytes, optimizer.MemoryBytes);
        ParameterSlot[] learned = [.. model.Store.Plan.Slots.Where(slot => slot.IsLearned)];
        Dictionary<string, double[]> weights = learned.ToDictionary(s => s.Name, s => Compare.Widen(Read(model, s)));
        Dictionary<string, double[]> velocities = weights.ToDictionary(w => w.Key, w => new double[w.Value.Length]);
        for (uint step = 0; step < Steps; step++)
        {
            float rate = rule.LearningRate * (1 - step / 40f);
            model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(Network, Batch)), TestTensors.Labels(Network, Batch), step);
            Dictionary<string, double[]> gradients = learned.ToDictionary(s => s.Name,
                s => Compare.Widen(ModelJudge.Gradient(model, s.Name, s.Spec.Count)));
            Clip(gradients.Values, clipping);
            foreach (ParameterSlot slot in learned)
            {
                (double[] w, double[] v, double[] g) = (weights[slot.Name], velocities[slot.Name], gradients[slot.Name]);
                bool isWeight = slot.Spec.Role == ParameterRole.Weight;
                double decay = isWeight || rule.DecaysBiases ? rule.WeightDecay : 0;
                double local = isWeight ? rule.TrustCoefficient * Norm(w) / (Norm(g) + decay * Norm(w) + rule.Eps) : 1;
                for (int i = 0; i < w.Length; i++)
                {
                    v[i] = rule.Momentum * v[i] + rate * local * (g[i] + decay * w[i]);
                    w[i] -= v[i];
                }
            }
            optimizer.Step(rate);
        }
        foreach (ParameterSlot slot in learned)
        {
            double error = Compare.RelativeL2(Read(model, slot), weights[slot.Name]);
            Assert.True(error < 3e-6, $"{slot.Name}: relative error {error:e1}");
        }
    }

    private static void Clip(IEnumerable<double[]> gradients, GradientClipping? clipping)
    {
        double length = Math.Sqrt(gradients.Sum(g => Math.Pow(Norm(g), 2)));
        double scale = clipping?.Norm is { } longest ? Math.Min(1, longest / (length + 1e-6)) : 1,
            limit = clipping?.Value ?? double.PositiveInfinity;
        foreach (double[] gradient in gradients)
            for (int i = 0; i < gradient.Length; i++)
                gradient[i] = Math.Clamp(gradient[i] * scale, -limit, limit);
    }

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(v => v * v));

    // Gradients that no pass computed, which would depend on the threads.
    private static Dictionary<string, float[]> AfterSteps(Lars rule, int threads, int steps, float scale)
    {
        using Model model = Create(Precision.Float32, threads);
        using Optimizer optimizer = new(model, rule);
        ParameterSlot[] slots = [.. model.Store.Plan.Slots];
        for (int step = 0; step < steps; step++)
        {
            for (int i = 0; i < slots.Length; i++)
            {
                CounterRandom random = new((ulong)step, RandomPurpose.Test, (uint)i);
                ThreadTeam.Invoke(() => model.Store.Write(i, model.Store.Gradients, (_, values) =>
                {
                    foreach (ref float value in values)
                        value = scale * (random.NextSingle() - 0.4f);
                }));
            }
            optimizer.Step(rule.LearningRate);
        }
        return slots.Where(slot => slot.IsLearned).ToDictionary(slot => slot.Name, slot => Read(model, slot));
    }

    private static Model Create(Precision precision, int threads) =>
        new(Network, new() { Precision = precision, Exact = true, Threads = threads }, Batch, seed: 1);

    private static float[] Read(Model model, ParameterSlot slot) => ModelJudge.Parameter(model, slot.Name, slot.Spec.Count);
}
