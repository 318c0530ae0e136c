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
        if (!File.Exists(FileOf(first + count - 1)))
        {
            ProcessStartInfo start = new("/usr/bin/python3",
                [Path.Combine(AppContext.BaseDirectory, "golden", "random_networks.py"), Folder, $"{first}", $"{count}"]);
            start.RedirectStandardError = true;
            using Process python = Process.Start(start)!;
            string errors = python.StandardError.ReadToEnd();
            python.WaitForExit();
            Assert.True(python.ExitCode == 0, errors);
        }
        return Enumerable.Range(first, count).Select(seed => new RandomNetwork(FileOf(seed), seed));
    }

    private string FileOf(int seed) => Path.Combine(Folder, $"{seed}.json");
}
