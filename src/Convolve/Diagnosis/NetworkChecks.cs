using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;
using static Convolve.Diagnosis.Finding;

namespace Convolve.Diagnosis;

/// <summary>What a network and its recipe show without running: one function for each check, of them alone.</summary>
internal static class NetworkChecks
{
    // Of a dropout that is no use to anybody; AlexNet has 0.5.
    private const double MostDropout = 0.9;

    // A layer with fewer values than a third of the classes.
    private const int ClassesPerValue = 3;

    // The share of the batches' statistics that running averages must have taken in by the end of a run.
    private const double LeastTakenIn = 0.7;
    private const int FewestNormalized = 3;

    // Of a layer's rate: random weights that learn so slowly may as well be frozen.
    private const float LeastFactor = 1e-5f;

    // A window of pooling, in pixels, that leaves more than one value: what is smaller than it is lost.
    private const int LargestWindow = 36;

    /// <summary>All findings of a network.</summary>
    /// <param name="graph">With the initialization of the recipe.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="updates">Of the whole run.</param>
    public static IEnumerable<Finding> All(Graph graph, Recipe recipe, long updates) => new[]
    {
        ConstantWeights(graph, recipe), OutputActivation(graph), InnerSoftmax(graph), FrozenLayers(graph, recipe), MissingActivation(graph),
        DoubleActivation(graph), TooMuchPooling(graph), SkippedPixels(graph), Bottleneck(graph), DropoutTooHigh(graph),
        BatchNormMomentum(graph, updates), BatchNormBatch(graph, recipe),
    }.OfType<Finding>();

    /// <summary>All units of a layer start alike, get the same gradients, and stay alike.</summary>
    public static Finding? ConstantWeights(Graph graph, Recipe recipe)
    {
        if (recipe.StartFrom is not null)
            return null;
        Node[] weighted = [.. graph.Nodes.Where(n => n.Layer is WeightedLayer)];
        string[] alike = [.. weighted.SkipLast(1).Where(n => n.Layer is WeightedLayer
            { Initialization.Weights: Constant or Normal { Deviation: 0 } }).Select(n => n.Name)];
        return alike.Length == 0 ? null : new(Fault.ConstantWeights,
            $"{Names(alike)} start{(alike.Length == 1 ? "s" : "")} with the same weight everywhere, so all units of a layer learn the same",
            $"{((WeightedLayer)graph.Nodes.First(n => n.Name == alike[0]).Layer).Initialization.Weights} in {alike.Length} of " +
            $"{weighted.Length} weighted layers; random weights expected",
            "@init kaiming-normal", "units that differ, and a loss that falls")
        { IsGrave = true };
    }

    /// <summary>The loss takes logits: what limits them limits what the network can say.</summary>
    public static Finding? OutputActivation(Graph graph)
    {
        Node last = graph.Nodes[^1];
        while (last.Layer is Softmax && last.Inputs.Count > 0)
            last = last.Inputs[0];
        string? why = last.Layer switch
        {
            ReLU => "logits are never negative, and those of a class may be 0 for all pictures",
            Sigmoid or Tanh => "logits stay within 1 of each other, so no class can get a high probability",
            Dropout { Probability: > 0 } => "training zeroes logits at random",
            Activation => "the loss takes logits as they are",
            BatchNorm => null,
            _ => null,
        };
        return why is null ? null : new(Fault.OutputActivation, $"{last.Name}, {last.Layer}, is applied to the logits: {why}",
            $"the last layer is {last.Layer}; a Linear (or a Softmax behind it) expected",
            $"remove {last.Name} from the network", "a loss that can come near 0")
        { IsGrave = true };
    }

    /// <summary>The loss has the one softmax that there should be.</summary>
    public static Finding? InnerSoftmax(Graph graph)
    {
        Node? inner = graph.Nodes.SkipLast(1).FirstOrDefault(n => n.Layer is Softmax);
        return inner is null ? null : new(Fault.InnerSoftmax,
            $"{inner.Name} is a softmax inside the network: its outputs add up to 1, and gradients through it are tiny",
            $"{graph.Nodes.Count(n => n.Layer is Softmax)} Softmax, {inner.Name} not as the last layer; at most one, at the end, expected",
            $"remove {inner.Name} from the network: the loss applies softmax itself", "faster learning, and a loss that can come near 0")
        { IsGrave = true };
    }

