namespace Convolve.Data.Caching;

/// <summary>Makes the pictures of an epoch ahead of the steps that need them, on threads of its own, while these compute.</summary>
internal sealed class PictureFiller : IDisposable
{
    private readonly PictureCache _cache;
    private readonly int[] _order;
    private readonly Thread[] _threads;
    private int _next = -1;
    private volatile bool _isDisposed;

    /// <param name="cache">Where they are kept.</param>
    /// <param name="order">The pictures, in the order in which they are needed.</param>
    /// <param name="threads">How many threads decode.</param>
    public PictureFiller(PictureCache cache, int[] order, int threads)
    {
        (_cache, _order) = (cache, order);
        _threads = [.. Enumerable.Range(0, Math.Min(threads, order.Length)).Select(_ => new Thread(Work)
        {
            IsBackground = true,
            Name = "pictures",
            Priority = ThreadPriority.BelowNormal,
        })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Ends the threads after the picture that each is at.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (Thread thread in _threads)
            thread.Join();
    }

    private void Work()
    {
        for (int i; !_isDisposed && (i = Interlocked.Increment(ref _next)) < _order.Length;)
            _cache.Prepare(_order[i]);
    }
}
