using System.IO.Enumeration;
using Convolve.Files;

namespace Convolve.Data.Folders;

/// <summary>A file below a class folder.</summary>
/// <param name="Path">Where it was found.</param>
/// <param name="RealFolder">The real path of the folder that it is in.</param>
/// <param name="IsClosed">Whether it is a folder that may not be looked into, and stands for the files in it.</param>
/// <param name="IsLink">Whether it is a symbolic link.</param>
/// <param name="Bytes">Its length, which the walk has asked for anyway; 0 where that isn't known.</param>
internal readonly record struct WalkedFile(string Path, string RealFolder, bool IsClosed, bool IsLink, long Bytes = 0);

/// <summary>A folder or file that was passed over, since it leads to what is read already or to where there are no pictures.</summary>
/// <param name="Path">Where it was found.</param>
/// <param name="Target">What it leads to.</param>
/// <param name="Group">The class folder that it is below.</param>
/// <param name="ReadFor">The class folder that the target was read for; -1 if it was read for none.</param>
/// <param name="Reason">Why, as a sentence behind the path.</param>
internal readonly record struct PassedOver(string Path, string Target, int Group, int ReadFor, string Reason);

/// <summary>
/// Lists the files below class folders on all their levels, each real folder once, whatever links lead to it: folders come before links, so
/// that a picture belongs to the class in whose folder it really is.
/// </summary>
internal sealed class FolderWalk
{
    private readonly record struct Entry(string Path, bool IsFolder, bool IsLink, long Bytes);

    private readonly record struct Folder(string Path, string Real, int Group);

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly string _realRoot;
    private readonly RealPath _paths;
    private readonly KernelFolders _kernel;
    private readonly Dictionary<string, int> _read = new(StringComparer.Ordinal);
    private readonly Queue<(string Path, int Group)> _links = [];
    private readonly Stack<Folder> _folders = [];
    private readonly List<WalkedFile>[] _files;
    private readonly List<PassedOver> _passed = [];

    /// <param name="realRoot">The real path of the folder of all classes.</param>
    /// <param name="classFolders">The class folders, of all splits.</param>
    /// <param name="paths">What is known of links.</param>
    /// <param name="kernel">Where not to look.</param>
    public FolderWalk(string realRoot, IReadOnlyList<string> classFolders, RealPath paths, KernelFolders kernel)
    {
        (_realRoot, _paths, _kernel, _files) = (realRoot, paths, kernel, [.. classFolders.Select(_ => new List<WalkedFile>())]);
        for (int group = 0; group < classFolders.Count; group++)
        {
            if (new FileInfo(classFolders[group]).LinkTarget is not null)
                _links.Enqueue((classFolders[group], group));
            else
                _folders.Push(new(classFolders[group], Path.Combine(_paths.OfFolder(Path.GetDirectoryName(classFolders[group])!),
                    Path.GetFileName(classFolders[group])), group));
        }
        ReadFolders();
        while (_links.TryDequeue(out var link))
        {
            Follow(link.Path, link.Group);
            ReadFolders();
        }
        for (int group = 0; group < _files.Length; group++)
            DropRepeated(group);
    }

    /// <summary>The files of each class folder, in no order.</summary>
    public IReadOnlyList<IReadOnlyList<WalkedFile>> Files => _files;

    public IReadOnlyList<PassedOver> Passed => _passed;

    private void Follow(string path, int group)
    {
        string real;
        try
        {
            real = _paths.OfFolder(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _files[group].Add(new(path, "", true, true));
            return;
        }
        string own = _paths.OfFolder(Path.GetDirectoryName(path)!);
        if (SystemPaths.IsWithin(real, own) || SystemPaths.IsWithin(real, _realRoot))
            _passed.Add(new(path, real, group, -1, $"is a link back to {real} and is not followed."));
        else if (_kernel.TypeOf(real) is { } type)
            _passed.Add(new(path, real, group, -1, $"is a link into a kernel file system ({type}) and is not followed."));
        else
            _folders.Push(new(path, real, group));
    }

    private void ReadFolders()
    {
        while (_folders.TryPop(out Folder folder))
        {
            if (!_read.TryAdd(folder.Real, folder.Group))
            {
                _passed.Add(new(folder.Path, folder.Real, folder.Group, _read[folder.Real],
                    $"leads to {folder.Real}, which is already read: each picture counts once."));
                continue;
            }
            if (_kernel.TypeAt(folder.Real) is { } type)
            {
                _passed.Add(new(folder.Path, folder.Real, folder.Group, -1, $"is a kernel file system ({type}) and is left out."));
                continue;
            }
            foreach (Entry entry in Entries(folder))
            {
                if (!entry.IsFolder)
                    _files[folder.Group].Add(new(entry.Path, folder.Real, false, entry.IsLink, entry.Bytes));
                else if (entry.IsLink)
                    _links.Enqueue((entry.Path, folder.Group));
                else
                    _folders.Push(new(entry.Path, Path.Combine(folder.Real, Path.GetFileName(entry.Path)), folder.Group));
            }
        }
    }

    private List<Entry> Entries(Folder folder)
    {
        try
        {
            return [.. new FileSystemEnumerable<Entry>(folder.Path, EntryOf, Everything)
            {
                ShouldIncludePredicate = (ref e) => e.FileName[0] != '.',
            }];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _files[folder.Group].Add(new(folder.Path, folder.Real, true, false));
            return [];
        }
    }

    // A link has the length of its text.
    private static Entry EntryOf(ref FileSystemEntry entry)
    {
        bool isLink = entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
        return new(entry.ToFullPath(), entry.IsDirectory, isLink, isLink ? 0 : entry.Length);
    }

    // Links to files that the same class has anyway.
    private void DropRepeated(int group)
    {
        List<WalkedFile> files = _files[group];
        if (!files.Any(f => f.IsLink && !f.IsClosed))
            return;
        HashSet<string> real = [.. files.Where(f => !f.IsLink).Select(f => Path.Combine(f.RealFolder, Path.GetFileName(f.Path)))];
        HashSet<string> dropped = [];
        foreach (WalkedFile link in files.Where(f => f.IsLink && !f.IsClosed).OrderBy(f => f.Path, NaturalOrder.Instance))
        {
            try
            {
                string target = _paths.OfFile(link.Path);
                if (real.Add(target))
                    continue;
                dropped.Add(link.Path);
                _passed.Add(new(link.Path, target, group, group, $"leads to {target}, which is already read: each picture counts once."));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It stays, and the attempt to read it says what is wrong.
            }
        }
        files.RemoveAll(f => dropped.Contains(f.Path));
    }
}
