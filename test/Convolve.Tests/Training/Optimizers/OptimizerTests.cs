using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training.Optimizers;

/// <summary>
/// The optimizer against the formulas in float64, over real gradients of a network whose weights lie plain, blocked and padded.
/// </summary>
public class OptimizerTests
{
    private const int Steps = 20, Batch = 4;

    private static readonly Graph Network = Graph.Sequential("some", (3, 9, 9),
        [new Conv2d(7, 3), new Tanh(), new Conv2d(20, 3, groups: 1), new Tanh(), new Flatten(), new Linear(33), new Tanh(), new Linear(5)]);

    public static TheoryData<string> Names => [.. Settings.Keys];

    private static Dictionary<string, Sgd> Settings { get; } = new()
    {
        ["plain"] = new() { LearningRate = 0.1f },
        ["momentum"] = new() { LearningRate = 0.05f, Momentum = 0.9f },
        ["nesterov"] = new() { LearningRate = 0.05f, Momentum = 0.8f, Nesterov = true },
        ["decay of weights"] = new() { LearningRate = 0.1f, WeightDecay = 0.05f },
        ["decay of all"] = new() { LearningRate = 0.1f, WeightDecay = 0.05f, DecaysBiases = true },
        ["momentum and decay"] = new() { LearningRate = 0.05f, Momentum = 0.9f, WeightDecay = 0.03f },
        ["nesterov and decay of all"] = new()
        {
            LearningRate = 0.05f,
            Momentum = 0.9f,
            Nesterov = true,
            WeightDecay = 0.03f,
            DecaysBiases = true
        },
    };

    [Theory, MemberData(nameof(Names))]
    public void Twenty_steps_are_those_of_the_formulas(string name) => RequireFormulas(Settings[name], Precision.Float32);

    [NeedsFact(Feature.BFloat16)]
    public void Master_weights_move_in_float32_where_the_kernels_run_in_bfloat16() =>
        RequireFormulas(Settings["nesterov and decay of all"], Precision.BFloat16);

    [Fact]
    public void Settings_differ_in_what_they_do()
    {
        string[] results = [.. Settings.Values.Select(settings =>
        {
            using Model model = Create(Precision.Float32);
            using Optimizer optimizer = new(model, settings);
            for (uint step = 0; step < 3; step++)
                Step(model, optimizer, settings.LearningRate, step);
            return string.Join(" ", Read(model, "fc1.bias"));
        })];
        Assert.Distinct(results);
    }

    [Fact]
    public void Memory_is_that_of_the_velocities()
    {
        using Model model = Create(Precision.Float32);
        using Optimizer plain = new(model, Settings["plain"]), momentum = new(model, Settings["momentum"]);
        Assert.Equal(0, plain.MemoryBytes);
        Assert.Equal(model.Store.Plan.Bytes, momentum.MemoryBytes);
    }

    [Theory, PrecisionData(Precision.Float32), PrecisionData(Precision.BFloat16)]
    public void A_step_shows_in_the_next_pass_of_every_plan(Precision precision)
    {
        using Model model = Create(precision);
        using Optimizer optimizer = new(model, Settings["plain"]);
        float[] images = TestTensors.Narrow(TestTensors.Images(Network, Batch)), before = new float[Batch * 5],
            after = new float[Batch * 5];
        model.Forward(images, before);
        Step(model, optimizer, 0.1f, 0);
        model.Forward(images, after);
        using Model other = Create(precision);
        foreach (string name in model.ParameterNames)
            other.WriteParameter(name, Read(model, name));
        float[] expected = new float[Batch * 5];
        other.Forward(images, expected);
        Assert.NotEqual(before, after);
        Assert.Equal(expected, after);
    }

    public static TheoryData<int> GoldenCases => [.. Enumerable.Range(0, OptimizerGolden.Cases.Length)];

