using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>
/// What happens to gradients between the pass and the update, against the formulas in float64: clipping, factors of layers, parts of
/// batches, averages.
/// </summary>
public class GradientTests
{
    private const int Batch = 6;
    private const float Rate = 0.1f;

    private static readonly Graph Network = Graph.Sequential("some", (3, 9, 9),
        [new Conv2d(7, 3), new BatchNorm2d(), new Tanh(), new Conv2d(20, 3), new Tanh(), new Flatten(), new Linear(33), new Tanh(),
        new Dropout(0.3f), new Linear(5)]);

    private static readonly Graph WithoutNorm = Graph.Sequential("plain", (3, 9, 9),
        [new Conv2d(7, 3), new Tanh(), new Conv2d(20, 3), new Tanh(), new Flatten(), new Linear(33), new Tanh(), new Dropout(0.3f),
        new Linear(5)]);

    [Theory]
    [InlineData(0.01f, null)]
    [InlineData(1000f, null)]
    [InlineData(null, 0.002f)]
    [InlineData(0.05f, 0.002f)]
    public void Clipping_is_that_of_the_formulas(float? norm, float? value)
    {
        using Model model = Create(Network);
        using Optimizer optimizer = new(model, new Sgd { LearningRate = Rate }, new(norm, value));
        Pass(model, 0);
        Dictionary<string, (double[] Before, float[] Gradient)> learned = Learned(model)
            .ToDictionary(n => n, n => (Compare.Widen(Read(model, n)), Gradient(model, n)));
        double length = Math.Sqrt(learned.Values.Sum(p => p.Gradient.Sum(g => (double)g * g)));
        optimizer.Step(Rate);
        double scale = norm is { } longest ? Math.Min(1, longest / (length + 1e-6)) : 1, limit = value ?? double.PositiveInfinity;
        foreach ((string name, (double[] before, float[] gradient)) in learned)
        {
            double[] expected = [.. before.Zip(gradient, (w, g) => w - Rate * Math.Clamp(g * scale, -limit, limit))];
            Assert.True(Compare.RelativeL2(Read(model, name), expected) < 1e-6, name);
        }
        if (norm is not null)
            Assert.Equal(length, optimizer.GradientNorm!.Value, 1e-5 * length);
        else
            Assert.Null(optimizer.GradientNorm);
    }

    [Fact]
    public void Frozen_layers_do_not_lengthen_the_gradient()
    {
        using Model model = Create(Network);
        using Optimizer optimizer = new(model, new Sgd { LearningRate = Rate }, new(Norm: 0.01f), LayerRates.Parse("conv*,fc1=0.5"));
        Pass(model, 0);
        string[] free = [.. Learned(model).Where(n => !n.StartsWith("conv", StringComparison.Ordinal))];
        double length = Math.Sqrt(free.Sum(n => Gradient(model, n).Sum(g => (double)g * g)));
        (double[] before, float[] gradient) = (Compare.Widen(Read(model, "fc2.weight")), Gradient(model, "fc2.weight"));
        optimizer.Step(Rate);
        Assert.Equal(length, optimizer.GradientNorm!.Value, 1e-5 * length);
        Assert.True(Compare.RelativeL2(Read(model, "fc2.weight"),
            [.. before.Zip(gradient, (w, g) => w - Rate * g * Math.Min(1, 0.01 / (length + 1e-6)))]) < 1e-6);
    }

    [Theory]
    [InlineData(0.9f)]
    [InlineData(0.2f)]
    public void The_mean_of_the_weights_warms_up(float decay)
    {
        using Model model = Create(Network);
        using Optimizer optimizer = new(model, new Sgd { LearningRate = Rate });
        using WeightAverage average = new(model, decay);
        Dictionary<string, double[]> expected = Learned(model).Append("bn1.running_mean").Append("bn1.running_var")
            .ToDictionary(n => n, n => Compare.Widen(Read(model, n)));
        for (int step = 1; step <= 5; step++)
        {
            Pass(model, 0);
            optimizer.Step(Rate);
            ThreadTeam.Invoke(() => average.Add(step));
            double stays = Math.Min(decay, (1.0 + step) / (10.0 + step));
            foreach (string name in expected.Keys.ToArray())
                expected[name] = [.. expected[name].Zip(Read(model, name), (mean, w) => stays * mean + (1 - stays) * w)];
        }
        Dictionary<string, float[]> last = expected.Keys.ToDictionary(n => n, n => Read(model, n));
        Dictionary<string, float[]> means = [];
        ThreadTeam.Invoke(() => means = average.With(() => expected.Keys.ToDictionary(n => n, n => Read(model, n))));
        foreach (string name in expected.Keys)
        {
            Assert.True(Compare.RelativeL2(means[name], expected[name]) < 1e-6, name);
            Assert.Equal(last[name], Read(model, name));
        }
    }

