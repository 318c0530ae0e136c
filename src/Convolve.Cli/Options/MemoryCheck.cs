using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Profiling;
using Convolve.Training;

namespace Convolve.Cli.Options;

/// <summary>Checks before anything is allocated whether the machine has enough memory.</summary>
internal static class MemoryCheck
{
    private const string BatchSize = "batch size";

    /// <summary>Refuses a training whose plans need more memory than there is.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="data">The images.</param>
    /// <param name="recipe">How it is trained.</param>
    /// <param name="with">What another batch size must be given with, such as " --override"; null where it cannot be another.</param>
    /// <param name="limit">The most bytes it may take; null for what the machine has.</param>
    /// <param name="ranks">Processes that share the batches.</param>
    /// <returns>The memory that it needs.</returns>
    /// <exception cref="UsageException">It does not fit; the message has the largest batch, and the largest part of a batch, that
    /// does.</exception>
    public static MemoryEstimate Require(Graph graph, DataSplits data, Recipe recipe, string? with = "", long? limit = null,
        int ranks = 1)
    {
        int batch = Math.Min(recipe.BatchSize, data.Train.Count);
        return recipe.MicroBatchSize is { } part && part < batch ? Require(graph, part, "micro-batch", InParts, null, with, limit)
            : Require(graph, batch, BatchSize, size => Of(graph, data, recipe, size, ranks), recipe.Shards > 1 ? null : InParts,
                with, limit);

        MemoryEstimate InParts(int size) => Trainer.Estimate(graph, data, recipe with { MicroBatchSize = size });
    }

