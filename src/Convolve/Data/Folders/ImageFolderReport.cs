
namespace Convolve.Data.Folders;

/// <summary>The result of checking a folder of pictures.</summary>
/// <param name="Name">The set's name, as in <c>folder:/data/flowers</c>.</param>
/// <param name="Directory">The folder.</param>
/// <param name="ClassNames">The classes, in their order.</param>
/// <param name="Parts">The splits that are there; of a folder that is not divided, train and the test split drawn from it.</param>
/// <param name="Findings">Everything that is wrong or worth knowing; problems come first.</param>
internal sealed record ImageFolderReport(
    string Name, string Directory, IReadOnlyList<string> ClassNames, IReadOnlyList<ImageFolderPart> Parts,
    IReadOnlyList<ImageFolderFinding> Findings)
{
    /// <summary>Whether nothing is wrong; there may still be something worth knowing.</summary>
    public bool IsOk => !Findings.Any(f => f.IsBad);
}

/// <summary>One split of a folder of pictures.</summary>
/// <param name="Name">train, validation or test.</param>
/// <param name="Directory">Its folder.</param>
/// <param name="CountsByClass">Good pictures of each class.</param>
/// <param name="Bytes">The size of their files.</param>
/// <param name="Smallest">The picture with the fewest pixels; default if there is none.</param>
/// <param name="Largest">The picture with the most pixels; default if there is none.</param>
internal sealed record ImageFolderPart(string Name, string Directory, IReadOnlyList<int> CountsByClass, long Bytes, ImageSize Smallest,
    ImageSize Largest)
{
    /// <summary>Good pictures.</summary>
    public int Count => CountsByClass.Sum();
}

/// <summary>Something that is wrong with a folder of pictures, or worth knowing.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">The file or folder.</param>
/// <param name="Message">What it is and how to fix it, with the path.</param>
internal sealed record ImageFolderFinding(ImageFolderFindingKind Kind, string Path, string Message)
{
    /// <summary>Whether it is wrong, and not only worth knowing.</summary>
    public bool IsBad => Kind <= ImageFolderFindingKind.Untrainable;
}

/// <summary>What can be found in a folder of pictures; up to <see cref="Untrainable"/> it is wrong.</summary>
internal enum ImageFolderFindingKind
{
    /// <summary>A file that is not a picture, is damaged, cut off or too large.</summary>
    BadFile,

    /// <summary>A class without a picture to learn from.</summary>
    EmptyClass,

    /// <summary>Pictures to validate or test on of a class that is not trained.</summary>
    UnknownClass,

    /// <summary>The same bytes in two splits: the test would use training pictures.</summary>
    Leak,

    /// <summary>The same bytes under two classes.</summary>
    TwoLabels,

    /// <summary>Training refuses the folder in this state.</summary>
    Untrainable,

    /// <summary>The same bytes twice in a class of a split.</summary>
    Repeated,

    /// <summary>A class without a picture to validate or test on.</summary>
    UntestedClass,

    /// <summary>A file or folder that is left out, because its name or place is not that of a picture.</summary>
    Stray,

    /// <summary>Classes of very different sizes.</summary>
    Imbalance,

    /// <summary>A link that leads back, or to pictures that are already read.</summary>
    Link,

    /// <summary>The split that a folder was used as, if its name is ambiguous.</summary>
    Layout,
}
