using static Convolve.Data.ImageFolderFindingKind;

namespace Convolve.Data;

/// <summary>The splits that a folder may be divided into.</summary>
internal enum FolderPart
{
    Train,
    Validation,
    Test,
}

/// <summary>A file that is named like a picture.</summary>
internal readonly record struct FolderFile(string Path, FolderPart Part, int Label);

/// <summary>What lies in a folder of pictures, by names alone: nothing is read.</summary>
internal sealed class FolderListing
{
    // Deep enough for any way to sort pictures, and an end to folders that are linked into each other.
    private const int MostLevels = 16;

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".jpe", ".jfif", ".png"];
    private static readonly string[][] PartNames = [["train"], ["validation", "valid", "val"], ["test"]];
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly List<FolderFile> _files = [];
    private readonly List<ImageFolderFinding> _findings = [];

    private FolderListing(string root)
    {
        Root = root;
        string[] folders = Folders(root);
        string[] parts = [.. PartNames.Select(names => PartFolder(folders, names))];
        IsDivided = parts[(int)FolderPart.Train].Length > 0;
        if (!IsDivided && parts.Any(p => p.Length > 0) && folders.Length == parts.Count(p => p.Length > 0))
        {
            throw new DataException($"{root} has a folder {Path.GetFileName(parts.First(p => p.Length > 0))}, and no folder train with a folder for each class in it. " +
                "Add it, or put the class folders of all pictures side by side: then the splits are drawn.");
        }
        PartFolders = IsDivided ? parts : [root, "", ""];
        ClassNames = [.. Folders(PartFolders[0]).Select(f => Path.GetFileName(f)!)];
        if (ClassNames.Count < 2)
        {
            throw new DataException($"{PartFolders[0]} has {(ClassNames.Count == 0 ? "no folder" : $"the one folder {ClassNames[0]}")}, and a folder for each class was expected, " +
                "at least 2. Sort the pictures into class folders; train, validation and test may lie above them.");
        }
        foreach (string folder in IsDivided ? folders.Except(parts) : [])
            Add(Stray, folder, "is none of train, validation (or valid, or val) and test, and is left out.");
        foreach (string folder in PartFolders.Where(f => f.Length > 0).Append(root).Distinct())
            foreach (string file in Sorted(Directory.EnumerateFiles(folder, "*", Everything)))
                Add(Stray, file, "lies beside the class folders, and is left out.");
        for (FolderPart part = FolderPart.Train; part <= FolderPart.Test; part++)
            if (PartFolders[(int)part].Length > 0)
                List(part);
    }

    /// <summary>The folder, as a full path.</summary>
    public string Root { get; }

    /// <summary>Whether there are folders for the splits.</summary>
    public bool IsDivided { get; }

    /// <summary>The folder of each part; "" where there is none.</summary>
    public IReadOnlyList<string> PartFolders { get; }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>All files named like pictures, part by part, class by class, in natural order.</summary>
    public IReadOnlyList<FolderFile> Files => _files;

    public IReadOnlyList<ImageFolderFinding> Findings => _findings;

    public static FolderListing Of(string path)
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(root))
            throw new DataException($"{root} is a file, and a folder of pictures was expected. Give the folder above the class folders.");
        if (!Directory.Exists(root))
            throw new DataException($"There is no folder {root}. Check the path.");
        return DataFile.Guard(root, () => new FolderListing(root));
    }

    private void List(FolderPart part)
    {
        string folder = PartFolders[(int)part];
        foreach (string name in Folders(folder).Select(f => Path.GetFileName(f)!))
        {
            string path = Path.Combine(folder, name);
            List<string> pictures = [];
            foreach ((string file, bool isClosed) in Below(path).OrderBy(f => f.Path, NaturalOrder.Instance))
            {
                if (isClosed || Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                    pictures.Add(file);
                else
                    Add(Stray, file, $"is not named like a picture ({string.Join(", ", Extensions)}), and is left out.");
            }
            int label = Array.IndexOf([.. ClassNames], name);
            if (label < 0)
            {
                Add(UnknownClass, path, $"holds pictures ({pictures.Count}) of a class that {PartFolders[0]} has not: " +
                    "they have no label. Add the class there, or take the folder away.");
            }
            else if (pictures.Count == 0)
                Add(part == FolderPart.Train ? EmptyClass : UntestedClass, path, "holds no picture. Add some, or delete the folder.");
            else
                _files.AddRange(pictures.Select(file => new FolderFile(file, part, label)));
        }
        foreach (string name in part == FolderPart.Train ? [] : ClassNames.Where(name => !Directory.Exists(Path.Combine(folder, name))))
            Add(UntestedClass, folder, $"has no folder {name}: that class is not tested there.");
    }

    private void Add(ImageFolderFindingKind kind, string path, string words) => _findings.Add(new(kind, path, $"{path} {words}"));

    // A part is one that has folders: pictures of trains lie in a folder of that name without any.
    private static string PartFolder(string[] folders, string[] names)
    {
        string[] found = [.. folders.Where(f => names.Contains(Path.GetFileName(f), StringComparer.OrdinalIgnoreCase) && Folders(f).Length > 0)];
        return found.Length < 2 ? found.FirstOrDefault("")
            : throw new DataException($"{found[0]} and {found[1]} mean the same split. Keep one of them.");
    }

    /// <summary>
    /// The files of a folder on all its levels. One that may not be looked into stands for the files in it, and is no good picture.
    /// </summary>
    private static IEnumerable<(string Path, bool IsClosed)> Below(string folder, int levels = MostLevels)
    {
        try
        {
            string[] files = [.. Visible(Directory.EnumerateFiles(folder, "*", Everything))];
            string[] folders = levels == 0 ? [] : [.. Visible(Directory.EnumerateDirectories(folder, "*", Everything))];
            return files.Select(f => (f, false)).Concat(folders.SelectMany(f => Below(f, levels - 1)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [(folder, true)];
        }
    }

    private static string[] Folders(string folder) => [.. Sorted(Directory.EnumerateDirectories(folder, "*", Everything))];

    private static IEnumerable<string> Sorted(IEnumerable<string> paths) => Visible(paths).Order(NaturalOrder.Instance);

    private static IEnumerable<string> Visible(IEnumerable<string> paths) => paths.Where(p => Path.GetFileName(p)[0] != '.');
}
