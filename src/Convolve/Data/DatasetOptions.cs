
namespace Convolve.Data;

/// <summary>Where to look for a named data set.</summary>
public sealed record DatasetOptions
{
    /// <summary>
    /// The only place to look: a folder with the files, or with one folder per data set. Default null: the folder in the environment
    /// variable CONVOLVE_DATA, the user's cache, the folders of the operating system's packages, and then the set's mirrors.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>Whether a data set that isn't found may be downloaded into the cache. Default true.</summary>
    public bool AllowDownload { get; init; } = true;

    /// <summary>
    /// Addresses to download from instead of the data set's own mirrors, in this order: each has a folder per set, such as
    /// https://host/data/ for https://host/data/cifar10/cifar-10-binary.tar.gz. Default null: those of the environment variable
    /// CONVOLVE_MIRRORS, separated by spaces, or else the data set's own.
    /// </summary>
    public IReadOnlyList<string>? Mirrors { get; init; }

    /// <summary>
    /// For a folder of pictures: the channels they are decoded to, 1 for gray or 3 for color. Default null: 1 if all of them are gray, else
    /// 3.
    /// </summary>
    public int? Channels { get; init; }

    /// <summary>For a folder of pictures: whether bad files are left out instead of being an error. Default false.</summary>
    public bool SkipBad { get; init; }

    /// <summary>
    /// For a folder of pictures without a test split: whether to test on all of them, because none were trained on. Default false.
    /// </summary>
    public bool TestsAll { get; init; }

    /// <summary>
    /// For a folder of pictures that a network is evaluated on: the network's classes, in order. Class folders are matched by name; those
    /// that are missing are not tested, and one of another name is an error. Default null: the folder's own.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>
    /// For a folder of pictures: those that a run was trained on, which are left out of the test split. Default null: none.
    /// </summary>
    internal TrainedPictures? Trained { get; init; }

    /// <summary>
    /// Of a folder of pictures: a split of a run to restore as the run recorded it, wherever its pictures are in the folder now. Default
    /// null: splits are drawn.
    /// </summary>
    internal RecordedPart? Recorded { get; init; }

    /// <summary>For a folder of pictures: the largest picture, in pixels; larger ones are bad. Default 100,000,000.</summary>
    public long MaxPixels { get; init; } = Imaging.ImageDecoder.UsualMaxPixels;

    /// <summary>
    /// For a folder of pictures of more than 256 MiB, decoded: the memory in which training keeps what its transforms need of each picture,
    /// so that it is decoded once. In bytes; 0 for none. Default 1 GiB.
    /// </summary>
    public long MostCachedBytes { get; init; } = 1 << 30;

    /// <summary>
    /// For such a folder: whether pictures that don't fit into that memory are kept in the user's cache folder, which holds up to 20 GiB.
    /// Default true.
    /// </summary>
    public bool CachesOnDisk { get; init; } = true;

    /// <summary>
    /// For a folder of pictures: sets up to this size, decoded, stay in memory as they are. To decode small pictures again for every epoch
    /// would take longer than to train on them. In bytes; default 256 MiB.
    /// </summary>
    internal long MostKeptBytes { get; init; } = 256 << 20;

    /// <summary>Where decoded pictures may be kept; null for nowhere.</summary>
    internal PictureCaching? Caching => MostCachedBytes > 0 || CachesOnDisk ? new(Math.Max(MostCachedBytes, 0), CachesOnDisk) : null;

    /// <summary>The command or call that fetches a data set to where these options look for it, for messages.</summary>
    internal string FetchCommand(DatasetInfo info) =>
        $"`{ProgramName.FetchCommand(info.Name, DataDirectory)}`";
}

/// <summary>Why a folder is searched.</summary>
internal enum DatasetSource
{
    /// <summary><see cref="DatasetOptions.DataDirectory"/> names it.</summary>
    DataDirectory,

    /// <summary>The environment variable CONVOLVE_DATA names it.</summary>
    Environment,

    /// <summary>Downloads go there: <see cref="Datasets.CacheDirectory"/>.</summary>
    Cache,

    /// <summary>A package of the operating system puts the set there.</summary>
    System,
}

/// <summary>A loaded data set.</summary>
/// <param name="Info">Which one.</param>
/// <param name="Train">The images to train on.</param>
/// <param name="Test">The images to test on.</param>
/// <param name="Directory">Where its files were.</param>
public sealed record LoadedData(DatasetInfo Info, Dataset Train, Dataset Test, string Directory)
{
    /// <summary>The data set's own validation images; null if they are to be drawn from <see cref="Train"/>.</summary>
    public Dataset? Validation { get; init; }

    /// <summary>Whether these are one split of a run, restored as the run recorded it, and not to be divided.</summary>
    internal bool IsRestored { get; init; }

