using System.Diagnostics;

namespace Convolve.Cli.Tests.Terminal;

/// <summary>
/// Standard streams that are closed, full or left by their reader, a current folder that is gone, and signals in the first moments.
/// </summary>
public sealed class StreamTests : IDisposable
{
    private static readonly string Program = $"dotnet {Path.Combine(AppContext.BaseDirectory, "Convolve.Cli.dll")}";
    private readonly Cli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("convolve train lenet6 2>&-", 2, "")]
    [InlineData("convolve train lenet6 >&- 2>&-", 2, "")]
    [InlineData("convolve train lenet6 --data mnist 2>/dev/full", 2, "")]
    [InlineData("convolve summary lenet5 >&-", 1, "convolve: can't write to standard output: it is closed\n")]
    [InlineData("convolve summary lenet5 --json >/dev/full", 1, "convolve: can't write to standard output: disk full\n")]
    [InlineData("convolve --help >/dev/full", 1, "convolve: can't write to standard output: disk full\n")]
    [InlineData("convolve summary </dev/null | head -n 1 >/dev/null", 0, "")]
    [InlineData("mkdir gone; cd gone; rmdir ../gone; convolve train lenet5 --data fashion-mnist --limit 100 --epochs 1 --quiet", 2,
        "convolve: The current folder was deleted. Change to another one with cd.\n")]
    [InlineData("mkdir gone; cd gone; rmdir ../gone; convolve --version >/dev/null", 0, "")]
    public void The_exit_code_and_the_message_are_right(string script, int status, string errors) =>
        Assert.Equal((status, errors), Run(script));

    [Fact]
    public void A_training_whose_log_cannot_be_written_is_saved_all_the_same()
    {
        (int status, string errors) =
            Run("convolve train lenet5 --data fashion-mnist --limit 60 --batch-size 20 --epochs 1 --out run >/dev/full");
        Assert.Equal((1, "convolve: can't write to standard output: disk full\n"), (status, errors));
        Assert.True(File.Exists(_cli.At("run/report.html")));
    }

    // Before the program's first line the system's own status is right: it is waited for by what it has opened.
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_before_the_work_ends_as_an_interruption(string signal)
    {
        using Process process = _cli.Start([], "summary", "resnet110", "--plan");
        string maps = $"/proc/{process.Id}/maps";
        while (!File.ReadAllText(maps).Contains("System.CommandLine.dll", StringComparison.Ordinal))
            Assert.False(process.WaitForExit(5), "it ended before its time");
        Cli.Signal(process, signal);
        CliResult result = Cli.Finish(process);
        Assert.True(result.Status is 130 || (result.Status, result.Errors) == (0, ""), $"{result.Status}: {result.Errors}");
        Assert.DoesNotContain("unexpected", result.Errors, StringComparison.Ordinal);
    }

    private (int Status, string Errors) Run(string script)
    {
        ProcessStartInfo start = new("bash", ["-c", $"convolve() {{ {Program} \"$@\"; }}; set -o pipefail; {script}"])
        {
            WorkingDirectory = _cli.Folder,
            RedirectStandardError = true,
        };
        start.Environment["CONVOLVE_PROGRAM"] = "convolve";
        start.Environment.Remove("COLUMNS");
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }
}
