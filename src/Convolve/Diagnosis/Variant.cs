using Convolve.Data.Inputs;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;
using Convolve.Training.Optimizers;
using static Convolve.Diagnosis.Finding;

namespace Convolve.Diagnosis;

/// <summary>One change to a network or recipe that a trial can show to be what was wrong.</summary>
/// <param name="Fault">What it would be.</param>
/// <param name="Graph">The network with the change.</param>
/// <param name="Recipe">The recipe with the change.</param>
/// <param name="Setting">What is unusual, in words.</param>
/// <param name="Try">The options that make the change.</param>
/// <param name="IsUnusual">Whether the setting is far from what is usual; else the change is only tried where a network doesn't
/// learn.</param>
internal sealed record Variant(Fault Fault, Graph Graph, Recipe Recipe, string Setting, string Try, bool IsUnusual)
{
    // Rates as plain SGD has them: rate / (1 - momentum). Adam's steps don't depend on the gradient, and LARS's are a share of the
    // weights' length.
    private const double MostShare = 1, LeastShare = 0.002, UsualShare = 0.05;
    private const double MostRate = 2.5, LeastRate = 0.004, UsualRate = 0.1, MostAdamRate = 0.008, LeastAdamRate = 2e-5,
        UsualAdamRate = 1e-3;
    private const float MostMomentum = 0.97f, MostDropout = 0.6f, LeastClip = 0.02f, MostSmoothing = 0.4f, MostEps = 1e-3f;
    private const float MostDecay = 0.003f, MostDecoupled = 0.15f, LeastFactor = 0.01f, MostBias = 0.75f, MostClassRatio = 20;
    private const int FewestSaturating = 2;

    /// <summary>All changes that are worth a trial, the more unusual setting first.</summary>
    /// <param name="graph">The network with its own initialization.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="image">The size of the pictures; null where it varies.</param>
    public static IReadOnlyList<Variant> All(Graph graph, Recipe recipe, Data.ImageSize? image)
    {
        List<Variant> all = [];
        AddOptimizer(all, graph, recipe);
        AddStart(all, graph, recipe);
        AddRegularization(all, graph, recipe, image);
        AddRates(all, graph, recipe);
        AddActivations(all, graph, recipe);
        return [.. all.OrderByDescending(v => v.IsUnusual)];
    }

    private static void AddOptimizer(List<Variant> all, Graph graph, Recipe recipe)
    {
        OptimizerSettings rule = recipe.Optimizer;
        if (rule is Sgd { Momentum: > MostMomentum } sgd)
            Add(Fault.MomentumTooHigh, sgd with { Momentum = 0.9f },
                Text($"momentum {sgd.Momentum}"), "@momentum 0.9", true);
        if (rule is Lars { Momentum: > MostMomentum } lars)
            Add(Fault.MomentumTooHigh, lars with { Momentum = 0.9f },
                Text($"momentum {lars.Momentum}"), "@momentum 0.9", true);
        if (rule is Adam { Beta1: > MostMomentum } adam)
            Add(Fault.MomentumTooHigh, adam with { Beta1 = 0.9f }, Text($"beta1 {adam.Beta1}"), "@beta1 0.9", true);
        if (rule is AdamW { Beta1: > MostMomentum } adamW)
            Add(Fault.MomentumTooHigh, adamW with { Beta1 = 0.9f }, Text($"beta1 {adamW.Beta1}"), "@beta1 0.9", true);
        float? eps = rule switch { Adam a => a.Eps, AdamW a => a.Eps, RmsProp r => r.Eps, _ => null };
        if (eps > MostEps)
            Add(Fault.EpsilonTooLarge, rule switch
            {
                Adam a => a with { Eps = 1e-8f },
                AdamW a => a with { Eps = 1e-8f },
                RmsProp r => r with { Eps = 1e-8f },
                _ => rule,
            }, Text($"eps {eps}"), "@eps 1e-8", true);
        (float most, float usual) = rule is AdamW ? (MostDecoupled, 0.01f) : (MostDecay, 5e-4f);
        if (rule.WeightDecay > usual)
            Add(Fault.WeightDecayTooHigh, rule with { WeightDecay = usual }, Text($"weight decay {rule.WeightDecay}"),
                Text($"@weight-decay {usual}"), rule.WeightDecay > most);

        void Add(Fault fault, OptimizerSettings changed, string setting, string flags, bool isUnusual) =>
            all.Add(new(fault, graph, recipe with { Optimizer = changed }, setting, flags, isUnusual));
    }

