using System.Runtime.CompilerServices;
using Convolve.Execution;

namespace Convolve.Serving.Batching;

/// <summary>A model with its name, its queue and the network that answers at the moment.</summary>
/// <remarks>A changed file is loaded and prepared beside the running network and then takes its place. Requests that are on their way keep
/// the network they began with, which is disposed after the last of them.</remarks>
internal sealed class ServedModel : IAsyncDisposable
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private readonly Func<ClassifierNetwork> _load;
    private readonly string _file;
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private Task _watching = Task.CompletedTask;
    private NetworkUse _current;

    /// <param name="name">What requests call it.</param>
    /// <param name="path">A run folder, or the model file in it.</param>
    /// <param name="execution">How it runs.</param>
    /// <param name="limits">Of batches and the queue.</param>
    /// <exception cref="Formats.SafeTensorsException">The file is missing, damaged or not a model file of Convolve.</exception>
    public ServedModel(string name, string path, ExecutionOptions execution, BatchLimits limits)
    {
        (Name, _file) = (name, Directory.Exists(path) ? Path.Combine(path, Inference.ModelFile.FileName) : path);
        // Exact: one batch size has one order of summation.
        _load = () => ClassifierNetwork.Load(path, execution, execution.Exact ? 1 : limits.MaxBatch);
        Metrics = new(name);
        _current = new(_load());
        Queue = new(limits.Queue, limits.MaxDelay, Metrics);
    }

    public string Name { get; }

    public ModelMetrics Metrics { get; }

    public BatchQueue Queue { get; }

    /// <summary>The network for one request, until that is disposed.</summary>
    public NetworkUse Use()
    {
        lock (_gate)
            return _current.Add();
    }

    /// <summary>Looks every second whether the file has changed, from here on.</summary>
    /// <param name="say">Reports what became of a change.</param>
    public void Watch(Action<string> say) => _watching = WatchAsync(say);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await Queue.Stop().ConfigureAwait(false);
        Queue.Dispose();
        _current.Dispose();
        _ended.Dispose();
    }

    /// <summary>Loads the file once more, and lets it answer from now on.</summary>
    internal void Reload()
    {
        NetworkUse next = new(_load()), last;
        lock (_gate)
            (last, _current) = (_current, next);
        last.Dispose();
    }

    private async Task WatchAsync(Action<string> say)
    {
        (DateTime, long) loaded = State(), seen = loaded;
        using PeriodicTimer timer = new(WatchInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token).ConfigureAwait(false))
            {
                (DateTime, long) before = seen;
                seen = State();
                // Only what has stayed the same for a second is whole.
                if (seen == loaded || seen != before || seen.Item2 == 0)
                    continue;
                loaded = seen;
                try
                {
                    Reload();
                    say($"{Name}: {_file} has changed; the new weights answer from now on.");
                }
                catch (Exception e) // the old network goes on
                {
                    say($"{Name}: {_file} has changed, but can't be loaded; the old weights keep answering. {e.Message}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private (DateTime Time, long Length) State()
    {
        FileInfo file = new(_file);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }
}

/// <summary>How requests are batched.</summary>
/// <param name="MaxBatch">The most pictures of a batch.</param>
/// <param name="MaxDelay">How long a batch that isn't full waits for more.</param>
/// <param name="Queue">The most pictures that wait.</param>
internal readonly record struct BatchLimits(int MaxBatch, TimeSpan MaxDelay, int Queue);

/// <summary>One of those who use a network; the last one disposes it.</summary>
internal readonly struct NetworkUse : IDisposable
{
    private readonly StrongBox<int> _users;

    /// <summary>The first one.</summary>
    public NetworkUse(ClassifierNetwork network) : this(network, new(1))
    {
    }

    private NetworkUse(ClassifierNetwork network, StrongBox<int> users) => (Network, _users) = (network, users);

    public ClassifierNetwork Network { get; }

    /// <summary>One more; while this one lives.</summary>
    public NetworkUse Add()
    {
        Interlocked.Increment(ref _users.Value);
        return new(Network, _users);
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users.Value) == 0)
            Network.Dispose();
    }
}
