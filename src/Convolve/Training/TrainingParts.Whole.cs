using System.Globalization;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Kernels.Memory;
using Convolve.Training.Batches;
using Convolve.Training.Division;

namespace Convolve.Training;

// What several processes share, and what files hold where each of them has a part of the network.
internal sealed partial class TrainingParts
{
    /// <summary>The whole network where each rank has a part of it; null where every process has all.</summary>
    public WholeNetwork? Whole { get; private set; }

    /// <summary>What the ranks agree on where each has a part of the network; null where every process has all.</summary>
    public RankAgreement? Agreement { get; }

    /// <summary>What this process wants after the next step.</summary>
    public StopWish Wish
    {
        set
        {
            if (Shards is not null)
                Shards.Wish = value;
            if (Agreement is not null)
                Agreement.Wish = value;
        }
    }

    /// <summary>What any process wanted at the last step.</summary>
    public StopWish Agreed => Shards?.Agreed ?? Agreement!.Agreed;

    /// <summary>How long each process has computed; none of a run without shards or parts.</summary>
    public IReadOnlyList<TimeSpan> RankTimes => Shards?.RankTimes ?? Agreement?.RankTimes ?? [];

    /// <summary>Bytes that this process has sent in steps, to other ranks.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Steps in which it did.</summary>
    public long SentSteps { get; private set; }

    /// <summary>What files hold the parameters of; on ranks that save nothing, the part.</summary>
    public Model KeptModel => Whole?.Model ?? Model;

    /// <summary>What files hold of the optimizer.</summary>
    public IEnumerable<(string Name, NativeBuffer Arena)> KeptStates => Whole?.Model is null ? Optimizer.States : Whole.States;

    /// <summary>What files hold of the mean of the weights; null where there is none.</summary>
    public NativeBuffer? KeptAverage => Whole?.Model is null ? Average?.Arena : Whole.Average;

    /// <summary>The mean of the weights begins with the weights that files have.</summary>
    public void BeginAverage()
    {
        Average?.Begin();
        Whole?.BeginAverage();
    }

    /// <summary>Takes the weights that the recipe starts from, if it names some.</summary>
    /// <exception cref="SafeTensorsException">They cannot be read.</exception>
    /// <exception cref="RecipeException">Nothing in them fits.</exception>
    public WeightTransfer? Start()
    {
        if (Recipe.StartFrom is not { } source)
            return null;
        WeightTransfer transfer = WeightTransfer.Take(KeptModel, source);
        BeginAverage();
        return transfer;
    }

    /// <summary>The same for a run that starts again.</summary>
    /// <exception cref="RecipeException">The weights are others now.</exception>
    public void StartAgain()
    {
        if (Recipe.StartFrom is { } source && Recipe.StartDigest is { } digest && WeightTransfer.DigestOf(source) != digest)
            throw new RecipeException(
                $"The run started from {source}, which now has other weights. Restore the original file, or start a new run.");
        Start();
    }

    /// <summary>Works with the weights that an epoch leaves: those of the running mean, where there is one.</summary>
    public void WithKeptWeights(Action work)
    {
        if (Whole?.Model is not null)
            Whole.WithKept(work);
        else if (Average is null)
            work();
        else
            Average.With(() =>
            {
                work();
                return true;
            });
    }

    /// <summary>What each process computes of a network.</summary>
    /// <exception cref="Layers.NetworkException">It can't be divided.</exception>
    public static Graph ComputedOf(Graph graph, Recipe recipe) => recipe.ModelParallel > 1
        ? NetworkParts.Of(NetworkParts.Whole(graph, recipe.ModelParallel), recipe.ModelParallel) : graph;

    private static void RequireRanks(Recipe recipe, IGradientExchange? exchange)
    {
        int ranks = exchange?.Ranks ?? 1;
        if (recipe.ModelParallel > 1 && ranks != recipe.ModelParallel)
            throw new RecipeException(string.Create(CultureInfo.InvariantCulture,
                $"The network is divided between {recipe.ModelParallel} processes, got {ranks}. Train in {recipe.ModelParallel} ") +
                "processes, each of which has a part of it.")
            { Remedy = Remedy.Ranks };
    }

    // All ranks together: counts what is sent, and agrees on what follows.
    private void CountSent(long before)
    {
        if (Exchange is null)
            return;
        SentBytes += Exchange.SentBytes - before;
        SentSteps++;
    }
}
