using System.Diagnostics;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Trainings that a signal or a full disk ends.</summary>
public sealed class TrainEndTests
{
    [InterruptTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void ASignalSavesTheWeights(string signal)
    {
        using Cli cli = new();
        using Process process = cli.Start([], "train", "lenet5", "--data", "fashion-mnist", "--limit", "2000", "--epochs", "100000",
            "--out", "run", "--json");
        Cli.WaitFor(process, cli.At("run/model.safetensors"));
        Cli.Signal(process, signal);
        CliResult result = Cli.Finish(process);
        Assert.Equal((130, ""), (result.Status, result.Output));
        Assert.EndsWith(" completed\nconvolve: to resume: convolve train --resume run\n", result.Errors, StringComparison.Ordinal);
        Assert.Contains("convolve: interrupted: run/model.safetensors has the weights of epoch ", result.Errors, StringComparison.Ordinal);
        TrainTests.AssertLoadable(cli.At("run"));
        Assert.Equal(0, cli.Run("evaluate", "run").Status);
    }

    [InterruptFact]
    public void ASecondSignalEndsAtOnce()
    {
        using Cli cli = new();
        using Process process = cli.Start([], "train", "alexnet-d2l", "--data", "fashion-mnist", "--limit", "600", "--batch-size", "500",
            "--epochs", "100000", "--out", "run");
        Cli.WaitFor(process, cli.At("run/recipe.json"));
        // The first is answered between two steps, and one of these takes much longer than the time between the signals.
        Cli.Signal(process, "INT");
        Thread.Sleep(50);
        Cli.Signal(process, "INT");
        Assert.Equal(130, Cli.Finish(process).Status);
    }

    [NeedsFact(Feature.Mounting)]
    public void ADiskWithoutRoomIsRefusedAndOneThatFillsUpFailsTheRun()
    {
        using Cli cli = new();
        Directory.CreateDirectory(cli.At("small"));
        Assert.True(Mounted("mount", "-t", "tmpfs", "-o", "size=3M", "tmpfs", cli.At("small")));
        try
        {
            string[] training = ["train", "lenet5", "--data", "fashion-mnist", "--limit", "1000", "--epochs", "300", "--out", "small/run",
                "--json"];
            using (Process process = cli.Start([], training))
            {
                Cli.WaitFor(process, cli.At("small/run/model.safetensors"));
                File.WriteAllBytes(cli.At("small/other"), new byte[1_500_000]);
                CliResult result = Cli.Finish(process);
                Assert.Equal((1, ""), (result.Status, result.Output));
                Assert.Matches(@"\nconvolve: Cannot write '.+/small/run/.+': disk full\. Free space on .+\n$", result.Errors);
            }
            File.WriteAllBytes(cli.At("small/more"), new byte[100_000]);
            CliResult refused = cli.Run([.. training[..^2], "small/other-run", "--json"]);
            Assert.Equal((2, ""), (refused.Status, refused.Output));
            Assert.Matches(
                @"convolve: The run needs \d\.\d MiB on the disk of small/other-run: 2 checkpoints of 0\.\d MiB, one more while it is " +
                @"written, and the best weights of 0\.2 MiB; "
                + @"only 0\.\d MiB is free\. Free some space, choose another folder, or don't save checkpoints, " +
                @"which takes 0\.5 MiB\. See --out and --no-checkpoint\.\n$", refused.Errors);
            Assert.False(Directory.Exists(cli.At("small/other-run")));
        }
        finally
        {
            _ = Mounted("umount", cli.At("small"));
        }
    }

    private static bool Mounted(string program, params string[] arguments)
    {
        using var mount = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        mount.WaitForExit();
        return mount.ExitCode == 0;
    }
}
