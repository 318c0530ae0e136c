using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Profiling;

/// <summary>What a suggestion changes.</summary>
internal enum SuggestionKind
{
    BatchSize,
    Precision,
    Layer,
}

/// <summary>A change that should make a network faster on this machine.</summary>
/// <param name="Kind">What it changes.</param>
/// <param name="Words">Such as "batch size 256" or "fc1 with 2048 units".</param>
/// <param name="Graph">The network with it.</param>
/// <param name="Recipe">The recipe with it.</param>
/// <param name="Predicted">Images each second, by the ceilings, if each layer keeps its share of them.</param>
internal sealed record Suggestion(SuggestionKind Kind, string Words, Graph Graph, Recipe Recipe, double Predicted)
{
    private const int Shown = 3;
    private const double LeastGain = 1.03;

    /// <summary>The best three: the best of each kind first, if they promise anything, then others.</summary>
    public static IReadOnlyList<Suggestion> For(NetworkAnalysis analysis, Recipe recipe)
    {
        Suggestion[] all = [.. Candidates(analysis, recipe).Where(s => s.Predicted > LeastGain * analysis.ImagesPerSecond)
            .OrderByDescending(s => s.Predicted)];
        Suggestion[] firsts = [.. all.GroupBy(s => s.Kind).Select(group => group.First())];
        return [.. firsts.Concat(all.Except(firsts)).Take(Shown).OrderByDescending(s => s.Predicted)];
    }

    private static IEnumerable<Suggestion> Candidates(NetworkAnalysis analysis, Recipe recipe)
    {
        (Graph graph, PlanOptions options) = (analysis.Graph, analysis.Plan.Options);
        recipe = recipe with { Precision = options.Precision };
        foreach (int size in new[] { options.BatchSize / 2, options.BatchSize * 2, options.BatchSize * 4 }.Where(size => size > 0))
            if (Try(SuggestionKind.BatchSize, $"batch size {Format.Count(size)}", graph, recipe with { BatchSize = size }) is { } batch)
                yield return batch;
        Precision other = options.Precision == Precision.BFloat16 ? Precision.Float32 : Precision.BFloat16;
        if (Machine.HasNativeBFloat16
            && Try(SuggestionKind.Precision, other == Precision.BFloat16 ? "bfloat16" : "float32", graph,
                recipe with { Precision = other }) is { } precision)
            yield return precision;
        Node last = graph.Nodes.Last(node => node.Layer is WeightedLayer);
        foreach (Node node in graph.Nodes.Where(node => node != last && node.Layer is Conv2d or Linear)
            .OrderByDescending(node => SecondsOf(analysis, node.Name)).Where(node => node != last).Take(Shown))
        {
            (Layer layer, string words) = node.Layer switch
            {
                Conv2d conv when conv.Filters % (2 * conv.Groups) == 0 =>
                    ((Layer)conv.WithFilters(conv.Filters / 2), $"{conv.Filters / 2} filters instead of {conv.Filters}"),
                Linear { Units: > 1 } linear => (new Linear(linear.Units / 2, linear.HasBias) { Initialization = linear.Initialization },
                    $"{linear.Units / 2} units instead of {linear.Units}"),
                _ => (node.Layer, ""),
            };
            if (words.Length > 0 && Changed(graph, node.Name, layer) is { } changed
                && Try(SuggestionKind.Layer, $"{node.Name} with {words}", changed, recipe) is { } suggestion)
                yield return suggestion;
        }

        Suggestion? Try(SuggestionKind kind, string words, Graph changed, Recipe changedRecipe) =>
            Predict(analysis, changed, changedRecipe) is { } rate ? new(kind, words, changed, changedRecipe, rate) : null;
    }

    // Null where the layers no longer fit together.
    private static Graph? Changed(Graph graph, string name, Layer layer)
    {
        try
        {
            return graph.With(name, layer);
        }
        catch (NetworkException)
        {
            return null;
        }
    }

    /// <summary>Images each second if each layer reaches the share of its ceiling that it reaches now; null if it doesn't fit.</summary>
    internal static double? Predict(NetworkAnalysis analysis, Graph graph, Recipe recipe)
    {
        bool isTraining = analysis.Plan.Options.IsTraining;
        Plan plan = Model.PlanFor(graph, PassTimes.OptionsOf(recipe), recipe.BatchSize, isTraining);
        if (MemoryEstimate.Of([plan], isTraining ? RecipePasses.StatesOf(recipe, recipe.BatchSize) : 0).TotalBytes
            > (Machine.AvailableMemoryBytes ?? long.MaxValue))
            return null;
        Dictionary<(string, Phase), double> shares = analysis.Layers.Where(layer => layer.LeastSeconds > 0)
            .ToDictionary(layer => (layer.Layer, layer.Phase), layer => layer.Share);
        double usual = analysis.Layers.Sum(layer => layer.LeastSeconds) / analysis.Seconds;
        long update = isTraining ? NetworkAnalysis.UpdateBytes(graph, recipe) : 0;
        double seconds = NetworkAnalysis.Figures(plan, analysis.Ceilings, _ => 1, 1, update)
            .Sum(layer => layer.LeastSeconds / shares.GetValueOrDefault((layer.Layer, layer.Phase), usual));
        return recipe.BatchSize / seconds;
    }

    private static double SecondsOf(NetworkAnalysis analysis, string node) =>
        analysis.Layers.Where(layer => layer.Layer == node).Sum(layer => layer.Seconds);
}