    /// <summary>The recipe with its batch size, or where that doesn't fit, the largest power of two that does.</summary>
    /// <inheritdoc cref="Require(Graph, DataSplits, Recipe, string?, long?, int)" path="/param"/>
    /// <exception cref="UsageException">Not even one image fits.</exception>
    public static Recipe Fit(Graph graph, DataSplits data, Recipe recipe, long? limit)
    {
        BatchFit fit = new(graph, Math.Min(recipe.BatchSize, data.Train.Count),
            size => Of(graph, data, recipe, size), limit);
        if (fit.HasMemory && recipe.BatchSize <= fit.LargestCountable)
            return recipe;
        int fits = fit.HasMemory ? fit.LargestCountable : fit.Largest;
        if (fits == 0)
            Require(graph, data, recipe, limit: limit);
        return recipe with { BatchSize = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)fits / 2 + 1) };
    }

    private static MemoryEstimate Of(Graph graph, DataSplits data, Recipe recipe, int batchSize, int ranks = 1)
    {
        int shards = Math.Min(recipe.Shards, batchSize);
        return Trainer.Estimate(graph, data,
            recipe with { BatchSize = batchSize, Shards = shards, SyncBatchNorm = recipe.SyncBatchNorm && shards > 1 }, ranks);
    }

    /// <summary>Refuses a batch of an evaluation whose plan needs more memory than there is, or than a limit.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="size">Asked for.</param>
    /// <param name="what">What names the size, such as "max batch" for --max-batch.</param>
    /// <param name="estimate">The memory at a size.</param>
    /// <param name="limit">The most bytes it may take; null for what the machine has.</param>
    /// <exception cref="UsageException">It does not fit; the message has the largest size that does.</exception>
    public static MemoryEstimate Require(Graph graph, int size, string what, Func<int, MemoryEstimate> estimate, long? limit) =>
        Require(graph, size, what, estimate, null, "", limit);

    /// <summary>Refuses a batch size whose plans need more memory than there is.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="batchSize">Asked for.</param>
    /// <param name="estimate">The memory at a batch size, by its plans.</param>
    /// <returns>The memory at the batch size.</returns>
    /// <exception cref="UsageException">It does not fit; the message has the largest batch size that does.</exception>
    public static MemoryEstimate Require(Graph graph, int batchSize, Func<int, MemoryEstimate> estimate) =>
        Require(graph, batchSize, BatchSize, estimate, null);

    /// <summary>Such as "weights 0.2 MiB, gradients 0.2 MiB, activations 14.0 MiB".</summary>
    public static string Words(MemoryEstimate memory) => string.Join(", ", new (string Name, long Bytes)[]
    {
        ("weights", memory.WeightBytes), ("gradients", memory.GradientBytes), ("optimizer", memory.OptimizerBytes),
        ("weight copies", memory.CopyBytes), ("activations", memory.ActivationBytes),
        ("pictures", memory.PictureBytes), ("exchange", memory.ExchangeBytes), ("whole network", memory.WholeBytes),
    }.Where(p => p.Bytes > 0).Select(p => $"{p.Name} {Format.Bytes(p.Bytes)}"));

    /// <summary>Such as "grows by about 76.1 MiB: plan 14.2 MiB, loader 0.3 MiB, runtime 60.0 MiB".</summary>
    /// <param name="budget">Of a run.</param>
    /// <param name="isOwn">Whether it runs in this process, so that what that has now is told, too.</param>
    public static string Words(MemoryBudget budget, bool isOwn = true) => $"grows by about {Format.Bytes(budget.GrowthBytes)}: " +
        string.Join(", ", new (string Name, long Bytes)[]
        {
            ("plan", budget.PlanBytes), ("loader", budget.LoaderBytes), ("evaluation", budget.EvaluationBytes),
            ("runtime", budget.RuntimeBytes),
        }.Where(p => p.Bytes > 0).Select(p => $"{p.Name} {Format.Bytes(p.Bytes)}")) +
        (isOwn ? $"; with the {Format.Bytes(budget.ProcessBytes)} that it has now, {Format.Bytes(budget.TotalBytes)}" : "");

    /// <summary>For machines.</summary>
    public static JsonObject Json(MemoryBudget budget) => new()
    {
        ["plan_bytes"] = budget.PlanBytes,
        ["loader_bytes"] = budget.LoaderBytes,
        ["evaluation_bytes"] = budget.EvaluationBytes,
        ["runtime_bytes"] = budget.RuntimeBytes,
        ["process_bytes"] = budget.ProcessBytes,
        ["growth_bytes"] = budget.GrowthBytes,
        ["total_bytes"] = budget.TotalBytes,
    };

    private static MemoryEstimate Require(Graph graph, int size, string what, Func<int, MemoryEstimate> estimate, Func<int,
        MemoryEstimate>? inParts, string? with = "", long? limit = null)
    {
        string option = $"--{what.Replace(' ', '-')}";
        BatchFit fit = new(graph, size, estimate, limit);
        (int most, MemoryEstimate needed) = (fit.LargestCountable, fit.Needed);
        if (fit.HasMemory)
            return size <= most ? needed
                : throw new UsageException(
                $"{graph.Name} at {what} {size} has tensors of more than {int.MaxValue} elements. The largest {what} is {most}: " +
                $"{option} {most}{with}.");
        string takes =
            $"{graph.Name} at {what} {size} needs {(size > most ? "more than " : "")}{Format.Bytes(needed.TotalBytes)} of memory " +
            $"({Words(needed)}), but only {Format.Bytes(fit.AvailableBytes)} is " +
            $"{(fit.IsLimited ? "allowed (--memory-limit)" : "available")}.";
        if (with is null)
            throw new UsageException($"{takes} Close other programs, or use a machine with more memory.");
        int fits = fit.Largest, part = inParts is null ? 0 : fit.LargestOf(inParts);
        string mend = fits > 0
            ? $"The largest {what} that fits is {fits}: {option} " +
            $"{fits}{with}{(part > 0 ? $"; or compute each batch in parts: --micro-batch {part}{with}" : "")}."
            : fit.IsLimited ? "Not even one image at a time fits: raise the limit, or use a smaller network."
            : "Not even one image at a time fits: close other programs, or use a smaller network.";
        throw new UsageException($"{takes} {mend}");
    }
}
