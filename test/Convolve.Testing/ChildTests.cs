using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace Convolve.Testing;

/// <summary>Tests in a separate process, which may use less of the processor.</summary>
internal static partial class ChildTests
{
    // Slow tests take some minutes on a quiet machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(40);

    /// <summary>Variables that keep AVX-512 from kernels in C#.</summary>
    public static readonly (string Name, string Value)[] WithoutAvx512 = [("DOTNET_EnableAVX512", "0"), ("DOTNET_EnableAVX512F", "0")];

    /// <summary>Runs tests, none of which may fail.</summary>
    /// <param name="assembly">Where they are.</param>
    /// <param name="filter">Which.</param>
    /// <param name="variables">What the process finds in its environment.</param>
    /// <returns>How many passed.</returns>
    public static async Task<int> Run(Assembly assembly, string filter, params (string Name, string Value)[] variables)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("convolve-test-");
        try
        {
            return await Run(assembly, filter, folder.FullName, variables);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> Run(Assembly assembly, string filter, string folder, (string Name, string Value)[] variables)
    {
        string program = Environment.ProcessPath!;
        string[] host = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [assembly.Location] : [];
        string results = Path.Combine(folder, "child.trx");
        ProcessStartInfo start = new(program, [.. host, "-filterVSTest", filter, "-result-trx", results])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        using CancellationTokenRegistration registration = patience.Token.Register(() => process.Kill(entireProcessTree: true));
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.False(patience.IsCancellationRequested, $"no end after {Patience}: {output}");
        Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");
        Match counters = Counters().Match(File.ReadAllText(results));
        Assert.True(counters.Success);
        Assert.Equal("0", counters.Groups[2].Value);
        return int.Parse(counters.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("passed=\"([0-9]+)\" failed=\"([0-9]+)\"")]
    private static partial Regex Counters();
}