    /// <summary>Random weights that are never changed.</summary>
    public static Finding? FrozenLayers(Graph graph, Recipe recipe)
    {
        if (recipe.StartFrom is not null || recipe.LayerRates.FrozenIn(graph, LeastFactor) is not { Count: > 0 } frozen)
            return null;
        return new(Fault.FrozenLayers, $"{Names(frozen)} {(frozen.Count == 1 ? "is" : "are")} frozen, but {(frozen.Count == 1 ? "has" :
            "have")} random weights: nothing is learned there",
            $"{frozen.Count} of {graph.Nodes.Count(n => n.ParameterCount > 0)} layers with parameters are frozen, and @from isn't given",
            "remove @freeze or @lr-scale, or start from trained weights with @from RUN", "all layers learn")
        { IsGrave = true };
    }

    /// <summary>Two weighted layers in a row are one.</summary>
    public static Finding? MissingActivation(Graph graph)
    {
        List<(Node First, Node Second)> pairs = [];
        foreach (Node node in graph.Nodes)
        {
            if (node.Layer is not WeightedLayer second)
                continue;
            Node before = node.Inputs[0];
            while (before.Layer is Flatten or Dropout or BatchNorm or AvgPool2d or GlobalAvgPool or AdaptiveAvgPool2d)
                before = before.Inputs[0];
            if (before.Layer is WeightedLayer first && !AreFactors(first, second))
                pairs.Add((before, node));
        }
        return pairs.Count == 0 ? null : new(Fault.MissingActivation,
            $"no activation between {pairs[0].First.Name} and {pairs[0].Second.Name}" +
            $"{(pairs.Count > 1 ? Text($", and between {pairs.Count - 1} more pairs of layers") : "")}: together they are one linear layer",
            Text($"{pairs.Count} of {graph.Nodes.Count(n => n.Layer is WeightedLayer) - 1} pairs of weighted layers have nothing ") +
            "nonlinear between them; 0 expected",
            $"add ReLU() behind {pairs[0].First.Name}", "a network that can learn more than a linear one")
        { IsGrave = true };
    }

    /// <summary>The second of two activations gets what the first one leaves.</summary>
    public static Finding? DoubleActivation(Graph graph)
    {
        foreach (Node node in graph.Nodes)
        {
            if (node.Layer is not Activation)
                continue;
            Node before = node.Inputs[0];
            while (before.Layer is Flatten or Dropout)
                before = before.Inputs[0];
            if (before.Layer is Activation)
                return new(Fault.DoubleActivation, $"two activations in a row: {before.Name} and {node.Name}",
                    $"{node.Name}, {node.Layer}, takes the output of {before.Name}, {before.Layer}, with no layer of weights between them",
                    $"remove {before.Name} or {node.Name} from the network", "a gradient that passes one activation instead of two")
                { IsGrave = before.Layer is Sigmoid or Tanh || node.Layer is Sigmoid or Tanh };
        }
        return null;
    }

    /// <summary>Convolutions that see one place and padding, and windows that leave nothing of a shape.</summary>
    public static Finding? TooMuchPooling(Graph graph)
    {
        Node? wide = graph.Nodes.FirstOrDefault(n => n.Layer is MaxPool2d or AvgPool2d or MinPool2d && n.Output.Height * n.Output.Width > 1
            && n.Layer is Pool2d { Kernel: var window, Stride: var stride } && Math.Min(window.Height, stride.Height)
            * Math.Min(window.Width, stride.Width) >= LargestWindow);
        if (wide is { Layer: Pool2d pool })
            return new(Fault.TooMuchPooling, $"too much pooling: {wide.Name} makes one value of each {pool.Kernel} pixels",
                $"from {wide.Input.Height}x{wide.Input.Width} to {wide.Output.Height}x{wide.Output.Width} in one step; windows of 2x2 or " +
                "3x3 are usual",
                $"several smaller windows with convolutions between them in place of {wide.Name}", "shapes that can be told apart")
            { IsGrave = true };
        foreach (Node node in graph.Nodes)
        {
            if (node.Layer is not Conv2d { Kernel: { Height: > 1, Width: > 1 } kernel } || node.Input is not { Height: 1, Width: 1 })
                continue;
            if (graph.Input is { Height: 1, Width: 1 })
                return null;
            string[] shrinking = [.. graph.Nodes.Take(node.Index).Where(n => n.Layer is Pool2d && n.Output.Height < n.Input.Height)
                .Select(n => n.Name)];
            return new(Fault.TooMuchPooling, $"too much pooling: {node.Name} sees one pixel and padding",
                $"its {kernel} kernel runs on a map of 1x1, from {graph.Input.Height}x{graph.Input.Width} at the input; at least " +
                $"{kernel} expected",
                shrinking.Length > 0 ? $"remove one of {string.Join(", ", shrinking)} from the network" : "use smaller strides",
                $"{node.Name} sees shapes again")
            { IsGrave = true };
        }
        return null;
    }

    /// <summary>A stride larger than its window passes over pixels.</summary>
    public static Finding? SkippedPixels(Graph graph)
    {
        bool hasShortcuts = graph.Nodes.Any(n => n.Layer is Add);
        foreach (Node node in graph.Nodes)
        {
            (Size2 kernel, Size2 stride) = node.Layer switch
            {
                Conv2d c => ((c.Kernel.Height - 1) * c.Dilation.Height + 1 is var height
                    ? new Size2(height, (c.Kernel.Width - 1) * c.Dilation.Width + 1) : c.Kernel, c.Stride),
                Pool2d p => (p.Kernel, p.Stride),
                _ => (new Size2(1, 1), new Size2(1, 1)),
            };
            // A 1x1 convolution with a stride is the shortcut of a residual block, where there are any.
            if ((kernel.Height == 1 && kernel.Width == 1 && hasShortcuts)
                || (stride.Height <= kernel.Height && stride.Width <= kernel.Width))
                continue;
            double seen = (double)Math.Min(kernel.Height, stride.Height) * Math.Min(kernel.Width, stride.Width)
                / (stride.Height * stride.Width);
            return new(Fault.SkippedPixels, $"{node.Name} skips pixels: its stride is larger than its kernel",
                Text($"kernel {kernel}, stride {stride}: {Digits(100 * seen)} % of its input is ever looked at; 100 % expected"),
                $"give {node.Name} a stride of at most {kernel}", "all of the picture is used")
            { IsGrave = seen < 0.5 };
        }
        return null;
    }

    /// <summary>Fewer values than it takes to tell the classes apart.</summary>
    public static Finding? Bottleneck(Graph graph)
    {
        int classes = graph.Output.Channels;
        // Where a path leads around a layer, it's none.
        if (graph.Nodes.Any(n => n.Inputs.Count > 1))
            return null;
        Node? narrow = graph.Nodes.Skip(1).SkipLast(1).FirstOrDefault(n => n.Output.Elements * ClassesPerValue < classes
            && n.Layer is not Softmax);
        return narrow is null ? null : new(Fault.Bottleneck,
            $"{narrow.Name} leaves {narrow.Output.Elements} {(narrow.Output.Elements == 1 ? "value" : "values")} for {classes} classes",
            $"{narrow} has {narrow.Output.Elements} values for a picture; at least {(classes + ClassesPerValue - 1) / ClassesPerValue} " +
            "expected",
            $"make {narrow.Name} wider", "classes that can be told apart")
        { IsGrave = true };
    }

    /// <summary>So much dropout that nearly nothing gets through.</summary>
    public static Finding? DropoutTooHigh(Graph graph)
    {
        Node? node = graph.Nodes.FirstOrDefault(n => n.Layer is Dropout { Probability: var p }
            && (p >= MostDropout || (1 - p) * n.Output.Elements < 1));
        return node is null ? null : new(Fault.DropoutTooHigh, $"{node.Name} drops too much: {node.Layer}",
            Text($"it keeps {(1 - ((Dropout)node.Layer).Probability) * node.Output.Elements:0.#} of {node.Output.Elements} values in ") +
            Text($"training; a probability below {MostDropout} expected, 0.5 is usual"),
            "@net-option dropout=0.5, or 0.5 in the network", "features that get through in training");
    }

    /// <summary>Evaluation with averages that are still what they started with.</summary>
    public static Finding? BatchNormMomentum(Graph graph, long updates)
    {
        foreach (Node node in graph.Nodes)
        {
            if (node.Layer is not BatchNorm { Momentum: var momentum })
                continue;
            double takenIn = TakenIn(updates);
            // Where the fewest updates that train anything would do, there are too few of them, and the momentum isn't it.
            if (takenIn < LeastTakenIn && TakenIn(RecipeChecks.FewestUpdates) < LeastTakenIn)
                return new(Fault.BatchNormMomentum,
                    $"the running averages of {node.Name} hardly move, and evaluation uses them: momentum {Digits(momentum)}",
                    Text($"after {updates} updates they have taken in {Digits(100 * takenIn)} % of the batches; ") +
                    Text($"{100 * LeastTakenIn} % expected"),
                    "momentum 0.1 in the network (Keras's 0.99 is 0.01 here), or more updates: a smaller @batch-size, more @epochs",
                    "a validation accuracy that follows the training accuracy")
                { IsGrave = true };

            double TakenIn(long count) => 1 - Math.Pow(1 - momentum, count);
        }
        return null;
    }

    /// <summary>Statistics of one or two images.</summary>
    public static Finding? BatchNormBatch(Graph graph, Recipe recipe)
    {
        Node? node = graph.Nodes.FirstOrDefault(n => n.Layer is BatchNorm);
        return node is null || recipe.PassSize >= FewestNormalized ? null : new(Fault.BatchNormBatch,
            $"batch normalization over {recipe.PassSize} {(recipe.PassSize == 1 ? "image" : "images")}: {node.Name}",
            $"mean and variance are taken from {recipe.PassSize} at a time; 16 and more are usual",
            recipe.MicroBatchSize is not null ? "@micro-batch 32" : "@batch-size 32", "statistics that are those of the data")
        { IsGrave = true };
    }

    // Depthwise with 1x1, or a kernel in two directions: meant to be one after the other.
    private static bool AreFactors(WeightedLayer first, WeightedLayer second) => (first, second) is (Conv2d { Groups: > 1 }, _)
        or (_, Conv2d { Groups: > 1 }) || (first is Conv2d a && second is Conv2d b && a.Kernel.Height != a.Kernel.Width
        && b.Kernel.Height != b.Kernel.Width);

    private static string Names(IReadOnlyList<string> names) => names.Count <= 3 ? string.Join(", ", names)
        : Text($"{string.Join(", ", names.Take(2))} and {names.Count - 2} more layers");
}