    // The loop over the arenas is judged by the formulas above; here it runs over one bias.
    [Theory, MemberData(nameof(GoldenCases))]
    public void Twenty_steps_are_PyTorchs(int number)
    {
        (OptimizerSettings settings, double[][] expected) = OptimizerGolden.Cases[number];
        Graph graph = Graph.Sequential("bias", (1, 1, 1), [new Flatten(), new Linear(16)]);
        using Model model = new(graph, new() { Precision = Precision.Float32 }, 1);
        using Optimizer optimizer = new(model, settings);
        ParameterSlot slot = model.Store.Plan.Slots[model.Store.Plan.IndexOf("fc1.bias")];
        model.WriteParameter("fc1.bias", [.. Enumerable.Range(0, 16).Select(i => (float)Math.Cos(0.9 * i))]);
        for (int step = 1, kept = 0; step <= 20; step++)
        {
            Span<float> gradient = model.Store.Gradients.Span<float>(slot.Offset, 16);
            for (int i = 0; i < 16; i++)
                gradient[i] = (float)(Math.Sin(0.7 * i + 1.3 * step) * (0.02 + 0.05 * (i % 5)) + 0.01 * (i - 8));
            optimizer.Step(settings.LearningRate);
            if (step is not (1 or 5 or 20))
                continue;
            double error = Compare.RelativeL2(Read(model, "fc1.bias"), expected[kept++]);
            Assert.True(error < 1e-6, $"{settings}, step {step}: relative error {error:e1}");
        }
        Assert.Equal(20, optimizer.Steps);
    }

