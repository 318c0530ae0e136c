namespace Convolve.Data;

/// <summary>How the files of a known data set are laid out: their names, what reads them, what a check requires.</summary>
internal abstract class DatasetFormat
{
    /// <summary>The names that a file is found under, the fastest to read first.</summary>
    public abstract IEnumerable<string> NamesOf(DatasetFile file);

    /// <summary>Reads a part of the set; a file that is not what it should be is a <see cref="DatasetException"/>.</summary>
    public abstract LoadedPart Read(DatasetFolder folder, DatasetRole part, DatasetJudge judge, CancellationToken cancellation);

    /// <summary>Checks a file that is there; whatever is wrong with it is in the report.</summary>
    public abstract DatasetFileReport Check(DatasetFile file, string path, DatasetJudge judge, CancellationToken cancellation);
}

/// <summary>The images of one part of a set, and whether they are byte for byte those that were published.</summary>
internal readonly record struct LoadedPart(Dataset Images, bool IsPublished);

/// <summary>Says what is wrong with files of a set, and how to fix it.</summary>
/// <param name="Info">The set.</param>
/// <param name="Known">All sets, as one's file may be another's.</param>
/// <param name="FetchCommand">What brings the set to where it was looked for.</param>
internal sealed record DatasetJudge(DatasetInfo Info, IReadOnlyList<DatasetInfo> Known, string FetchCommand)
{
    public string Mend => $"Delete it and run {FetchCommand} to download it again.";

    /// <summary>Reads a file, and adds to any failure how to fix it.</summary>
    public T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DatasetException e)
        {
            throw new DatasetException($"{e.Message} {Mend}", e);
        }
    }

    /// <summary>What is wrong with a file of a digest that has to be the published one; null if nothing is.</summary>
    public string? DigestProblem(DatasetFile file, string path, string? digest) => file.Digest is null || digest == file.Digest ? null
        : Problem(file, path, digest, OwnerOf(digest) ?? "It is damaged or another file.");

    /// <summary>
    /// What is wrong with a file that may have other bytes than the published ones, but not those of another file; null if nothing is.
    /// </summary>
    public string? MixUpProblem(DatasetFile file, string path, string? digest) => digest == file.Digest || OwnerOf(digest) is not { } owner
        ? null
        : Problem(file, path, digest, owner);

    private string Problem(DatasetFile file, string path, string? digest, string what) =>
        $"{path} is not {Info.Name}'s {file.Name}: its unpacked content has the {ContentDigest.KindOf(digest)} {digest}, expected " +
            $"{file.Digest}. {what} {Mend}";

    private string? OwnerOf(string? digest)
    {
        var owner = Known.SelectMany(i => i.Files.Select(f => (Info: i, File: f)))
            .FirstOrDefault(o => o.File.Digest is not null && o.File.Digest == digest);
        return owner.Info is null ? null
            : owner.Info == Info ? $"This is {Info.Name}'s {owner.File.Name}: two files have swapped names."
            : $"This is {owner.Info.Name}'s {owner.File.Name}: keep each data set in its own folder, since their files have the same " +
                $"names.";
    }
}
