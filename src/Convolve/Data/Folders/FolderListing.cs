using Convolve.Files;
using static Convolve.Data.Folders.ImageFolderFindingKind;

namespace Convolve.Data.Folders;

/// <summary>A file that is named like a picture; 0 bytes where its length isn't known.</summary>
internal readonly record struct FolderFile(string Path, SplitPart Part, int Label, long Bytes);

/// <summary>The contents of a folder of pictures, by names alone: nothing is read.</summary>
internal sealed class FolderListing
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif"];
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly List<FolderFile> _files = [];
    private readonly List<ImageFolderFinding> _findings = [];
    private readonly List<string> _unread = [];

    /// <summary>How such names end, for messages.</summary>
    public static string PictureEndings => string.Join(", ", Extensions);

    private FolderListing(string root, IReadOnlyList<string>? classNames)
    {
        Root = root;
        RealPath paths = new();
        KernelFolders kernel = new();
        string realRoot = paths.OfFolder(root);
        if (kernel.TypeOf(realRoot) is { } type)
            throw new DatasetException(
                $"{root} is in a kernel file system ({type}), which has no pictures. Pass the folder above the class folders.");
        string[] folders = Folders(root);
        string[] parts = PartsOf(folders);
        IsDivided = parts[(int)SplitPart.Train].Length > 0 || (classNames is not null && parts[(int)SplitPart.Test].Length > 0);
        if (!IsDivided && parts.Any(p => p.Length > 0) && folders.Length == parts.Count(p => p.Length > 0))
        {
            throw new DatasetException(
                $"{root} has a folder {Path.GetFileName(parts.First(p => p.Length > 0))} but no folder train with one folder per class. " +
                $"Add it, or put the class folders of all pictures side by side, so that the splits are drawn.");
        }
        PartFolders = IsDivided ? parts : [root, "", ""];
        ClassNames = classNames ?? [.. Folders(PartFolders[0]).Where(f => !LeadsBack(f, realRoot, paths))
            .Select(f => Path.GetFileName(f)!)];
        if (ClassNames.Count < 2 && classNames is null)
        {
            throw new DatasetException(
                $"{PartFolders[0]} has {(ClassNames.Count == 0 ? "no folder" : $"only the folder {ClassNames[0]}")}; expected one folder " +
                $"per class, at least 2. Sort the pictures into class folders, in folders train, validation and test if you like.");
        }
        for (SplitPart part = SplitPart.Train; part <= SplitPart.Test && IsDivided; part++)
            if (parts[(int)part].Length > 0 && !SplitNames.IsPlain(Path.GetFileName(parts[(int)part]), part))
                Add(Layout, parts[(int)part], $"is used as the {NameOf(part)} split.");
        foreach (string folder in IsDivided ? folders.Except(parts) : [])
            Add(Stray, folder, "is not train, validation (or valid, val) or test, and is left out.");
        foreach (string folder in PartFolders.Where(f => f.Length > 0).Append(root).Distinct())
            foreach (string file in Sorted(Directory.EnumerateFiles(folder, "*", Everything)))
                Add(Stray, file, "is next to the class folders, not in one, and is left out.");
        List(realRoot, paths, kernel, classNames is not null);
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

    /// <summary>The files in class folders that are not named like pictures.</summary>
    public IReadOnlyList<string> Unread => _unread;

    /// <param name="path">The folder.</param>
    /// <param name="classNames">The classes, where a network is what says which there are; null for those of the folder.</param>
    public static FolderListing Of(string path, IReadOnlyList<string>? classNames = null)
    {
        string root = RootOf(path);
        if (File.Exists(root))
            throw new DatasetException($"{root} is a file; expected a folder of pictures. Pass the folder above the class folders.");
        if (!Directory.Exists(root))
            throw new DatasetException($"Folder {root} does not exist. Check the path.") { Remedy = Remedy.MovedData };
        return DataFile.Guard(root, () => new FolderListing(root, classNames));
    }

    /// <summary>The full path of a folder.</summary>
    public static string RootOf(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    /// <summary>train, validation or test.</summary>
    public static string NameOf(SplitPart part) =>
        part switch { SplitPart.Train => "train", SplitPart.Validation => "validation", _ => "test" };

    /// <summary>Whether a file is named like a picture.</summary>
    public static bool IsPicture(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a file is named like a TIFF picture.</summary>
    public static bool IsTiff(string path) => Path.GetExtension(path).ToUpperInvariant() is ".TIF" or ".TIFF";

    private void List(string realRoot, RealPath paths, KernelFolders kernel, bool isOfNetwork)
    {
        Dictionary<string, int> labels = ClassNames.Select((name, label) => (name, label))
            .ToDictionary(c => c.name, c => c.label, StringComparer.Ordinal);
        List<(SplitPart Part, string Path, int Label)> groups = [];
        for (SplitPart part = SplitPart.Train; part <= SplitPart.Test; part++)
            foreach (string folder in PartFolders[(int)part] is { Length: > 0 } own ? Folders(own) : [])
                groups.Add((part, folder, labels.GetValueOrDefault(Path.GetFileName(folder), -1)));
        FolderWalk walk = new(realRoot, [.. groups.Select(g => g.Path)], paths, kernel);
        Dictionary<int, List<WalkedFile>> below = [];
        List<string> unknown = [];
        for (int group = 0; group < groups.Count; group++)
        {
            (SplitPart part, string path, int label) = groups[group];
            List<WalkedFile> pictures = [];
            foreach (WalkedFile file in walk.Files[group].OrderBy(f => f.Path, NaturalOrder.Instance))
            {
                if (file.IsClosed || IsPicture(file.Path))
                {
                    pictures.Add(file);
                    continue;
                }
                _unread.Add(file.Path);
                Add(Stray, file.Path, IsTiff(file.Path) ? "is a TIFF file, which isn't supported, and is left out. Convert it to PNG."
                    : $"doesn't have the name of a picture ({PictureEndings}) and is left out.");
            }
            below[group] = pictures;
            if (label < 0 && part == SplitPart.Train)
            {
                if (pictures.Count > 0 && isOfNetwork && !IsDivided)
                    unknown.Add(path);
            }
            else if (label < 0)
            {
                Add(UnknownClass, path,
                    $"has pictures ({pictures.Count}) of a class that {(isOfNetwork ? "the network" : PartFolders[0])} doesn't have, so " +
                    $"they have no label. Add the class there, or remove the folder.");
            }
            else if (pictures.Count == 0)
            {
                if (!walk.Passed.Any(p => p.Path == path))
                    Add(part == SplitPart.Train ? EmptyClass : UntestedClass, path, "has no pictures. Add some, or delete the folder.");
            }
            else
                _files.AddRange(pictures.Select(file => new FolderFile(file.Path, part, label, file.Bytes)));
        }
        if (unknown.Count > 0)
        {
            throw new DatasetException(
                $"{string.Join(", ", unknown)} {(unknown.Count == 1 ? "has" : "have")} pictures of a class that the network was not " +
                $"trained on: its classes are {string.Join(", ", ClassNames)}. Remove or rename " +
                $"{(unknown.Count == 1 ? "the folder" : "these folders")}.");
        }
        foreach (PassedOver passed in walk.Passed)
            AddPassed(passed, passed.ReadFor < 0 ? null : groups[passed.ReadFor], groups[passed.Group]);
        for (SplitPart part = SplitPart.Validation; part <= SplitPart.Test; part++)
            if (PartFolders[(int)part] is { Length: > 0 } folder)
                foreach (string name in ClassNames.Where(name => !Directory.Exists(Path.Combine(folder, name))))
                    Add(UntestedClass, folder, $"has no folder {name}, so that class is not tested.");
        if (!IsDivided && !isOfNetwork)
            LookForSplits([.. groups.Select((g, i) => (g.Path, Pictures: below[i].ConvertAll(p => p.Path)))]);
    }

    // One folder under two classes or in two splits is as wrong as the same pictures there.
    private void AddPassed(PassedOver passed, (SplitPart Part, string Path, int Label)? read, (SplitPart Part, string Path, int Label) own)
    {
        ImageFolderFindingKind kind = read is null || (read.Value.Part == own.Part && read.Value.Label == own.Label) ? Link
            : read.Value.Part != own.Part ? Leak : TwoLabels;
        string words = kind switch
        {
            Leak =>
                $"leads to {passed.Target}, which {read!.Value.Path} has too: the test would use training pictures. It is left out here. " +
                $"Keep it in one split.",
            TwoLabels =>
            $"leads to {passed.Target}, which {read!.Value.Path} has too: its pictures have several labels. It is left out here. Keep " +
            $"the right one.",
            _ => passed.Reason,
        };
        Add(kind, passed.Path, words);
    }

    /// <summary>
    /// Splits that are not known by their names are side by side as classes are, and each has the same folders in it.
    /// </summary>
    private void LookForSplits(IReadOnlyList<(string Path, List<string> Pictures)> classes)
    {
        string[]? common = null;
        foreach ((string path, List<string> pictures) in classes)
        {
            HashSet<string> inner = [];
            foreach (string picture in pictures)
            {
                ReadOnlySpan<char> rest = picture.AsSpan(Math.Min(path.Length + 1, picture.Length));
                int end = rest.IndexOf(Path.DirectorySeparatorChar);
                if (end < 0)
                    return;
                inner.Add(rest[..end].ToString());
            }
            string[] names = [.. inner.Order(NaturalOrder.Instance)];
            if (names.Length < 2 || !names.SequenceEqual(common ?? names))
                return;
            common = names;
        }
        if (common is null)
            return;
        string[] outer = [.. classes.Select(c => Path.GetFileName(c.Path))];
        string said = $"{Listed(outer)} each have the folders {Listed(common)}";
        if (outer.Any(SplitNames.IsLike))
            throw new DatasetException(
                $"{Root}: {said}, so they look like splits, not classes. Name them train, validation and test, or put the class folders " +
                $"side by side.");
        Add(Layout, Root,
            $": {said}. {Listed(outer)} are used as the classes; if they are splits, name them train, validation and test.");
    }

    private static string Listed(IReadOnlyList<string> names) => names.Count > 4
        ? $"{string.Join(", ", names.Take(3))} and {names.Count - 3} more"
        : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    private void Add(ImageFolderFindingKind kind, string path, string words) =>
        _findings.Add(new(kind, path, words.StartsWith(':') ? path + words : $"{path} {words}"));

    private static string[] PartsOf(string[] folders)
    {
        string[] parts = [.. Enum.GetValues<SplitPart>().Select(part => PartFolder(folders, part))];
        string train = parts[(int)SplitPart.Train];
        // Classes may be called training and cooking.
        bool isAlone = parts.Count(p => p.Length > 0) == 1 && folders.Length > 1;
        return train.Length > 0 && isAlone && !SplitNames.IsPlain(Path.GetFileName(train), SplitPart.Train) ? ["", "", ""] : parts;
    }

    // A part is one that has folders: pictures of trains lie in a folder of that name without any.
    private static string PartFolder(string[] folders, SplitPart part)
    {
        string[] found = [.. folders.Where(f => SplitNames.PartOf(Path.GetFileName(f)) == part && Folders(f).Length > 0)];
        return found.Length < 2 ? found.FirstOrDefault("")
            : throw new DatasetException($"{found[0]} and {found[1]} mean the same split. Keep one of them.");
    }

    // Such as a link to the folder of all classes, among them.
    private static bool LeadsBack(string folder, string realRoot, RealPath paths) =>
        new FileInfo(folder).LinkTarget is not null && paths.OfFolder(folder) is var real
            && SystemPaths.IsWithin(real, realRoot);

    private static string[] Folders(string folder) => [.. Sorted(Directory.EnumerateDirectories(folder, "*", Everything))];

    private static IEnumerable<string> Sorted(IEnumerable<string> paths) => Visible(paths).Order(NaturalOrder.Instance);

    private static IEnumerable<string> Visible(IEnumerable<string> paths) => paths.Where(p => Path.GetFileName(p)[0] != '.');
}
