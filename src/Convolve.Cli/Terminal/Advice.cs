using Convolve.Data;

namespace Convolve.Cli.Terminal;

/// <summary>The options behind a message of the library, which doesn't know what the command line calls them.</summary>
internal static class Advice
{
    /// <summary>A message with the options that fix it, if there are any.</summary>
    public static string Message(Exception exception) => RemedyOf(exception) switch
    {
        Remedy.Output => $"{exception.Message} See --out.",
        Remedy.OutputOrCheckpoints => $"{exception.Message} See --out and --no-checkpoint.",
        Remedy.DataDirectory => $"{exception.Message} See --data-dir.",
        Remedy.SkipBad => $"{exception.Message} See --skip-bad.",
        Remedy.Split => $"{exception.Message} See --split.",
        Remedy.BatchSize => $"{exception.Message} See --batch-size.",
        Remedy.MicroBatch => $"{exception.Message} See --micro-batch.",
        Remedy.Shards => $"{exception.Message} See --shards.",
        Remedy.Ranks => $"{exception.Message} See --ranks.",
        Remedy.SyncBatchNorm => $"{exception.Message} See --sync-batch-norm.",
        Remedy.ClassWeights => $"{exception.Message} See --class-weights.",
        _ => exception.Message,
    };

    /// <summary>Reads the data set that a run names, and says which option names its new place if it has moved.</summary>
    /// <param name="read">What reads it.</param>
    /// <param name="options">Such as "--data folder:PATH".</param>
    /// <exception cref="DatasetException">The data cannot be read.</exception>
    public static T IfMoved<T>(Func<T> read, string options)
    {
        try
        {
            return read();
        }
        catch (DatasetException e) when (e.Remedy == Remedy.MovedData)
        {
            throw new DatasetException($"{e.Message} If the pictures have moved, pass their new folder: {options}.", e);
        }
    }

    private static Remedy RemedyOf(Exception exception) =>
        exception is RecipeException recipe ? recipe.Remedy : exception is DatasetException data ? data.Remedy : Remedy.None;
}
