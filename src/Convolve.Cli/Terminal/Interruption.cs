using System.Runtime.InteropServices;

namespace Convolve.Cli.Terminal;

/// <summary>
/// Ctrl+C, SIGTERM and a closed terminal: the first asks for an orderly end, the second ends at once. Where no work is going on, the first
/// ends at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
    // By its number on Linux, since it has no name here.
    private const PosixSignal User1 = (PosixSignal)10;
    private static PosixSignalRegistration[]? _registrations;
    private static Interruption? _current;
    private readonly CancellationTokenSource _source = new();
    private readonly ManualResetEventSlim _ended = new();
    private readonly string _promise;

    /// <param name="promise">What happens after the first one, such as "saving the weights".</param>
    public Interruption(string promise)
    {
        _promise = promise;
        Listen();
        Volatile.Write(ref _current, this);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>
    /// Whether another process hears the signals, says so, and sends this one SIGUSR1 for the first. SIGTERM, which mpirun sends when
    /// another rank has failed, then ends at once.
    /// </summary>
    public static bool IsRelayed { get; set; }

    /// <summary>From here on, a signal ends with the exit code of an interruption.</summary>
    public static void Listen() => _registrations ??=
        Array.ConvertAll(IsRelayed ? [.. Signals, User1] : Signals, signal => PosixSignalRegistration.Create(signal, Handle));

    public void Dispose()
    {
        Interlocked.CompareExchange(ref _current, null, this);
        _source.Dispose();
        _ended.Set();
    }

    private static void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Volatile.Read(ref _current) is not { } work || (IsRelayed && context.Signal == PosixSignal.SIGTERM) || !work.Ask())
            Environment.Exit(Failures.Interrupted);
        else if (OperatingSystem.IsWindows() && context.Signal != PosixSignal.SIGINT)
            work._ended.Wait(); // Windows ends the process, some seconds after the signal, as soon as this returns
    }

    // False if the end has been asked for before.
    private bool Ask()
    {
        if (_source.IsCancellationRequested)
            return false;
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return true; // the work has just ended
        }
        if (!IsRelayed)
            Failures.Say($"{(StandardStreams.IsErrorRedirected ? "" : "\n")}{_promise} (again to quit at once)");
        return true;
    }
}
