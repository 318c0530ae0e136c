using System.Globalization;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training.Optimizers;

namespace Convolve.Mpi.Probe;

/// <summary>A part of a network on each rank, beside the whole one, which every rank computes as well.</summary>
internal sealed class Parts(MpiExchange exchange, Action<string> say)
{
    private const int Batch = 6, Steps = 5;

    /// <summary>The structure of alexnet-2012, small.</summary>
    private static Graph Network(int parts) => Graph.Sequential("small-2012", (3, 19, 19),
    [
        new Conv2d(48, 5, stride: 2), new ReLU(), new LocalResponseNorm(5, alpha: 0.1f), new MaxPool2d(3, stride: 2, padding: 1),
        new Conv2d(16, 3, padding: 1, groups: parts), new ReLU(), new LocalResponseNorm(5, alpha: 0.1f),
        new Conv2d(24, 3, padding: 1), new ReLU(),
        new Conv2d(24, 3, padding: 1, groups: parts, bias: false), new BatchNorm2d(), new ReLU(), new MaxPool2d(2),
        new Flatten(),
        new Dropout(), new Linear(32), new ReLU(),
        new Dropout(), new Linear(40), new ReLU(),
        new Linear(8),
    ]);

    /// <summary>Trains both for some steps from the same weights, and says how far they are apart.</summary>
    public void Train()
    {
        Graph graph = NetworkParts.Whole(Network(exchange.Ranks), exchange.Ranks);
        ExecutionOptions options = new() { Precision = Precision.Float32, Threads = 1 };
        using Model whole = new(graph, options, Batch, seed: 5);
        using Model part = new(NetworkParts.Of(graph, exchange.Ranks), options with { Exchange = exchange }, Batch, seed: 5);
        foreach (string name in part.ParameterNames)
            part.WriteParameter(name, Slice(Read(whole, name)));
        using Optimizer wholes = new(whole, new Sgd { Momentum = 0.9f, WeightDecay = 0.001f });
        using Optimizer parts = new(part, new Sgd { Momentum = 0.9f, WeightDecay = 0.001f });
        double worstLoss = 0, gradients = 0;
        for (uint step = 0; step < Steps; step++)
        {
            (float[] images, int[] labels) = Images(step, graph.Input);
            double expected = whole.ForwardBackward(images, labels, step), actual = part.ForwardBackward(images, labels, step);
            worstLoss = Math.Max(worstLoss, Math.Abs(actual - expected) / expected);
            if (step == 0)
                gradients = Distance(whole, part, gradients: true);
            wholes.Step(0.02f);
            parts.Step(0.02f);
        }
        (float[] seen, _) = Images(Steps, graph.Input);
        float[] logits = new float[Batch * graph.Output.Channels], others = new float[logits.Length];
        whole.Forward(seen, logits);
        part.Forward(seen, others);
        say(string.Create(CultureInfo.InvariantCulture,
            $"{gradients:E1} {worstLoss:E1} {Distance(whole, part, gradients: false):E1} {Distance(logits, others):E1}"));
    }

    // Of the parameter that is farthest.
    private double Distance(Model whole, Model part, bool gradients) => part.ParameterNames
        .Where(name => !gradients || !name.Contains("running", StringComparison.Ordinal))
        .Max(name => Distance(Slice(Read(whole, name, gradients)), Read(part, name, gradients)));

    private static double Distance(float[] expected, float[] actual)
    {
        double norm = Math.Sqrt(expected.Sum(x => (double)x * x));
        return Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2))) / norm;
    }

    private float[] Slice(float[] whole) => whole[(whole.Length / exchange.Ranks * exchange.Rank)..][..(whole.Length / exchange.Ranks)];

    private static float[] Read(Model model, string name, bool gradient = false)
    {
        float[] values = new float[model.Store.Plan.Slots[model.Store.Plan.IndexOf(name)].Spec.Count];
        if (gradient)
            model.ReadGradient(name, values);
        else
            model.ReadParameter(name, values);
        return values;
    }

    private static (float[] Images, int[] Labels) Images(uint step, Shape shape)
    {
        CounterRandom random = new(3, RandomPurpose.Test, step, 0);
        float[] images = new float[Batch * shape.Elements];
        for (int i = 0; i < images.Length; i++)
            images[i] = random.NextSingle() - 0.5f;
        return (images, [.. Enumerable.Range(0, Batch).Select(_ => random.NextInt32(8))]);
    }
}
