using Convolve.Kernels.Machines;

namespace Convolve.Files;

/// <summary>What an operating system calls its folders.</summary>
internal static class SystemPaths
{
    private const string Own = "convolve";

    /// <summary>Where downloads and pictures are kept here.</summary>
    public static string Cache => CacheOn(Host.Current, Environment.GetEnvironmentVariable("XDG_CACHE_HOME"),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData));

    /// <summary>
    /// The folder that a system keeps a program's downloads in: $XDG_CACHE_HOME, if it is a full path; else ~/.cache,
    /// ~/Library/Caches on macOS, %LOCALAPPDATA% on Windows.
    /// </summary>
    /// <param name="system">Which one.</param>
    /// <param name="asked">The value of XDG_CACHE_HOME.</param>
    /// <param name="home">The user's folder.</param>
    /// <param name="localData">Of Windows, the folder of data that stay on the machine.</param>
    internal static string CacheOn(HostSystem system, string? asked, string home, string localData) =>
        !string.IsNullOrEmpty(asked) && Path.IsPathRooted(asked) ? Path.Combine(asked, Own)
            : system switch
            {
                HostSystem.Windows when localData.Length > 0 => Path.Combine(localData, Own, "cache"),
                HostSystem.MacOS => Path.Combine(home, "Library", "Caches", Own),
                _ => Path.Combine(home, ".cache", Own),
            };

    /// <summary>Whether a full path is that of a folder or below it.</summary>
    internal static bool IsWithin(string folder, string path) => path == folder
        || path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Whether a full path is a device, such as /dev/null, or \\.\nul on Windows.</summary>
    internal static bool IsDevice(HostSystem system, string path) => system == HostSystem.Windows
        ? path.StartsWith(@"\\.\", StringComparison.Ordinal)
        : path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);
}
