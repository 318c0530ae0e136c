namespace Convolve.Files;

/// <summary>
/// Makes folders that last through a power cut: each new one is on the disk, in the folder above it, before anything goes into it.
/// </summary>
internal static class DurableFolder
{
    /// <summary>Makes a folder and those above it, where they are not there.</summary>
    /// <param name="path">Its full path.</param>
    /// <exception cref="FileWriteException">One of them cannot be made.</exception>
    public static void Create(string path)
    {
        if (Directory.Exists(path) || Path.GetDirectoryName(path) is not { } parent)
            return;
        Create(parent);
        FileOperation.Run(FileStep.Create, path, () => Directory.CreateDirectory(path));
        FileOperation.Run(FileStep.SyncFolder, path, () => FolderSync.Sync(parent));
    }
}
