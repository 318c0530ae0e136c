using System.Diagnostics;
using System.Runtime.InteropServices;
using Convolve.Kernels.Threads;

namespace Convolve.Serving.Batching;

/// <summary>
/// Requests that wait for a network, first in, first out. A batch takes what is waiting when the thread of the kernels is free, so that a
/// lone request waits for nobody and a crowd shares batches. Where a batch takes one thread and that of the kernels is idle, the request
/// runs it where it is.
/// </summary>
/// <remarks>
/// Bounded: what doesn't fit is refused at once. A request whose deadline has passed when its turn comes isn't computed. Networks may
/// change while requests wait: each is answered by the network that it was prepared for, and batches don't mix them.
/// </remarks>
internal sealed class BatchQueue : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<BatchWork> _works = new();
    private readonly List<BatchPart> _parts = []; // of the batch that runs
    private readonly List<BatchWork> _expired = [];
    private readonly int _limit;
    private long _delay;
    private readonly ModelMetrics _metrics;
    private readonly Action<Action> _post;
    private readonly Action _run;
    private readonly bool _mayRunHere;
    private readonly Timer? _timer;
    private int _waiting;
    private bool _isPosted, _isDelayed, _isStopping;
    private TaskCompletionSource? _emptied;

    /// <param name="limit">The most pictures that wait.</param>
    /// <param name="delay">How long a batch that isn't full waits for more.</param>
    /// <param name="metrics">Are told of it.</param>
    /// <param name="post">Brings an action to the thread that runs batches, one after the other; null for the executor thread.</param>
    public BatchQueue(int limit, TimeSpan delay, ModelMetrics metrics, Action<Action>? post = null)
    {
        (_limit, _delay, _metrics, _post) = (limit, (long)(delay.TotalSeconds * Stopwatch.Frequency), metrics, post ?? ThreadTeam.Post);
        _run = Run;
        _mayRunHere = post is null && delay == TimeSpan.Zero;
        if (_delay > 0)
            _timer = new(_ => EndDelay());
    }

    /// <summary>Pictures that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Queues a request; its end comes when all of its pictures are answered, or it is refused.</summary>
    public ValueTask<BatchOutcome> Add(BatchWork work)
    {
        int size;
        lock (_gate)
        {
            if (_isStopping)
                return new(BatchOutcome.Stopping);
            if (_waiting + work.Count > _limit)
                return new(BatchOutcome.Full);
            work.Queued = Stopwatch.GetTimestamp();
            _works.Enqueue(work);
            _waiting += work.Count;
            if (!CanRunHere(work))
            {
                Call();
                return work.End;
            }
            _isPosted = true;
            size = Take();
        }
        try
        {
            Run(size);
        }
        finally
        {
            ThreadTeam.End();
        }
        return work.End;
    }

    /// <summary>From here on no batch waits for more pictures, so that a server that stops answers at once.</summary>
    public void EndDelays()
    {
        lock (_gate)
        {
            _delay = 0;
            if (_waiting > 0)
                Call();
        }
    }

    /// <summary>Refuses new requests from here on, and waits until all that wait are answered.</summary>
    public Task Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
            if (!_isPosted && _waiting == 0)
                return Task.CompletedTask;
            _emptied ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isPosted)
                Post();
            return _emptied.Task;
        }
    }

    public void Dispose() => _timer?.Dispose();

    // Under the gate: sees to it that a batch will be taken.
    private void Call()
    {
        if (_isPosted)
            return;
        long now = _delay == 0 ? 0 : Stopwatch.GetTimestamp(), due = _works.Peek().Queued + _delay;
        if (_delay == 0 || _isStopping || _waiting >= _works.Peek().Network.MaxBatch || now >= due)
        {
            Post();
        }
        else if (!_isDelayed)
        {
            _isDelayed = true;
            _timer!.Change(TimeSpan.FromSeconds((double)(due - now) / Stopwatch.Frequency), Timeout.InfiniteTimeSpan);
        }
    }

    // Under the gate: whether the caller may run this request, the only one that waits; then it has taken the place of the executor thread.
    private bool CanRunHere(BatchWork work)
    {
        if (!_mayRunHere || _isPosted || !ThreadTeam.TryBegin())
            return false;
        if (work.Network.IsForOneThread(work.Network.SizeFor(Math.Min(work.Count, work.Network.MaxBatch))))
            return true;
        ThreadTeam.End();
        return false;
    }

    private void Post()
    {
        _isPosted = true;
        _post(_run);
    }

    private void EndDelay()
    {
        lock (_gate)
        {
            _isDelayed = false;
            if (!_isPosted && _waiting > 0)
                Post();
        }
    }

    // One batch, on the thread of the kernels; then the next one is called, so that models take turns.
    private void Run()
    {
        int size;
        lock (_gate)
            size = Take();
        Run(size);
    }

    private void Run(int size)
    {
        foreach (BatchWork work in _expired)
            work.SetEnd(BatchOutcome.Expired, isInline: false);
        _expired.Clear();
        Exception? failure = size > 0 ? Compute(size) : null;
        bool isLast;
        lock (_gate)
        {
            if (failure is not null && _works.TryPeek(out BatchWork? begun) && begun.Taken > 0)
            {
                _waiting -= begun.Count - begun.Taken;
                _works.Dequeue();
            }
            _isPosted = false;
            isLast = _waiting == 0;
            if (_waiting > 0)
                Call();
        }
        foreach (BatchPart part in _parts)
        {
            if (failure is not null)
                part.Work.SetFailure(failure);
            else if (part.First + part.Count == part.Work.Count)
                part.Work.SetEnd(BatchOutcome.Done, isInline: isLast && _parts.Count == 1);
        }
        lock (_gate)
            if (_isStopping && !_isPosted && _waiting == 0)
                _emptied?.TrySetResult();
    }

    // Under the gate: moves what the next batch takes into the parts, and what comes too late to the expired.
    private int Take()
    {
        _parts.Clear();
        long now = Stopwatch.GetTimestamp();
        while (_works.TryPeek(out BatchWork? late) && late.Taken == 0 && late.Deadline < now)
        {
            _waiting -= late.Count;
            _expired.Add(_works.Dequeue());
        }
        if (!_works.TryPeek(out BatchWork? first))
            return 0;
        int waiting = 0;
        foreach (BatchWork work in _works)
        {
            if (work.Network != first.Network || waiting >= first.Network.MaxBatch)
                break;
            waiting += work.Count - work.Taken;
        }
        int size = first.Network.SizeFor(Math.Min(waiting, first.Network.MaxBatch)), room = Math.Min(size, waiting);
        while (room > 0)
        {
            BatchWork work = _works.Peek();
            int count = Math.Min(room, work.Count - work.Taken);
            if (work.Taken == 0)
                _metrics.QueueSeconds.Record(Stopwatch.GetElapsedTime(work.Queued, now).TotalSeconds);
            _parts.Add(new(work, work.Taken, count));
            work.Taken += count;
            _waiting -= count;
            room -= count;
            if (work.Taken == work.Count)
                _works.Dequeue();
        }
        return size;
    }

    private Exception? Compute(int size)
    {
        Span<BatchPart> parts = CollectionsMarshal.AsSpan(_parts);
        int count = 0;
        foreach (BatchPart part in parts)
            count += part.Count;
        long start = Stopwatch.GetTimestamp();
        try
        {
            parts[0].Work.Network.Run(parts, size);
        }
        catch (Exception e) // a request's failure, not that of the thread that serves all others
        {
            return e;
        }
        _metrics.ComputeSeconds.Record(Stopwatch.GetElapsedTime(start).TotalSeconds);
        _metrics.BatchSize.Record(count);
        return null;
    }
}