    [Fact]
    public void A_gradient_that_is_no_number_stays_none()
    {
        using Model model = Create(WithoutNorm);
        using Optimizer optimizer = new(model, new Sgd { LearningRate = Rate }, new(Value: 1));
        Pass(model, 0);
        ParameterSlot slot = model.Store.Plan.Slots[model.Store.Plan.IndexOf("fc2.bias")];
        model.Store.Gradients.Span<float>(slot.Offset, 5)[2] = float.NaN;
        optimizer.Step(Rate);
        Assert.Equal([false, false, true, false, false], Read(model, "fc2.bias").Select(float.IsNaN));
    }

    [Theory]
    [InlineData(0f, null)]
    [InlineData(-1f, null)]
    [InlineData(null, float.NaN)]
    [InlineData(null, float.PositiveInfinity)]
    public void A_limit_must_be_above_0(float? norm, float? value)
    {
        using Model model = Create(WithoutNorm);
        Assert.Matches("^The (norm|value) that gradients are clipped to must be above 0, such as 1, got .*.$",
            Assert.Throws<RecipeException>(() => new Optimizer(model, new Sgd { LearningRate = Rate }, new(norm, value))).Message);
    }

    [Fact]
    public void Factors_scale_the_rate_of_their_layers_and_0_leaves_them_alone()
    {
        using Model one = Create(Network), other = Create(Network);
        Sgd rule = new() { LearningRate = Rate, Momentum = 0.9f, WeightDecay = 0.1f, DecaysBiases = true };
        using Optimizer plain = new(one, rule), scaled = new(other, rule, rates: LayerRates.Parse("conv*,fc1=0.5,conv2=3"));
        foreach ((Model model, Optimizer optimizer) in new[] { (one, plain), (other, scaled) })
        {
            Pass(model, 0);
            optimizer.Step(Rate);
        }
        using Model fresh = Create(Network);
        foreach (string name in Learned(one))
        {
            double factor = name[..name.LastIndexOf('.')] switch { "conv1" => 0, "conv2" => 3, "fc1" => 0.5, _ => 1 };
            double[] first = Compare.Widen(Read(fresh, name)),
                expected = [.. first.Zip(Read(one, name), (f, after) => f + factor * (after - f))];
            Assert.True(Compare.RelativeL2(Read(other, name), expected) < 1e-6, name);
            Assert.Equal(factor == 0, Read(other, name).SequenceEqual(Read(fresh, name)));
        }
    }

    [Theory]
    [InlineData("none", "none")]
    [InlineData("conv*=0.1,fc2=10", "conv*=0.1,fc2=10")]
    [InlineData("conv1=0,conv2", "conv1,conv2")]
    public void Rates_are_written_as_they_are_read(string typed, string text)
    {
        LayerRates rates = LayerRates.Parse(typed);
        Assert.Equal(text, rates.ToString());
        Assert.Equal(rates, LayerRates.Parse(text));
    }

    [Fact]
    public void Wrong_rates_are_refused()
    {
        Assert.Equal("Expected NAME=FACTOR, such as conv*=0.1 or fc3=10, got \"fc1=x\".",
            Assert.Throws<RecipeException>(() => LayerRates.Parse("conv1,fc1=x")).Message);
        Assert.Throws<RecipeException>(() => LayerRates.Parse("fc1=-1"));
        Assert.Throws<RecipeException>(() => LayerRates.Parse("=1"));
        Assert.Equal("No trainable layer of some is called fc3. Did you mean fc1? Its trainable layers are conv1, bn1, conv2, fc1, fc2.",
            Assert.Throws<RecipeException>(() => LayerRates.Parse("fc3=2").For(Network)).Message);
        Assert.Equal("Every layer of some is frozen, so nothing would be learned. Leave at least the last one, fc2, trainable.",
            Assert.Throws<RecipeException>(() => LayerRates.Parse("*").For(Network)).Message);
        Assert.Equal(["conv1", "conv2"], LayerRates.Parse("conv*").FrozenIn(Network));
    }

