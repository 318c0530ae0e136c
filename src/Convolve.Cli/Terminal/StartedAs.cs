namespace Convolve.Cli.Terminal;

/// <summary>What started this program, as a shell takes it.</summary>
internal static class StartedAs
{
    /// <summary>A launcher's own name, already quoted for a shell.</summary>
    public const string Variable = "CONVOLVE_PROGRAM";

    private const string Tool = "convolve", ToolFile = "DotnetToolSettings.xml", Host = "dotnet", CommandLineFile = "/proc/self/cmdline";

    /// <summary>The launcher's name; else the words that were typed, up to the program; else "convolve".</summary>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } launcher && !launcher.Any(char.IsControl))
            return launcher;
        bool isTool = File.Exists(Path.Combine(AppContext.BaseDirectory, ToolFile)),
            isHosted = NameOf(Environment.ProcessPath ?? "") == Host;
        if (isTool)
            return isHosted ? $"{Host} {Tool}" : Tool; // a local tool is started by dotnet, a global one by its own name
        string[] words = Typed();
        if (words.Length == 0)
            return Tool;
        if (!isHosted)
            return Format.Quoted(words[0]);
        string program = $"{typeof(StartedAs).Assembly.GetName().Name}.dll";
        int last = Array.FindIndex(words, word => Path.GetFileName(word) == program);
        return last < 1 ? Tool : string.Join(' ', words.Take(last + 1).Select(Format.Quoted));
    }

    // Where the system does not tell what was typed, the program's path is as good.
    private static string[] Typed()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return File.ReadAllText(CommandLineFile).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Some containers hide it.
        }
        return Environment.ProcessPath is not { } path ? [] : NameOf(path) == Host ? [path, Environment.GetCommandLineArgs()[0]] : [path];
    }

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);
}
