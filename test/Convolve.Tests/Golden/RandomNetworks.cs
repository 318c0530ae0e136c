using System.Diagnostics;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Golden;

/// <summary>The networks that PyTorch has computed so far; those of a process that started this one are taken from there.</summary>
public sealed class RandomNetworks : IDisposable
{
    /// <summary>Where they are.</summary>
    public const string Variable = "CONVOLVE_RANDOM_NETWORKS";

    private readonly TemporaryFolder _own = new();

    public string Folder => Environment.GetEnvironmentVariable(Variable) ?? _own.FullName;

    public void Dispose() => _own.Dispose();

    /// <summary>The networks of some seeds.</summary>
    internal IEnumerable<RandomNetwork> Of(int first, int count)
    {
        if (!File.Exists(FileOf(Folder, first + count - 1)))
            Make(Folder, first, count, draws: 3);
        return Enumerable.Range(first, count).Select(seed => new RandomNetwork(FileOf(Folder, seed), seed));
    }

    /// <summary>A network again, disturbed so often that what only some roundings do is among it.</summary>
    internal static RandomNetwork Again(int seed)
    {
        using TemporaryFolder folder = new();
        Make(folder.FullName, seed, count: 1, draws: 40);
        return new(FileOf(folder.FullName, seed), seed);
    }

    private static void Make(string folder, int first, int count, int draws)
    {
        ProcessStartInfo start = new("/usr/bin/python3",
            [Path.Combine(AppContext.BaseDirectory, "golden", "random_networks.py"), folder, $"{first}", $"{count}", $"{draws}"]);
        start.RedirectStandardError = true;
        using Process python = Process.Start(start)!;
        string errors = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors);
    }

    private static string FileOf(string folder, int seed) => Path.Combine(folder, $"{seed}.json");
}
