using System.Diagnostics;

namespace Convolve.Cli.Tests;

/// <summary>
/// A shell without job control starts what stands before an &amp; with Ctrl+C (SIGINT) ignored, and every process below inherits that:
/// POSIX, "Asynchronous Lists". Tests that such a shell runs, as scripts and CI do, would send a SIGINT that nobody hears, and nohup does
/// the same to SIGHUP. GNU env starts a program with both as usual.
/// </summary>
internal static class Interrupts
{
    private const int Interrupt = 2, HangUp = 1;

    /// <summary>What a command line begins with, so that its program hears both signals; empty where there is no GNU env.</summary>
    public static string[] Prefix { get; } = HasEnv() ? ["env", "--default-signal=INT,HUP"] : [];

    /// <summary>Why tests that send these signals cannot run here; null where they can.</summary>
    public static string? Obstacle { get; } = Prefix.Length > 0 || !IsIgnored() ? null
        : "SIGINT or SIGHUP is ignored here, by inheritance from a shell's & or nohup, and there is no GNU env to undo it.";

    private static bool HasEnv()
    {
        try
        {
            using Process env = Process.Start(new ProcessStartInfo("env",
                ["--default-signal=INT,HUP", "true"])
            { RedirectStandardError = true, RedirectStandardOutput = true })!;
            env.WaitForExit();
            return env.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static bool IsIgnored()
    {
        const string Field = "SigIgn:";
        string? line = File.Exists("/proc/self/status")
            ? File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal)) : null;
        return line is not null && (Convert.ToUInt64(line[Field.Length..].Trim(), 16) & (1UL << (Interrupt - 1) | 1UL << (HangUp - 1)))
            != 0;
    }
}

/// <summary>A test that sends SIGINT or SIGHUP; skipped where nobody would hear it.</summary>
internal sealed class InterruptFactAttribute : FactAttribute
{
    public InterruptFactAttribute() => Skip = Interrupts.Obstacle;
}

/// <summary>Tests that send SIGINT or SIGHUP; skipped where nobody would hear it.</summary>
internal sealed class InterruptTheoryAttribute : TheoryAttribute
{
    public InterruptTheoryAttribute() => Skip = Interrupts.Obstacle;
}
