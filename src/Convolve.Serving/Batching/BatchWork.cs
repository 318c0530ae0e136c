using System.Threading.Tasks.Sources;

namespace Convolve.Serving.Batching;

/// <summary>What became of a request.</summary>
internal enum BatchOutcome
{
    /// <summary>It is answered.</summary>
    Done,

    /// <summary>The queue was full.</summary>
    Full,

    /// <summary>Its time was over before its turn came; it was not computed.</summary>
    Expired,

    /// <summary>The queue takes no more.</summary>
    Stopping,
}

/// <summary>The pictures of one request, on their way through the queue.</summary>
internal sealed class BatchWork : IValueTaskSource<BatchOutcome>
{
    private ManualResetValueTaskSourceCore<BatchOutcome> _end; // not readonly: it is a struct that changes

    /// <param name="network">Which one they were prepared for.</param>
    /// <param name="inputs">[count, input]; at least as long.</param>
    /// <param name="count">The pictures.</param>
    /// <param name="deadline">When it is too late to begin, as Stopwatch.GetTimestamp counts.</param>
    public BatchWork(IBatchNetwork network, float[] inputs, int count, long deadline)
    {
        (Network, Inputs, Count, Deadline) = (network, inputs, count, deadline);
        Outputs = new float[count * network.OutputLength];
    }

    public IBatchNetwork Network { get; }

    public float[] Inputs { get; }

    public int Count { get; }

    public long Deadline { get; }

    /// <summary>[count, output].</summary>
    public float[] Outputs { get; }

    /// <summary>When it was queued.</summary>
    public long Queued { get; set; }

    /// <summary>Pictures that are in a batch, or were.</summary>
    public int Taken { get; set; }

    /// <summary>The end, to be awaited once.</summary>
    public ValueTask<BatchOutcome> End => new(this, _end.Version);

    /// <summary>Ends it.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="isInline">Whether who waits for it continues on this thread, which saves a change of threads.</param>
    public void SetEnd(BatchOutcome outcome, bool isInline)
    {
        _end.RunContinuationsAsynchronously = !isInline;
        _end.SetResult(outcome);
    }

    public void SetFailure(Exception exception)
    {
        _end.RunContinuationsAsynchronously = true;
        _end.SetException(exception);
    }

    BatchOutcome IValueTaskSource<BatchOutcome>.GetResult(short token) => _end.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<BatchOutcome>.GetStatus(short token) => _end.GetStatus(token);

    void IValueTaskSource<BatchOutcome>.OnCompleted(Action<object?> continuation, object? state, short token,
        ValueTaskSourceOnCompletedFlags flags) => _end.OnCompleted(continuation, state, token, flags);
}
