using System.Diagnostics;
using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Mpi;

namespace Convolve.Cli.Ranks;

/// <summary>
/// Starts this program several times with mpirun, and waits for all of them. Signals reach this process alone; it hands them on as SIGUSR1.
/// After SIGTERM, mpirun would kill the ranks before they have saved the run.
/// </summary>
internal sealed class RankLauncher : IDisposable
{
    // After a link was cut, mpirun waits for the hosts behind it.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    // Until all ranks are connected; after that they watch each other.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private readonly string _hostFile = Path.GetTempFileName();
    private readonly RankOutput _errors = new(Console.Error.WriteLine);
    private readonly Mpirun _mpirun;
    private readonly IReadOnlyList<RankHost> _hosts;
    private readonly bool _isSingle, _isElastic;

    /// <summary>Checks all that can be checked before anything is started.</summary>
    /// <param name="ranks">How many.</param>
    /// <param name="hosts">A file of hosts; null for this machine.</param>
    /// <param name="isElastic">Whether ranks go on without those that are lost.</param>
    /// <exception cref="UsageException">The ranks can't be started.</exception>
    public RankLauncher(int ranks, string? hosts, bool isElastic)
    {
        _mpirun = Mpirun.Find();
        if (isElastic)
            _mpirun.RequireFaultTolerance();
        _isElastic = isElastic;
        Mpirun.RequireUser();
        _isSingle = hosts is null;
        if (hosts is null)
        {
            _hosts = [new("localhost", ranks)];
        }
        else
        {
            HostFile file = new(hosts);
            _hosts = file.Share(ranks);
            file.RequireNames(_hosts);
        }
        File.WriteAllLines(_hostFile,
            _hosts.Select(host => string.Create(CultureInfo.InvariantCulture, $"{host.Name} slots={host.Ranks}")));
    }

    /// <summary>Runs them to their end.</summary>
    /// <param name="arguments">What each of them is started with.</param>
    /// <param name="typed">The options that started them, for commands in messages.</param>
    /// <param name="interruption">Asks all of them to stop.</param>
    /// <returns>The exit code.</returns>
    public int Run(IReadOnlyList<string> arguments, string typed, CancellationToken interruption)
    {
        using Process mpirun = Start(arguments, typed);
        // Ended in any way, this program takes mpirun with it.
        void End(object? sender, EventArgs e)
        {
            LibC.kill(mpirun.Id, LibC.Terminate);
            Dispose();
        }
        AppDomain.CurrentDomain.ProcessExit += End;
        using CancellationTokenRegistration stop = interruption.Register(() => LibC.kill(mpirun.Id, LibC.User1));
        Task reading = Task.Run(() => Read(mpirun), CancellationToken.None);
        Stopwatch watch = Stopwatch.StartNew();
        bool isLate = false;
        while (!mpirun.WaitForExit(TimeSpan.FromMilliseconds(200)))
        {
            isLate = !_errors.HasJoined && watch.Elapsed > StartPatience;
            if (isLate || (_errors.IsEnding && !mpirun.WaitForExit(EndPatience)))
                mpirun.Kill();
        }
        AppDomain.CurrentDomain.ProcessExit -= End;
        // To the last line; a process that outlives mpirun may keep it open.
        reading.Wait(TimeSpan.FromSeconds(10), CancellationToken.None);
        if (isLate)
        {
            Failures.Say(string.Create(CultureInfo.InvariantCulture,
                $"The ranks didn't connect within {StartPatience.TotalSeconds} s. Check that mpirun can log in to every host, and that ") +
                $"the hosts reach each other. {_errors.Kept}");
            return Failures.Failed;
        }
        int code = CodeOf(mpirun.ExitCode);
        return interruption.IsCancellationRequested ? Failures.Interrupted : code;
    }

    public void Dispose() => File.Delete(_hostFile);

    private Process Start(IReadOnlyList<string> arguments, string typed)
    {
        List<(string, string)> variables =
        [
            (RankEnvironment.Launcher, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)),
            (StartedAs.Variable, ProgramName.Current),
            (RankProcess.Words, typed),
            // .NET would write an escape sequence to the terminal that mpirun gives its ranks.
            ("TERM", "dumb"),
        ];
        if (!Console.IsOutputRedirected)
            variables.Add((RankProcess.Columns, ScreenWidth.Of(isTerminal: true).ToString(CultureInfo.InvariantCulture)));
        // In a session of its own, it doesn't hear the terminal's signals.
        List<string> words = [];
        if (Programs.Find("setsid") is { } session)
            words.Add(session);
        if (Programs.Find("setpriv") is { } privileges)
            words.AddRange([privileges, "--pdeathsig", "TERM"]);
        words.Add(_mpirun.Path);
        words.AddRange(_mpirun.Arguments(_hostFile, _hosts, _isSingle, _isElastic, variables));
        words.AddRange(ProgramWords());
        words.AddRange(arguments);
        ProcessStartInfo start = new(words[0], words.Skip(1)) { RedirectStandardInput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private void Read(Process mpirun)
    {
        while (mpirun.StandardError.ReadLine() is { } line)
            _errors.Add(line.TrimEnd('\r'));
    }

    // mpirun's own code is that of the first rank that failed, or 128 and its signal.
    private int CodeOf(int code)
    {
        // mpirun's own code doesn't count ranks that were lost: the first of those that are left says how the run ended.
        if (_isElastic && _errors.Code is { } known)
            return known;
        if (_isElastic && code == Failures.Success)
            code = Failures.Failed;
        if (code is Failures.Success or Failures.BadInput or Failures.Interrupted || (code == Failures.Failed && _errors.HasRankLines))
            return code;
        if (_errors.Killed is var (rank, host, signal))
            Failures.Say(string.Create(CultureInfo.InvariantCulture,
                $"Rank {rank} ({host}) was ended by signal {signal}{(signal == LibC.Kill ? ", perhaps for lack of memory" : "")}. ") +
                "The run ended on all ranks; resume it from its last checkpoint.");
        else if (!_errors.HasRankLines)
            Failures.Say($"mpirun failed (exit code {code.ToString(CultureInfo.InvariantCulture)}): {_errors.Kept}");
        return Failures.Failed;
    }

    // The program as it was started, by its full path: it is at the same place on every host.
    private static string[] ProgramWords()
    {
        string path = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? [path, Path.GetFullPath(Environment.GetCommandLineArgs()[0])] : [path];
    }
}
