using Convolve.Files;

namespace Convolve.Runs;

/// <summary>The checkpoints of a run: the last two are kept, and an older one goes when the new one is safe.</summary>
/// <param name="path">The folder, which is there for as long as its run may be resumed.</param>
internal sealed class CheckpointFolder(string path)
{
    public const string Extension = ".safetensors";

    /// <summary>How many are kept.</summary>
    public const int Kept = 2;

    private readonly List<string> _kept = [];

    /// <summary>Whether there is one.</summary>
    public bool Exists => Directory.Exists(path);

    /// <summary>The checkpoints, the newest first.</summary>
    /// <exception cref="RecipeException">The folder cannot be read.</exception>
    public IReadOnlyList<string> Files
    {
        get
        {
            try
            {
                return Listed();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RecipeException(
                    $"The checkpoints in {path} cannot be read: {e.Message.TrimEnd('.')}. Make the folder readable for this user.");
            }
        }
    }

    /// <summary>Makes the folder.</summary>
    /// <exception cref="FileWriteException">It cannot be made.</exception>
    public void Create() => DurableFolder.Create(path);

    /// <summary>Removes what killed processes have left half-written.</summary>
    public void Clear() => AtomicFile.DeleteLeftovers(path);

    /// <summary>
    /// Says that a run resumes from one of the files: it and older ones are good, and newer ones are removed with the next save.
    /// </summary>
    public void GoOnFrom(string file) => _kept.AddRange(Files.Where(f => string.CompareOrdinal(f, file) <= 0).Reverse());

    /// <summary>Adds a checkpoint, and deletes what is too old then.</summary>
    /// <param name="name">The name of the file.</param>
    /// <param name="write">Writes it to a path.</param>
    /// <exception cref="FileWriteException">It cannot be written, or an older one cannot be deleted.</exception>
    public void Save(string name, Action<string> write)
    {
        string file = Path.Combine(path, name);
        write(file);
        _kept.Remove(file);
        _kept.Add(file);
        if (_kept.Count > Kept)
            _kept.RemoveRange(0, _kept.Count - Kept);
        foreach (string old in FileOperation.Run(FileStep.Delete, path, Listed).Except(_kept))
            FileOperation.Run(FileStep.Delete, old, () => File.Delete(old));
    }

    private string[] Listed() => Exists ? [.. Directory.GetFiles(path, "epoch-*" + Extension).OrderDescending(StringComparer.Ordinal)] : [];
}
