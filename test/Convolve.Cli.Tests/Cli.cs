using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Parallelization(Mode = ParallelMode.None)] // every training takes all cores

namespace Convolve.Cli.Tests;

/// <summary>What a command came to.</summary>
public sealed record CliResult(int Status, string Output, string Errors)
{
    /// <summary>Standard output as the one JSON object that it must be.</summary>
    public JsonObject Json
    {
        get
        {
            Assert.Single(Output, '\n');
            return JsonNode.Parse(Output)!.AsObject();
        }
    }
}

/// <summary>The command line as a process of its own, in a folder of its own.</summary>
public sealed class Cli : IDisposable
{
    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(3);

    /// <summary>How long a command may take.</summary>
    public TimeSpan Patience { get; init; } = Usual;

    public string Folder { get; } = Directory.CreateTempSubdirectory("convolve-cli-").FullName;

    public static CliResult RunAnywhere(params string[] arguments)
    {
        using Cli cli = new();
        return cli.Run(arguments);
    }

    /// <summary>Runs a command in the folder.</summary>
    public CliResult Run(params string[] arguments) => Run([], arguments);

    /// <summary>Runs a command in the folder with some environment variables; null removes one.</summary>
    public CliResult Run((string Name, string? Value)[] variables, params string[] arguments)
    {
        using Process process = Start(variables, arguments);
        return Finish(process, Patience);
    }

    /// <summary>Runs a command that reads bytes from standard input.</summary>
    public CliResult RunWithInput(byte[] input, params string[] arguments)
    {
        using Process process = Begin([], arguments);
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        return Finish(process, Patience);
    }

    public Process Start((string Name, string? Value)[] variables, params string[] arguments)
    {
        Process process = Begin(variables, arguments);
        process.StandardInput.Close();
        return process;
    }

    private Process Begin((string Name, string? Value)[] variables, string[] arguments)
    {
        string[] command = [.. Interrupts.Prefix, "dotnet", Path.Combine(AppContext.BaseDirectory, "Convolve.Cli.dll"), .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("CONVOLVE_DATA");
        start.Environment.Remove("CONVOLVE_DEBUG");
        start.Environment["CONVOLVE_PROGRAM"] = "convolve";
        start.Environment["COLUMNS"] = "1000"; // texts unfolded, but where a test is about widths
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(Folder, "cache");
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public static CliResult Finish(Process process, TimeSpan? patience = null)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience ?? Usual))
        {
            process.Kill();
            Assert.Fail($"It did not end in {patience ?? Usual}: {string.Join(" ", process.StartInfo.ArgumentList)}");
        }
        return new(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    /// <summary>Waits until the process has written a file.</summary>
    public static void WaitFor(Process process, string file)
    {
        while (!File.Exists(file))
            Assert.False(process.WaitForExit(20), "it ended before its time");
    }

    /// <summary>Sends a signal, as kill does.</summary>
    public static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("bash", ["-c", $"kill -{signal} {process.Id}"]);
        kill.WaitForExit();
    }

    public string At(string path) => Path.Combine(Folder, path);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
