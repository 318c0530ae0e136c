namespace Convolve.Data;

/// <summary>A data set that is known by name: what it is, how large, and what its files must contain.</summary>
public sealed class DatasetInfo
{
    internal DatasetInfo(string name, string description, ImageSize? size, IReadOnlyList<string> classNames, int trainCount, int testCount)
    {
        (Name, Description, Size, ClassNames, TrainCount, TestCount) =
            (name, description, size, Data.ClassNames.Validated(name, classNames), trainCount, testCount);
    }

    /// <summary>Its name, as in <c>fashion-mnist</c>.</summary>
    public string Name { get; }

    /// <summary>One sentence on what the images show.</summary>
    public string Description { get; }

    /// <summary>The size of every image; null if they vary, or if it isn't known before they are read.</summary>
    public ImageSize? Size { get; }

    /// <summary>The name of each class number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Images to train on.</summary>
    public int TrainCount { get; }

    /// <summary>Images to test on.</summary>
    public int TestCount { get; }

    /// <summary>
    /// The memory that the loaded set takes, in bytes: pixels and labels of both parts; labels alone where pictures stay packed.
    /// </summary>
    public long MemoryBytes => ((long)TrainCount + TestCount) * ((Files.Count > 0 ? Size?.Length ?? 0 : 0) + sizeof(int));

    /// <summary>How its files are laid out and read.</summary>
    internal DatasetFormat Format { get; init; } = new IdxFormat();

    /// <summary>Its files; those of one role in the order in which they are read.</summary>
    internal IReadOnlyList<DatasetFile> Files { get; init; } = [];

    /// <summary>The one archive that all files are published in; null where each is published by itself.</summary>
    internal DatasetArchive? Archive { get; init; }

    /// <summary>
    /// The folder that downloads go into, in the cache or the folder that the user names. Sets of the same files share one.
    /// </summary>
    internal string FolderName
    {
        get => field ?? Name;
        init;
    }

    /// <summary>Where the files can be downloaded: base addresses for a file's name, tried in this order.</summary>
    internal IReadOnlyList<Uri> Mirrors { get; init; } = [];

    /// <summary>Folders where packages of the operating system install the files.</summary>
    internal IReadOnlyList<string> SystemDirectories { get; init; } = [];

    /// <summary>"train" or "test".</summary>
    internal static string PartName(DatasetRole part) => part == DatasetRole.Train ? "train" : "test";

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

/// <summary>The role of a data set's file.</summary>
internal enum DatasetRole
{
    Train,
    Test,

    /// <summary>A list of class names; may be missing.</summary>
    Names,
}

/// <summary>One of a set's files.</summary>
/// <param name="Name">Its name when unpacked.</param>
/// <param name="Bytes">Its size when unpacked; the most that it may have, of a list of names.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Digest">The digest of its unpacked content; null if any content will do.</param>
internal sealed record DatasetFile(string Name, long Bytes, DatasetRole Role, string? Digest)
{
    /// <summary>The name of the file packed by itself, as the mirrors of some sets have it.</summary>
    public string PackedName => Name + ".gz";

    /// <summary>The digest of the packed file that its publisher offers; others pack the same content differently.</summary>
    public string? PackedDigest { get; init; }

    /// <summary>The names that a list of names must hold.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>Whether the set is whole without it.</summary>
    public bool IsOptional => Role == DatasetRole.Names;
}

/// <summary>An archive (.tar.gz) that all files of a set are published in.</summary>
/// <param name="Name">The name of the archive.</param>
/// <param name="Folder">The folder of the files, in the archive and once unpacked.</param>
/// <param name="Versions">The accepted archives, the publisher's first: mirrors may have repacked the same files.</param>
internal sealed record DatasetArchive(string Name, string Folder, params IReadOnlyList<ArchiveVersion> Versions)
{
    /// <summary>Folders that the set's other versions unpack to.</summary>
    public IReadOnlyList<string> ForeignFolders { get; init; } = [];
}

/// <summary>An archive by its content.</summary>
/// <param name="Digest">Of the archive as it is downloaded.</param>
/// <param name="Bytes">Its size; null if it is not known.</param>
internal sealed record ArchiveVersion(string Digest, long? Bytes);