    // How weights start, and what comes in.
    private static void AddStart(List<Variant> all, Graph graph, Recipe recipe)
    {
        if (recipe.StartFrom is null)
        {
            Graph started = recipe.Initialization is { } name ? graph.WithInitialization(name) : graph;
            Initialization[] starts = [.. started.Nodes.Select(n => n.Layer).OfType<WeightedLayer>().Select(l => l.Initialization)];
            float bias = starts.Select(s => s.Biases is Constant c ? Math.Abs(c.Value) : 0).DefaultIfEmpty().Max();
            bool isPlain = starts.Any(s => s.Weights is Normal or Constant);
            Recipe own = recipe with { Initialization = null };
            if (bias > 0)
                all.Add(new(Fault.BiasStart, started.WithInitializations(n => ((WeightedLayer)n.Layer).Initialization with
                { Biases = new Constant(0) }), own, Text($"biases that start at {starts.First(s => s.Biases is Constant c
                && Math.Abs(c.Value) == bias).Biases}"), "@init kaiming-normal, or biases constant(0) in the network",
                    bias > MostBias));
            if (isPlain)
                all.Add(new(Fault.WeightScale, started.WithInitialization(Initialization.Default), own,
                    $"weights that start as {string.Join(" and ", starts.Select(s => $"{s.Weights}").Distinct().Take(2))}",
                    "@init kaiming-normal", true));
        }
        if (recipe.Normalization != Normalization.TrainingSplit)
            all.Add(new(Fault.InputScale, graph, recipe with { Normalization = Normalization.TrainingSplit },
                "pixels that aren't normalized", "@normalization training-split", false));
    }

    private static void AddRegularization(List<Variant> all, Graph graph, Recipe recipe, Data.ImageSize? image)
    {
        float dropout = graph.Nodes.Select(n => n.Layer is Dropout d ? d.Probability : 0).Max();
        if (dropout > 0)
            all.Add(new(Fault.DropoutTooHigh, graph.WithoutDropout(), recipe, Text($"dropout of {dropout}"),
                "@net-option dropout=0.3, or less dropout in the network", dropout >= MostDropout));
        if (recipe.Transforms.IsRandom)
            all.Add(new(Fault.AugmentationTooStrong, graph, recipe with { Transforms = recipe.Transforms.Evaluation(image) },
                $"@augment {recipe.Transforms}", "@augment none, or weaker transforms", true));
        if (recipe.LabelSmoothing > 0)
            all.Add(new(Fault.SmoothingTooHigh, graph, recipe with { LabelSmoothing = 0.1f },
                Text($"label smoothing {recipe.LabelSmoothing}"), "@label-smoothing 0.1", recipe.LabelSmoothing > MostSmoothing));
        if (recipe.Clipping is { Norm: < LeastClip } or { Value: < LeastClip / 10 })
            all.Add(new(Fault.ClippedTooShort, graph, recipe with { Clipping = new(1) },
                recipe.Clipping.Norm is { } norm ? Text($"gradients clipped to norm {norm}")
                : Text($"gradients clipped to {recipe.Clipping.Value}"), "@clip-norm 1", true));
        if (!recipe.ClassWeights.IsNone && recipe.ClassWeights.ToString() != "balanced")
            all.Add(new(Fault.ClassWeightsTooUneven, graph, recipe with { ClassWeights = ClassWeights.None },
                $"class weights {recipe.ClassWeights}", "@class-weights balanced, or none", true));
        if (!recipe.LayerRates.IsNone && recipe.StartFrom is null)
            all.Add(new(Fault.LayerRateTooLow, graph, recipe with { LayerRates = LayerRates.None }, $"layer rates {recipe.LayerRates}",
                "remove @lr-scale", true));
    }

    private static void AddRates(List<Variant> all, Graph graph, Recipe recipe)
    {
        OptimizerSettings rule = recipe.Optimizer;
        double rate = EffectiveRate(recipe);
        (double least, double usual, double most) = rule switch
        {
            Sgd => (LeastRate, UsualRate, MostRate),
            Lars => (LeastShare, UsualShare, MostShare),
            _ => (LeastAdamRate, UsualAdamRate, MostAdamRate),
        };
        foreach (double factor in (double[])[0.1, 0.01, 0.001])
            if (rate * factor >= usual / 300)
                Add(Fault.RateTooHigh, factor, rate > most);
        foreach (double factor in (double[])[10, 100, 1000, 10000])
            if (rate * factor <= usual * 10)
                Add(Fault.RateTooLow, factor, rate < least);
        if (rate * 10000 < usual)
            Add(Fault.RateTooLow, usual / rate, true);

        void Add(Fault fault, double factor, bool isUnusual)
        {
            float changed = (float)double.Parse(Digits(rule.LearningRate * factor), System.Globalization.CultureInfo.InvariantCulture);
            all.Add(new(fault, graph, recipe with { Optimizer = rule with { LearningRate = changed } },
                Text($"{rule.LearningRate}"), Text($"@lr {changed}"), isUnusual));
        }
    }

    private static void AddActivations(List<Variant> all, Graph graph, Recipe recipe)
    {
        int saturating = graph.Nodes.Count(n => n.Layer is Sigmoid or Tanh);
        if (saturating >= FewestSaturating)
            all.Add(new(Fault.VanishingGradient, graph.WithLayers(n => n.Layer is Sigmoid or Tanh ? new ReLU() : n.Layer),
                recipe, Text($"{saturating} saturating activations"), "ReLU() in place of Sigmoid() and Tanh() in the network", false));
        if (!graph.Nodes.Any(n => n.Layer is Add) || graph.Nodes.Any(n => n.Layer is BatchNorm))
            return;
        // Blocks that begin as nothing but their shortcut, as normalization with a scale of 0 would make them.
        HashSet<Node> added = [.. graph.Nodes.Where(n => n.Layer is Add).SelectMany(n => n.Inputs)];
        Graph quiet = graph.WithLayers(n => added.Contains(n) && n.Layer is Conv2d conv
            ? conv with { Initialization = conv.Initialization with { Weights = new Normal(1e-3f) } } : n.Layer);
        all.Add(new(Fault.ExplodingActivations, quiet, recipe, "sums of residual blocks without normalization",
            "BatchNorm2d() behind the convolutions", false));
    }

    /// <summary>
    /// The peak rate as plain SGD would have it; Adam's own; of LARS, the share of the weights' length that steps in one direction come to.
    /// </summary>
    public static double EffectiveRate(Recipe recipe) => recipe.PeakLearningRate * recipe.Optimizer switch
    {
        Sgd s => 1 / (1 - (double)s.Momentum),
        RmsProp r => 1 / (1 - (double)r.Momentum),
        Lars l => l.TrustCoefficient / (1 - (double)l.Momentum),
        _ => 1,
    };
}
