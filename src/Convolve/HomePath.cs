namespace Convolve;

/// <summary>Paths that begin with ~, which a shell leaves alone inside a word such as folder:~/photos.</summary>
internal static class HomePath
{
    /// <summary>The path with the home folder in place of a leading "~" or "~/"; any other path unchanged.</summary>
    public static string Expand(string path) => path != "~" && !(path.StartsWith('~') && IsSeparator(path[1])) ? path
        : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home
        ? Path.TrimEndingDirectorySeparator(home) + path[1..] : path;

    private static bool IsSeparator(char c) => c == Path.DirectorySeparatorChar || c == Path.AltDirectorySeparatorChar;
}
