using Convolve.Cli.Terminal;
using Convolve.Data.Folders;

namespace Convolve.Cli.Options;

/// <summary>The pictures that were named on the command line: files, folders, patterns, standard input.</summary>
internal sealed class PictureArguments
{
    private const string StandardInput = "-";
    private readonly List<string> _files = [];

    /// <exception cref="UsageException">An argument leads to no picture at all.</exception>
    public PictureArguments(IReadOnlyList<string> typed)
    {
        foreach (string argument in typed)
            Add(HomePath.Expand(argument));
        if (_files.Count(file => file == StandardInput) > 1)
            throw new UsageException("- stands for one picture on standard input. Give it once.");
    }

    /// <summary>How many there are.</summary>
    public int Count => _files.Count;

    /// <summary>Files in folders whose names are not those of pictures, and which are left out.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Their names, and their bytes when they are asked for.</summary>
    public IEnumerable<(string Name, Func<byte[]> Read)> Read() =>
        _files.Select(file => (file, file == StandardInput ? ReadStandardInput : (Func<byte[]>)(() => File.ReadAllBytes(file))));

    private static byte[] ReadStandardInput()
    {
        using Stream input = Console.OpenStandardInput();
        using MemoryStream bytes = new();
        input.CopyTo(bytes);
        return bytes.ToArray();
    }

    private void Add(string argument)
    {
        if (argument.Contains("://", StringComparison.Ordinal))
            throw new UsageException($"{argument} is a URL. Download the picture, and pass the file.");
        if (Directory.Exists(argument))
            AddFolder(argument);
        else if (!File.Exists(argument) && Path.GetFileName(argument) is { } pattern && pattern.AsSpan().ContainsAny("*?"))
            AddMatches(argument, Path.GetDirectoryName(argument) is { Length: > 0 } folder ? folder : ".", pattern);
        else
            _files.Add(argument); // what isn't there is told with what can't be read, and the others are classified
    }

    private void AddFolder(string folder)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Path.GetDirectoryName(full) is null)
            throw new UsageException($"{folder} is a whole file system. Pass the folder that the pictures are in.");
        RealPath paths = new();
        string[] all = [.. new FolderWalk(paths.OfFolder(full), [full], paths, new()).Files[0]
            .Select(file => Path.Join(Path.TrimEndingDirectorySeparator(folder), Path.GetRelativePath(full, file.Path)))];
        string[] pictures = [.. all.Where(FolderListing.IsPicture).Order(NaturalOrder.Instance)];
        LeftOut += all.Length - pictures.Length;
        if (pictures.Length == 0)
            throw new UsageException($"{folder} has no pictures: no file in it ends in {FolderListing.PictureEndings}.");
        _files.AddRange(pictures);
    }

    // Where the shell has not done it.
    private void AddMatches(string argument, string folder, string pattern)
    {
        string[] found = !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateFiles(folder, pattern).Select(path => folder == "." ? Path.GetFileName(path) : path)
                .Order(NaturalOrder.Instance)];
        if (found.Length == 0)
            throw new UsageException($"No file matches {argument}. Patterns may have * and ? in the name of the file.");
        _files.AddRange(found);
    }
}
