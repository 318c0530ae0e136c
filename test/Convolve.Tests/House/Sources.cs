using System.Runtime.CompilerServices;

namespace Convolve.Tests.House;

/// <summary>The source files of the repository.</summary>
internal static class Sources
{
    /// <summary>The repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The C# files of a folder of the repository, such as "src".</summary>
    public static IEnumerable<string> Of(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(Root, file).Split('/').Any(part => part is "obj" or "bin"));

    /// <summary>Relative to the repository.</summary>
    public static string Name(string file) => Path.GetRelativePath(Root, file);

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
