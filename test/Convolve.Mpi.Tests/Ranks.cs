using System.Diagnostics;
using System.Globalization;

namespace Convolve.Mpi.Tests;

/// <summary>What a run of several ranks came to.</summary>
/// <param name="Status">mpirun's exit code.</param>
/// <param name="Lines">Of the ranks, sorted; each begins with its rank.</param>
/// <param name="Errors">What mpirun and the ranks wrote to standard error.</param>
internal sealed record RanksResult(int Status, string[] Lines, string Errors)
{
    /// <summary>The lines of a rank, in order.</summary>
    public string[] Of(int rank)
    {
        string prefix = string.Create(CultureInfo.InvariantCulture, $"{rank}: ");
        return [.. Lines.Where(line => line.StartsWith(prefix, StringComparison.Ordinal)).Select(line => line[prefix.Length..])];
    }
}

/// <summary>The probe as several processes under mpirun.</summary>
internal sealed class Ranks : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Process _mpirun;
    private readonly List<string> _lines = [];
    private readonly Task<string> _errors;

    private Ranks(int ranks, string[] arguments)
    {
        // More ranks than cores, and as root in a container.
        ProcessStartInfo start = new("mpirun", ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np",
            ranks.ToString(CultureInfo.InvariantCulture), "dotnet", Path.Combine(AppContext.BaseDirectory, "Convolve.Mpi.Probe.dll"),
            .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Otherwise .NET writes an escape sequence to the terminal that mpirun gives its ranks.
        start.Environment["TERM"] = "dumb";
        _mpirun = Process.Start(start)!;
        _mpirun.StandardInput.Close();
        _mpirun.OutputDataReceived += (_, line) =>
        {
            lock (_lines)
                if (line.Data is { } text)
                    _lines.Add(text.TrimEnd('\r'));
        };
        _mpirun.BeginOutputReadLine();
        _errors = _mpirun.StandardError.ReadToEndAsync();
    }

    /// <summary>Runs all ranks to their end.</summary>
    public static RanksResult Run(int ranks, params string[] arguments)
    {
        using Ranks run = new(ranks, arguments);
        return run.Finish();
    }

    public static Ranks Start(int ranks, params string[] arguments) => new(ranks, arguments);

    /// <summary>Waits for a line that begins so, and returns the rest of it.</summary>
    public string WaitFor(string beginning)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < Patience)
        {
            lock (_lines)
                if (_lines.Find(line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } found)
                    return found[beginning.Length..];
            Thread.Sleep(20);
        }
        throw new TimeoutException($"No line begins with \"{beginning}\".");
    }

    public void Kill() => _mpirun.Kill();

    public RanksResult Finish()
    {
        if (!_mpirun.WaitForExit(Patience))
        {
            _mpirun.Kill(entireProcessTree: true);
            Assert.Fail($"It did not end in {Patience}: {string.Join('\n', _lines)}");
        }
        _mpirun.WaitForExit();
        lock (_lines)
            return new(_mpirun.ExitCode, [.. _lines.OrderBy(line => line.Split(':')[0], StringComparer.Ordinal)], _errors.Result);
    }

    public void Dispose() => _mpirun.Dispose();
}
