using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Convolve.Cli.Tests.Documents;

/// <summary>Every command that is printed can be pasted: it begins with what started the program, and runs.</summary>
public sealed class PastedCommandTests : IDisposable
{
    private const string Typed = "'./my convolve'";
    private readonly Cli _cli = new();

    public PastedCommandTests()
    {
        string program = _cli.At("my convolve");
        File.WriteAllText(program,
            $"#!/usr/bin/env bash\nprintf -v CONVOLVE_PROGRAM \"'%s'\" \"$0\"\nexport CONVOLVE_PROGRAM\nexec dotnet " +
            $"'{Path.Combine(AppContext.BaseDirectory, "Convolve.Cli.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void What_a_training_and_a_search_print_runs_as_it_is()
    {
        string printed = Run(0, $"{Typed} train lenet5 --data fashion-mnist --limit 60 --batch-size 20 --epochs 1 --out 'my run'")
            + Run(0, $"{Typed} lr-find lenet5 --data fashion-mnist --limit 60 --batch-size 20 --epochs 1 --steps 40")
            + Run(0, $"{Typed} train lenet5 --data fashion-mnist --limit 60 --batch-size 20 --epochs 99 --time-limit 1s --out cut");
        string[] commands = [.. Regex.Matches(printed, $@"(?m)(?<=^ *|: ){Typed} .*?(?=   |$)").Select(m => m.Value).Distinct()];
        Assert.True(commands.Length >= 5, printed);
        Assert.Contains($"{Typed} evaluate 'my run' --split validation", commands);
        Assert.Contains($"{Typed} train --resume cut", commands);
        Assert.DoesNotMatch(@"(?<!\./my )\bconvolve (train|evaluate|report|lr-find|data|summary)\b", printed);
        Assert.All(commands, command => Run(0, command.Contains("--resume", StringComparison.Ordinal) ? $"{command} --time-limit 1s"
            : command));
    }

    [Fact]
    public void Messages_and_help_name_it_too()
    {
        Assert.Contains($"See '{Typed} --help'", Run(2, $"{Typed} trian"), StringComparison.Ordinal);
        Assert.Contains($"  {Typed} summary [<NET>] [options]", Run(0, $"{Typed} summary --help"), StringComparison.Ordinal);
        Assert.Contains($"`{Typed} train` printed", Run(2, $"{Typed} evaluate nowhere"), StringComparison.Ordinal);
        Directory.CreateDirectory(_cli.At("photos/a"));
        Directory.CreateDirectory(_cli.At("photos/b"));
        File.WriteAllText(_cli.At("photos/a/1.png"), "no picture");
        File.WriteAllText(_cli.At("photos/b/1.png"), "no picture");
        Assert.Contains($"`{Typed} data verify folder:", Run(2, $"{Typed} train lenet5 --data folder:photos"), StringComparison.Ordinal);
        Assert.Contains($"`{Typed} data fetch mnist --data-dir photos`", Run(2, $"{Typed} train lenet5 --data mnist --data-dir photos"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Started_without_a_launcher_it_names_what_was_typed()
    {
        string dll = Path.Combine(AppContext.BaseDirectory, "Convolve.Cli.dll"),
            host = Path.Combine(AppContext.BaseDirectory, "Convolve.Cli");
        Assert.Contains($"See 'dotnet {dll} --help'.", Run(2, $"unset CONVOLVE_PROGRAM; dotnet {dll} trian"), StringComparison.Ordinal);
        File.CreateSymbolicLink(_cli.At("conv"), host);
        Assert.Contains("See './conv --help'.", Run(2, "unset CONVOLVE_PROGRAM; ./conv trian"), StringComparison.Ordinal);
        Assert.Contains("See 'conv --help'.", Run(2, "unset CONVOLVE_PROGRAM; PATH=$PATH:$PWD; conv trian"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_leading_tilde_is_the_home_folder_where_a_shell_leaves_it()
    {
        Directory.CreateDirectory(_cli.At("photos"));
        Assert.Contains($"{_cli.At("photos")} ", Run(2, "HOME=$PWD; export HOME; './my convolve' data verify folder:~/photos"),
            StringComparison.Ordinal);
        Run(0, "HOME=$PWD; export HOME; './my convolve' summary lenet5 --svg=~/net.svg");
        Assert.True(File.Exists(_cli.At("net.svg")));
    }

    private string Run(int status, string command)
    {
        ProcessStartInfo start = new("bash", ["-c", command])
        {
            WorkingDirectory = _cli.Folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true
        };
        start.Environment.Remove("COLUMNS");
        using Process process = Process.Start(start)!;
        CliResult result = Cli.Finish(process);
        Assert.True(result.Status == status, $"{command}: {result.Status} {result.Output}{result.Errors}");
        return result.Output + result.Errors;
    }
}
