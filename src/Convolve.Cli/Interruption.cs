using System.Runtime.InteropServices;

namespace Convolve.Cli;

/// <summary>Ctrl+C, SIGTERM and a closed terminal: the first asks for an orderly end, the second ends at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly string _promise;

    /// <param name="promise">What happens after the first one, such as "saving the weights".</param>
    public Interruption(string promise)
    {
        _promise = promise;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle)];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_source.IsCancellationRequested)
            Environment.Exit(Failures.Interrupted);
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return; // the work has just ended
        }
        Failures.Say($"{(Console.IsErrorRedirected ? "" : "\n")}{_promise} (again to end at once)");
    }
}
