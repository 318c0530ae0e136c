namespace Convolve.Data;

/// <summary>A data set that is known by name: what it is, how large, and what its files must hold.</summary>
public sealed class DatasetInfo
{
    internal DatasetInfo(string name, string description, ImageSize? size, IReadOnlyList<string> classNames, int trainCount, int testCount)
    {
        (Name, Description, Size, ClassNames, TrainCount, TestCount) =
            (name, description, size, Data.ClassNames.Validated(name, classNames), trainCount, testCount);
    }

    /// <summary>The name to ask for it by, as in <c>fashion-mnist</c>.</summary>
    public string Name { get; }

    /// <summary>One sentence on what the images show.</summary>
    public string Description { get; }

    /// <summary>The size of every image; null where they vary, or it is not known before they are read.</summary>
    public ImageSize? Size { get; }

    /// <summary>The name of each class number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Images to train on.</summary>
    public int TrainCount { get; }

    /// <summary>Images to test on.</summary>
    public int TestCount { get; }

    /// <summary>The memory that the loaded set takes, in bytes: pixels and labels of both parts; labels alone where pictures stay packed.</summary>
    public long MemoryBytes => ((long)TrainCount + TestCount) * ((Files.Count > 0 ? Size?.Length ?? 0 : 0) + sizeof(int));

    /// <summary>Images and labels to train on, images and labels to test on.</summary>
    internal IReadOnlyList<DatasetFile> Files { get; init; } = [];

    /// <summary>Where the files can be downloaded: addresses that a file's name is put behind, tried in this order.</summary>
    internal IReadOnlyList<Uri> Mirrors { get; init; } = [];

    /// <summary>Folders that a package of the operating system puts the files into.</summary>
    internal IReadOnlyList<string> SystemDirectories { get; init; } = [];

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

/// <summary>One of a set's files.</summary>
/// <param name="Name">Its name when unpacked.</param>
/// <param name="Bytes">Its size when unpacked.</param>
/// <param name="Md5">The digest of its unpacked content; null if any content will do.</param>
/// <param name="ArchiveMd5">The digest of the archive that its publisher offers; others pack the same content differently.</param>
internal sealed record DatasetFile(string Name, long Bytes, string? Md5, string? ArchiveMd5)
{
    /// <summary>The name of its archive, as the mirrors have it.</summary>
    public string ArchiveName => Name + ".gz";

    /// <summary>The names it is found under, the fastest to read first: plain, packed, and both as some sites spell them.</summary>
    public IEnumerable<string> AcceptedNames
    {
        get
        {
            string dotted = Name.Replace("-idx", ".idx", StringComparison.Ordinal);
            return [Name, ArchiveName, dotted, dotted + ".gz"];
        }
    }
}