    [Theory]
    [PrecisionData(Precision.Float32, 0, "adam")]
    [PrecisionData(Precision.Float32, 1, "adamw")]
    [PrecisionData(Precision.Float32, 2, "rmsprop")]
    [PrecisionData(Precision.BFloat16, 0, "adam")]
    [PrecisionData(Precision.BFloat16, 1, "adamw")]
    [PrecisionData(Precision.BFloat16, 2, "rmsprop")]
    public void Other_rules_move_every_weight_and_keep_as_much_as_they_say(Precision precision, int rule, string name)
    {
        OptimizerSettings settings = rule switch
        {
            0 => new Adam(),
            1 => new AdamW(),
            _ => new RmsProp { Momentum = 0.5f, Centered = true }
        };
        using Model model = Create(precision);
        using Optimizer optimizer = new(model, settings);
        Assert.Equal(settings.States.Count * model.Store.Plan.Bytes, optimizer.MemoryBytes);
        Dictionary<string, float[]> before = model.ParameterNames.ToDictionary(n => n, n => Read(model, n));
        double first = model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(Network, Batch)), TestTensors.Labels(Network, Batch)),
            last = first;
        for (uint step = 0; step < 40; step++)
        {
            Step(model, optimizer, 0.002f, step);
            last = model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(Network, Batch)), TestTensors.Labels(Network, Batch));
        }
        Assert.True(last < first / 2, $"{name}: the loss went from {first} to {last}");
        Assert.All(before, p => Assert.DoesNotContain(p.Value.Zip(Read(model, p.Key)), pair => pair.First == pair.Second));
    }

    [Fact]
    public void Label_smoothing_is_PyTorchs()
    {
        Graph graph = Graph.Sequential("logits", (15, 1, 1), [new Flatten(), new Linear(5)]);
        foreach ((float smoothing, double[] losses, double[] gradient) in OptimizerGolden.Smoothed)
        {
            using Model model = new(graph, new() { Precision = Precision.Float32, LabelSmoothing = smoothing }, 3);
            // Three images, each of which picks five weights: the logits are the weights, and the weights' gradients those of the logits.
            float[] images = new float[45], weights = new float[75];
            for (int n = 0; n < 3; n++)
                for (int k = 0; k < 5; k++)
                {
                    images[n * 15 + n] = 1;
                    weights[k * 15 + n] = (float)(Math.Sin(1.1 * (5 * n + k)) * 3);
                }
            model.WriteParameter("fc1.weight", weights);
            model.WriteParameter("fc1.bias", new float[5]);
            Assert.Equal(losses.Average(), model.ForwardBackward(images, [0, 3, 4]), 1e-6);
            float[] found = ModelJudge.Gradient(model, "fc1.weight", 75);
            for (int n = 0; n < 3; n++)
                for (int k = 0; k < 5; k++)
                    Assert.Equal(gradient[n * 5 + k], found[k * 15 + n], 1e-6);
        }
    }

    [Fact]
    public void Wrong_settings_are_refused()
    {
        using Model model = Create(Precision.Float32);
        (OptimizerSettings Settings, string Text)[] wrong =
        [
            (new Sgd { LearningRate = 0 }, "The learning rate must be above 0, such as 0.01, got 0."),
            (new Sgd { LearningRate = float.NaN }, "The learning rate must be above 0, such as 0.01, got NaN."),
            (new Sgd { LearningRate = float.PositiveInfinity }, "The learning rate must be above 0, such as 0.01, got Infinity."),
            (new Sgd { Momentum = 1 }, "The momentum must be at least 0 and below 1, such as 0.9, got 1."),
            (new Sgd { Momentum = -0.5f }, "The momentum must be at least 0 and below 1, such as 0.9, got -0.5."),
            (new Sgd { WeightDecay = -1 }, "The weight decay must be at least 0, such as 0.0005, got -1."),
            (new Sgd { WeightDecay = float.NaN }, "The weight decay must be at least 0, such as 0.0005, got NaN."),
            (new Sgd { Nesterov = true }, "Nesterov needs a momentum above 0, such as 0.9."),
            (new Adam { Beta1 = 1 }, "The beta1 must be at least 0 and below 1, such as 0.9, got 1."),
            (new AdamW { Eps = 0 }, "The eps must be above 0, such as 1e-8, got 0."),
            (new RmsProp { Alpha = -1 }, "The alpha must be at least 0 and below 1, such as 0.99, got -1."),
        ];
        foreach ((OptimizerSettings settings, string text) in wrong)
            Assert.Equal(text, Assert.Throws<RecipeException>(() => new Optimizer(model, settings)).Message);
    }

    private static void RequireFormulas(Sgd settings, Precision precision)
    {
        using Model model = Create(precision);
        using Optimizer optimizer = new(model, settings);
        Dictionary<string, double[]> weights = model.ParameterNames.ToDictionary(n => n, n => Compare.Widen(Read(model, n)));
        Dictionary<string, double[]> velocities = weights.ToDictionary(w => w.Key, w => new double[w.Value.Length]);
        for (uint step = 0; step < Steps; step++)
        {
            float rate = settings.LearningRate * (1 - step / 40f);
            Step(model, optimizer, rate, step, (name, gradient) =>
            {
                (double[] w, double[] v) = (weights[name], velocities[name]);
                double decay = model.Store.Plan.Slots[model.Store.Plan.IndexOf(name)].Spec.Role == ParameterRole.Weight
                    || settings.DecaysBiases ? settings.WeightDecay : 0;
                for (int i = 0; i < w.Length; i++)
                {
                    double g = gradient[i] + decay * w[i];
                    v[i] = settings.Momentum * v[i] + g;
                    w[i] -= rate * (settings.Nesterov ? g + settings.Momentum * v[i] : v[i]);
                }
            });
        }
        foreach ((string name, double[] expected) in weights)
        {
            double error = Compare.RelativeL2(Read(model, name), expected);
            Assert.True(error < 2e-6, $"{name}: relative error {error:e1}");
        }
    }

    private static Model Create(Precision precision) => new(Network, new() { Precision = precision, Exact = true }, Batch, seed: 1);

    private static void Step(Model model, Optimizer optimizer, float rate, uint step, Action<string, float[]>? see = null)
    {
        model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(Network, Batch)), TestTensors.Labels(Network, Batch), step);
        foreach (ParameterSlot slot in see is null ? [] : model.Store.Plan.Slots)
            see!(slot.Name, ModelJudge.Gradient(model, slot.Name, slot.Spec.Count));
        optimizer.Step(rate);
    }

    private static float[] Read(Model model, string name)
    {
        float[] values = new float[model.Store.Plan.Slots[model.Store.Plan.IndexOf(name)].Spec.Count];
        model.ReadParameter(name, values);
        return values;
    }
}
