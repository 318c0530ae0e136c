namespace Convolve.Data.Folders;

/// <summary>Finds the real paths behind symbolic links, and remembers those of folders.</summary>
internal sealed class RealPath
{
    private const int MostLinks = 40; // as Linux has it

    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);

    /// <summary>The path of a folder, without a link in it.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="IOException">Links lead to each other, or to nothing that may be looked at.</exception>
    public string OfFolder(string path)
    {
        if (!_folders.TryGetValue(path, out string? real))
            _folders[path] = real = Of(path);
        return real;
    }

    /// <summary>The path of a file, without a link in it.</summary>
    /// <inheritdoc cref="OfFolder"/>
    public string OfFile(string path)
    {
        for (int links = 0; links <= MostLinks; links++)
        {
            path = Path.Combine(OfFolder(Path.GetDirectoryName(path)!), Path.GetFileName(path));
            if (new FileInfo(path).LinkTarget is not { } target)
                return path;
            path = Path.Combine(Path.GetDirectoryName(path)!, target);
        }
        throw TooMany(path);
    }

    private static string Of(string path)
    {
        string real = Path.GetPathRoot(path)!;
        Stack<string> rest = [];
        Push(path[real.Length..]);
        for (int links = 0; rest.TryPop(out string? name);)
        {
            string next = name == ".." ? Path.GetDirectoryName(real) ?? real : name == "." ? real : Path.Combine(real, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MostLinks)
                throw TooMany(path);
            string root = Path.GetPathRoot(target)!;
            real = root.Length > 0 ? root : real;
            Push(target[root.Length..]);
        }
        return real;

        void Push(string names)
        {
            foreach (string name in names.Split((char[])[Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar],
                StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(name);
        }
    }

    private static IOException TooMany(string path) => new($"{path} leads through more than {MostLinks} links.");
}
