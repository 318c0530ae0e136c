using System.Globalization;
using Convolve.Files;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>Says before the first step whether the disk has room for what a run writes.</summary>
internal static class DiskCheck
{
    /// <summary>Refuses a run that the disk has no room for.</summary>
    /// <param name="folder">The run folder, which need not be there yet.</param>
    /// <param name="parts">The run.</param>
    /// <param name="options">Its checkpoints.</param>
    /// <exception cref="RecipeException">There is too little; the message says what is needed, what is free, and the ways out.</exception>
    public static void Require(string folder, TrainingParts parts, RunFolderOptions options) =>
        Require(folder, DiskSpace.AvailableBytes(Path.GetFullPath(folder)), Checkpoint.ModelBytesOf(parts),
            options.HasCheckpoints ? Checkpoint.BytesOf(parts) : 0);

    /// <inheritdoc cref="Require(string, TrainingParts, RunFolderOptions)"/>
    internal static void Require(string folder, long? available, long model, long checkpoint)
    {
        // A file stays until the one that replaces it is whole.
        long without = 2 * model, needed = checkpoint > 0 ? (CheckpointFolder.Kept + 1) * checkpoint + model : without;
        if (available is not { } free || free + BytesThere(folder) >= needed)
            return;
        string what = checkpoint > 0
            ? $"{CheckpointFolder.Kept} checkpoints of {Mebibytes(checkpoint)}, one more while it is written, and the best weights of " +
            $"{Mebibytes(model)}"
            : $"the best weights of {Mebibytes(model)}, twice while they are written";
        string wayOut = checkpoint > 0 ? $", or don't save checkpoints, which takes {Mebibytes(without)}" : "";
        throw new RecipeException($"The run needs {Mebibytes(needed)} on the disk of {folder}: {what}; only {Mebibytes(free)} is free. "
            + $"Free some space{(checkpoint > 0 ? "," : " or")} choose another folder{wayOut}.")
        { Remedy = checkpoint > 0 ? Remedy.OutputOrCheckpoints : Remedy.Output };
    }

    // What a resumed run has written already.
    private static long BytesThere(string folder)
    {
        IEnumerable<string> files =
            new CheckpointFolder(Path.Combine(folder, RunFolder.CheckpointsFolder)).Files.Append(Path.Combine(folder, RunFolder.ModelFile));
        return files.Select(file => new FileInfo(file)).Where(file => file.Exists).Sum(file => file.Length);
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:F1} MiB");
}