    // Masks too: dropout is that of the whole batch.
    [Theory]
    [PrecisionData(Precision.Float32, 1e-6)]
    [PrecisionData(Precision.BFloat16, 2e-2)]
    public void The_gradients_of_parts_add_up_to_those_of_the_batch(Precision precision, double tolerance)
    {
        using Model whole = Create(WithoutNorm, precision), parts = Create(WithoutNorm, precision);
        Pass(whole, 7);
        using GradientSumKernel sum = new(parts.Store.Gradients, parts.Store.Plan.RangesOf(slot => slot.IsLearned));
        float[] images = TestTensors.Narrow(TestTensors.Images(WithoutNorm, Batch));
        int[] labels = TestTensors.Labels(WithoutNorm, Batch);
        int elements = (int)WithoutNorm.Input.Elements;
        foreach ((int first, int count) in new[] { (0, 2), (2, 3), (5, 1) })
        {
            ThreadTeam.Invoke(() =>
            {
                Executor pass = parts.Training(count);
                Fill(pass, images.AsSpan(first * elements, count * elements));
                labels.AsSpan(first, count).CopyTo(pass.Labels);
                pass.Run(7, first);
                sum.Add((float)count / Batch, first == 0, first == 5);
            });
        }
        foreach (string name in Learned(whole))
        {
            double error = Compare.RelativeL2(Gradient(parts, name), Compare.Widen(Gradient(whole, name)));
            Assert.True(error < tolerance, $"{name}: {error:e1}");
        }
        Assert.Equal(parts.Store.Plan.Bytes, sum.MemoryBytes);
    }

    [Fact]
    public void The_average_of_weights_is_that_of_the_formula_and_changes_places_with_them()
    {
        using Model model = Create(Network);
        using Optimizer optimizer = new(model, new Sgd { LearningRate = Rate });
        using NativeBuffer arena = new(model.Store.Plan.Bytes, "the average");
        using WeightAverageKernel average = new(model.Store.Weights, arena, model.Store.Plan.RangesOf(_ => true));
        Dictionary<string, double[]> expected = model.ParameterNames.ToDictionary(n => n, n => new double[Read(model, n).Length]);
        for (uint step = 0; step < 5; step++)
        {
            Pass(model, step);
            optimizer.Step(Rate);
            ThreadTeam.Invoke(() => average.Update(0.8f));
            foreach ((string name, double[] mean) in expected)
                foreach ((int i, float weight) in Read(model, name).Index())
                    mean[i] += (1 - 0.8f) * (weight - mean[i]);
        }
        Dictionary<string, float[]> weights = model.ParameterNames.ToDictionary(n => n, n => Read(model, n));
        float[] logits = Forward(model);
        ThreadTeam.Invoke(average.Exchange);
        foreach ((string name, double[] mean) in expected)
            Assert.True(Compare.RelativeL2(Read(model, name), mean) < 1e-6, name);
        Assert.NotEqual(logits, Forward(model));
        ThreadTeam.Invoke(average.Exchange);
        Assert.All(weights, w => Assert.Equal(w.Value, Read(model, w.Key)));
        Assert.Equal(logits, Forward(model));
    }

    private static Model Create(Graph graph, Precision precision = Precision.Float32) =>
        new(graph, new() { Precision = precision, Exact = true }, Batch, seed: 3);

    private static IEnumerable<string> Learned(Model model) => model.Store.Plan.Slots.Where(s => s.IsLearned).Select(s => s.Name);

    private static void Pass(Model model, uint step) =>
        model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(Network, Batch)), TestTensors.Labels(Network, Batch), step);

    private static float[] Forward(Model model)
    {
        float[] logits = new float[Batch * 5];
        model.Forward(TestTensors.Narrow(TestTensors.Images(Network, Batch)), logits);
        return logits;
    }

    private static void Fill(Executor pass, ReadOnlySpan<float> images)
    {
        if (pass.InputFloat32.Length > 0)
            images.CopyTo(pass.InputFloat32);
        for (int i = 0; i < pass.InputBFloat16.Length; i++)
            pass.InputBFloat16[i] = Kernels.Vectors.BFloat16.FromSingle(images[i]);
    }

    private static float[] Gradient(Model model, string name) => ModelJudge.Gradient(model, name, Read(model, name).Length);

    private static float[] Read(Model model, string name)
    {
        float[] values = new float[model.Store.Plan.Slots[model.Store.Plan.IndexOf(name)].Spec.Count];
        model.ReadParameter(name, values);
        return values;
    }
}
