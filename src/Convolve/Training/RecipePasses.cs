using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training.Batches;

namespace Convolve.Training;

/// <summary>The passes in which a recipe's batches are computed: whole, in parts or in shards.</summary>
internal static class RecipePasses
{
    /// <summary>Values that are kept for each weight in addition to its gradient.</summary>
    public static int StatesOf(Recipe recipe, int batch) =>
        recipe.Optimizer.States.Count + (MicroBatchSizeOf(recipe, batch) < batch && recipe.Shards == 1 ? 1 : 0)
        + (recipe.AverageDecay > 0 ? 1 : 0);

    /// <summary>The sizes of the passes of an epoch: of whole batches and of the last one, and of the last part of each.</summary>
    public static IReadOnlyList<int> PassSizes(Recipe recipe, int images)
    {
        int batch = Math.Clamp(images, 1, recipe.BatchSize), micro = MicroBatchSizeOf(recipe, batch), last = images % batch;
        if (recipe.Shards > 1)
            return [.. new[] { batch, last }.SelectMany(n => Enumerable.Range(0, recipe.Shards).Select(shard =>
                ShardedBatch.FirstOf(n, shard + 1, recipe.Shards) - ShardedBatch.FirstOf(n, shard, recipe.Shards)))
                .Where(size => size > 0).Distinct().OrderDescending()];
        return [.. new[] { micro, batch % micro, Math.Min(last, micro), last % micro }.Where(size => size > 0).Distinct()];
    }

    /// <summary>Images of one pass.</summary>
    public static int MicroBatchSizeOf(Recipe recipe, int batch) => recipe.Shards > 1 ? (batch + recipe.Shards - 1) / recipe.Shards
        : Math.Min(batch, recipe.MicroBatchSize ?? batch);

    /// <summary>Refuses batch normalization over one value; one such batch at the end of an epoch does no harm.</summary>
    /// <exception cref="RecipeException">A batch normalization would see one value per channel at a time.</exception>
    public static void RequireSeveralValues(Graph graph, Recipe recipe, int largestPass)
    {
        if (largestPass > 1 || graph.Nodes.FirstOrDefault(n => n.Layer is BatchNorm && n.Input.Elements == n.Input.Channels)
            is not { } node)
            return;
        string batch = recipe.Shards > 1 ? "The shards of a batch have" : recipe.MicroBatchSize == 1 ? "The parts of a batch have"
            : recipe.BatchSize == 1 ? "The batches have"
            : "The training split has";
        (string mend, Remedy remedy) = recipe.Shards > 1 ? ("fewer shards or larger batches", Remedy.Shards)
            : recipe.MicroBatchSize == 1 ? ("parts of 2 or more images", Remedy.MicroBatch)
            : recipe.BatchSize == 1 ? ("a batch size of 2 or more", Remedy.BatchSize) : ("more training images", Remedy.None);
        throw new RecipeException(
            $"{node.Layer} \"{node.Name}\" can't learn from one value per channel. {batch} 1 image, and a value that is normalized by " +
            $"itself is always 0: "
            + $"nothing before the layer would learn. Use {mend}, or a network without batch normalization.")
        { Remedy = remedy };
    }

    /// <summary>How a recipe's passes run.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="whole">The whole network, which decides the number format of its parts, too.</param>
    public static ExecutionOptions OptionsOf(Recipe recipe, Graph whole) => new()
    {
        Precision = recipe.ModelParallel > 1 ? Model.ChoosePrecision(whole, recipe.Precision).Precision : recipe.Precision,
        Exact = recipe.Exact,
        Threads = recipe.Threads,
        Shards = recipe.Shards,
        LabelSmoothing = recipe.LabelSmoothing,
    };
}
