namespace Convolve.Kernels.Threads;

/// <summary>The jobs that wait for the executor thread, in the order of their arrival.</summary>
#pragma warning disable CA1001 // lives as long as the process
internal sealed class JobQueue
#pragma warning restore CA1001
{
    private readonly List<Job> _jobs = [];
    private readonly SemaphoreSlim _changes = new(0);
    private volatile int _count;

    /// <summary>How many wait.</summary>
    public int Count => _count;

    public void Add(Job job)
    {
        lock (_jobs)
        {
            _jobs.Add(job);
            _count = _jobs.Count;
            _changes.Release();
        }
    }

    /// <summary>Has <see cref="Take"/> look again.</summary>
    public void Wake() => _changes.Release();

    /// <summary>Waits for a job; on the executor thread.</summary>
    /// <param name="isWanted">Which ones; others stay.</param>
    /// <param name="until">Ends the wait with null, looked at after each change.</param>
    public Job? Take(Predicate<Job> isWanted, Func<bool> until)
    {
        while (true)
        {
            if (until())
                return null;
            if (TryTake(isWanted) is { } job)
                return job;
            _changes.Wait();
        }
    }

    /// <summary>The first job that is wanted, if there is one.</summary>
    public Job? TryTake(Predicate<Job> isWanted)
    {
        lock (_jobs)
        {
            int index = _jobs.FindIndex(isWanted);
            if (index < 0)
                return null;
            Job job = _jobs[index];
            _jobs.RemoveAt(index);
            _count = _jobs.Count;
            _changes.Wait(0); // its own release, unless that is what woke the caller
            return job;
        }
    }
}