    /// <summary>
    /// What a reader of the results on these images should know, such as that files were left out. In sentences.
    /// </summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>What was left out as bad: a line for each file, with its path and what is wrong.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Splits the data set; its own validation split, if it has one, replaces a drawn one.</summary>
    /// <inheritdoc cref="DataSplits.Create"/>
    public DataSplits Split(double validationFraction = 0.1, ulong seed = 0, int? limit = null, SplitRule rule = SplitRule.CopiesTogether)
    {
        DataSplits splits = DataSplits.Create(Train, Test, Validation is null ? validationFraction : 0, seed, limit, rule);
        if (Validation is not null)
        {
            int[] all = [.. Enumerable.Range(0, Math.Min(Validation.Count, limit ?? int.MaxValue))];
            splits = splits with { Validation = new("validation", Validation, all) };
        }
        return splits with { Remarks = [.. Remarks, .. Unvalidated(splits)] };
    }

    // Of sets known by name nobody wonders: they have thousands of each class.
    private IEnumerable<string> Unvalidated(DataSplits splits)
    {
        if (splits.Validation.Count == 0 || Train.DigestOf(0) == 0)
            return [];
        HashSet<int> validated = [.. splits.Validation.Indices.Select(splits.Validation.Dataset.LabelOf)];
        string[] missing = [.. Enumerable.Range(0, Train.ClassNames.Count).Where(label => !validated.Contains(label))
            .Select(label => Train.ClassNames[label])];
        return missing.Length == 0 ? []
            : [$"The validation split has no picture of {ForeignText.Listed(missing)}, so the best epoch is chosen without them."];
    }
}

/// <summary>Where a data set is, or where it was not found.</summary>
internal sealed class DatasetLocation
{
    internal DatasetLocation(DatasetInfo info, IReadOnlyList<DatasetFolder> searched)
    {
        (Info, Folders, Found) = (info, searched, searched.FirstOrDefault(f => f.IsComplete));
    }

    /// <summary>Which set.</summary>
    public DatasetInfo Info { get; }

    /// <summary>Whether a folder holds all of its files. Their content has not been checked.</summary>
    public bool IsFound => Found is not null;

    /// <summary>The first folder that holds all of its files; null if none does.</summary>
    public string? Directory => Found?.Directory;

    /// <summary>Why that folder was searched; null if none has all files.</summary>
    internal DatasetSource? Source => Found?.Source;

    /// <summary>The searched folders, in order.</summary>
    public IReadOnlyList<string> Searched => [.. Folders.Select(f => f.Directory)];

    internal DatasetFolder? Found { get; }

    internal IReadOnlyList<DatasetFolder> Folders { get; }
}

/// <summary>A folder and which of a set's files it holds: a path for each, or null.</summary>
internal sealed record DatasetFolder(DatasetInfo Info, string Directory, DatasetSource Source)
{
    public IReadOnlyList<string?> Paths { get; } =
        [.. Info.Files.Select(f => Info.Format.NamesOf(f).Select(name => Path.Combine(Directory, name)).FirstOrDefault(File.Exists))];

    /// <summary>The missing files that the data set needs.</summary>
    public IEnumerable<DatasetFile> Missing => Info.Files.Where((f, i) => Paths[i] is null && !f.IsOptional);

    public bool IsComplete => !Missing.Any();

    public int FoundCount => Paths.Count(p => p is not null);

    public string? PathOf(DatasetFile file) => Paths[Info.Files.TakeWhile(f => f != file).Count()];
}

/// <summary>The result of checking one file of a data set.</summary>
/// <param name="Name">Its name when unpacked.</param>
/// <param name="Path">Where it is; null if it is missing.</param>
/// <param name="Bytes">Its unpacked bytes; 0 if it could not be read.</param>
/// <param name="Digest">The digest of its unpacked content, of the kind that was published for it; null if it could not be read, or has
/// none.</param>
/// <param name="ExpectedDigest">What the digest should be; null if any will do.</param>
/// <param name="Problem">What is wrong and how to fix it; null if nothing is.</param>
internal sealed record DatasetFileReport(string Name, string? Path, long Bytes, string? Digest, string? ExpectedDigest, string? Problem)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsOk => Problem is null;

    /// <summary>
    /// A note that isn't a problem: a file with the right layout whose bytes are not the published ones. Null if there is none.
    /// </summary>
    public string? Note { get; init; }

    /// <summary>The kind of the digests: MD5, SHA-1 or SHA-256; null if there is none.</summary>
    public string? DigestKind => (ExpectedDigest ?? Digest) is { } digest ? ContentDigest.KindOf(digest) : null;
}

/// <summary>The result of checking a data set's files.</summary>
/// <param name="Info">Which set.</param>
/// <param name="Directory">The folder that was checked; null if none holds any of its files.</param>
/// <param name="Files">The files.</param>
internal sealed record DatasetReport(DatasetInfo Info, string? Directory, IReadOnlyList<DatasetFileReport> Files)
{
    /// <summary>Whether nothing is wrong with any file.</summary>
    public bool IsOk => Files.All(f => f.IsOk);

    /// <summary>Whether every file is also byte for byte what was published.</summary>
    public bool IsPublished => IsOk && Files.All(f => f.Note is null);

    /// <summary>A note on the data set that isn't a problem; null if there is none.</summary>
    public string? Note { get; init; }
}
