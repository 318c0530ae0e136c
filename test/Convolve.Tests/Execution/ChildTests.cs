using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Execution;

/// <summary>Tests of this assembly in a process of its own, which may use less of the processor.</summary>
internal static partial class ChildTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    /// <summary>Runs tests, none of which may fail.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="variables">What the process finds in its environment.</param>
    /// <returns>How many passed.</returns>
    public static async Task<int> Run(string filter, params (string Name, string Value)[] variables)
    {
        using TemporaryFolder folder = new();
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["test", typeof(ChildTests).Assembly.Location, "--filter", filter, "--logger", "trx;LogFileName=child.trx",
            "--results-directory", folder.FullName])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.FullName,
        };
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        using CancellationTokenRegistration registration = patience.Token.Register(() => process.Kill(entireProcessTree: true));
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");
        Match counters = Counters().Match(File.ReadAllText(folder["child.trx"]));
        Assert.True(counters.Success);
        Assert.Equal("0", counters.Groups[2].Value);
        return int.Parse(counters.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("passed=\"([0-9]+)\" failed=\"([0-9]+)\"")]
    private static partial Regex Counters();
}
