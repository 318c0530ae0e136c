using Convolve.Cli.Terminal;

namespace Convolve.Cli.Options;

/// <summary>Whether a file or a folder can be written, known before the work that it is for.</summary>
internal static class OutputPath
{
    private static readonly string[] SystemFolders = ["/dev/", "/proc/", "/sys/", @"\\.\"];

    private static string MakeFolder => OperatingSystem.IsWindows() ? "mkdir" : "mkdir -p";

    /// <summary>A file to write, in a folder that is there.</summary>
    /// <param name="path">As typed.</param>
    /// <param name="option">What names it, such as "--svg".</param>
    /// <exception cref="UsageException">It is a folder or a device, its folder is missing, or nothing can be written there.</exception>
    public static string File(string path, string option)
    {
        string full = FullPath(path, option), folder = Path.GetDirectoryName(full) ?? full;
        if (Directory.Exists(full) || Path.EndsInDirectorySeparator(path))
            throw new UsageException($"{option} {path} is a folder. Name a file in it, such as {Path.Combine(path, "out")}.");
        if (SystemFolders.Any(system => full.StartsWith(system, StringComparison.Ordinal)))
            throw new UsageException($"{option} {path} is not a regular file. Choose a file in one of your own folders.");
        if (System.IO.File.Exists(folder))
            throw new UsageException($"{option} {path}: {folder} is a file. Choose another folder.");
        if (!Directory.Exists(folder))
            throw new UsageException(
                $"{option} {path}: the folder {folder} does not exist. Create it with {MakeFolder} {Format.Quoted(folder)}, or " +
                $"choose another one.");
        if (Path.GetFileName(full).AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
            throw new UsageException($"{option} {path}: this system has no such file names. Choose another name.");
        RequireWritable(folder, path, option);
        return path;
    }

    /// <summary>A folder to make, with those above it, or to write into.</summary>
    /// <inheritdoc cref="File" path="/param"/>
    /// <exception cref="UsageException">A file is in the way, or nothing can be written there.</exception>
    public static string Folder(string path, string option)
    {
        string there = FullPath(path, option);
        while (!Directory.Exists(there))
        {
            if (System.IO.File.Exists(there))
                throw new UsageException(there == FullPath(path, option) ? $"{option}: expected a folder, but {path} is a file."
                    : $"{option} {path}: {there} is a file. Choose another folder.");
            there = Path.GetDirectoryName(there)
                ?? throw new UsageException($"{option} {path}: {there} is not there. Choose another folder.");
        }
        RequireWritable(there, path, option);
        return path;
    }

    private static string FullPath(string path, string option)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (ArgumentException)
        {
            throw new UsageException($"{option}: \"{TextFolding.Printable(path)}\" is not a valid path.");
        }
    }

    // Rights, quotas and read-only disks have many rules: only a file tells.
    private static void RequireWritable(string folder, string path, string option)
    {
        string probe = Path.Combine(folder, $".{Guid.NewGuid():N}.partial");
        try
        {
            new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string reason = e is UnauthorizedAccessException ? "permission denied" : e.Message.TrimEnd('.');
            throw new UsageException($"{option} {path}: can't write to {folder} ({reason}). Choose another folder.");
        }
    }
}
