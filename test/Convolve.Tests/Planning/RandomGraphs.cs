using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;

namespace Convolve.Tests.Planning;

/// <summary>Networks that branch and join at random; the same seed gives the same network everywhere.</summary>
internal sealed class RandomGraphs
{
    private readonly List<(GraphBuilder.Handle Handle, Shape Shape)> _nodes = [];
    private readonly HashSet<int> _used = [];
    private readonly GraphBuilder _net;
    private readonly bool _hasDropout;
    private CounterRandom _random;

    private RandomGraphs(int seed, bool hasDropout)
    {
        (_random, _hasDropout) = (new(7, RandomPurpose.Test, (uint)seed), hasDropout);
        Shape input = (Pick(1, 2, 3, 5, 16), Next(5, 12), Next(5, 12));
        _net = new($"random {seed}", input);
        _nodes.Add((_net.Input, input));
    }

    /// <summary>A network of convolutions, pools, activations, Add, Concat, Flatten, Linear, and Dropout where it is wanted.</summary>
    public static Graph Create(int seed, bool hasDropout = true) => new RandomGraphs(seed, hasDropout).Create();

    private Graph Create()
    {
        int count = Next(4, 10);
        for (int i = 0; i < count; i++)
            AddImageLayer();
        List<int> ends = [.. Enumerable.Range(0, _nodes.Count).Where(i => !_used.Contains(i))];
        int units = Pick(4, 7, 16, 20);
        bool joinsByAdding = Next(0, 1) == 0 && ends.Count > 1;
        List<int> vectors = [];
        foreach (int end in ends)
        {
            int vector = Add(new Flatten(), end);
            if (joinsByAdding || Next(0, 1) == 0)
                vector = Add(new Linear(units, bias: Next(0, 3) > 0), vector);
            if (Next(0, 1) == 0)
                vector = Add(Activation(), vector);
            if (_hasDropout && Next(0, 2) == 0)
                vector = Add(Dropout(), vector);
            vectors.Add(vector);
        }
        int last = vectors.Count == 1 ? vectors[0] : Add(joinsByAdding ? new Add() : new Concat(), [.. vectors]);
        if (Next(0, 2) == 0)
            last = Add(Activation(), Add(new Linear(9), last));
        if (Next(0, 5) > 0 || _nodes[last].Shape.Channels < 2 || _used.Count == 0)
            last = Add(new Linear(5), last);
        return _net.Build(_nodes[last].Handle);
    }

    private void AddImageLayer()
    {
        // Mostly the newest nodes, so that networks grow deep, and sometimes an old one, so that they branch.
        int input = Next(0, 2) > 0 ? _nodes.Count - 1 : Next(0, _nodes.Count - 1);
        Shape shape = _nodes[input].Shape;
        int smaller = Math.Min(shape.Height, shape.Width);
        switch (Next(0, _hasDropout ? 9 : 8))
        {
            case 0 or 1 or 2:
                int groups = shape.Channels % 2 == 0 && Next(0, 3) == 0 ? 2 : 1, kernel = Pick(1, 3, 3, 5),
                    filters = groups * Pick(2, 3, 4, 8, 16);
                Add(new Conv2d(filters, kernel, stride: smaller > 5 ? Pick(1, 1, 2) : 1, padding: kernel / 2, groups: groups,
                    bias: Next(0, 3) > 0), input);
                break;
            case 3:
                Add(smaller >= 4 ? new MaxPool2d(Pick(2, 3), stride: 2) : new MaxPool2d(3, stride: 1, padding: 1), input);
                break;
            case 4:
                Add(smaller >= 4 ? new AvgPool2d(2) : new AvgPool2d(3, stride: 1, padding: 1, countPadding: Next(0, 1) == 0), input);
                break;
            case 5 or 6:
                Add(Activation(), input);
                break;
            case 7:
                int[] alike = [.. Enumerable.Range(0, _nodes.Count).Where(i => _nodes[i].Shape == shape)];
                Add(new Add(), input, alike[Next(0, alike.Length - 1)]);
                break;
            case 8:
                int[] asLarge = [.. Enumerable.Range(0, _nodes.Count)
                    .Where(i => _nodes[i].Shape.Height == shape.Height && _nodes[i].Shape.Width == shape.Width)];
                Add(new Concat(), input, asLarge[Next(0, asLarge.Length - 1)]);
                break;
            default:
                Add(Dropout(), input);
                break;
        }
    }

    private Activation Activation() => Next(0, 5) switch
    {
        0 => new Tanh(),
        1 => new Sigmoid(),
        2 => new LeakyReLU(0.1f),
        3 => new PReLU(perChannel: Next(0, 1) == 0),
        _ => new ReLU(),
    };

    private Dropout Dropout() => new(Next(0, 3) == 0 ? 0 : 0.4f);

    private int Add(Layer layer, params ReadOnlySpan<int> inputs)
    {
        GraphBuilder.Handle[] handles = new GraphBuilder.Handle[inputs.Length];
        Shape[] shapes = new Shape[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            (handles[i], shapes[i]) = _nodes[inputs[i]];
            _used.Add(inputs[i]);
        }
        _nodes.Add((_net.Add(layer, handles), layer is MergeLayer merge ? merge.Infer(shapes) : layer.Infer(shapes[0])));
        return _nodes.Count - 1;
    }

    private int Next(int from, int to) => from + _random.NextInt32(to - from + 1);

    private int Pick(params ReadOnlySpan<int> values) => values[_random.NextInt32(values.Length)];
}
