using System.Diagnostics;

namespace Convolve.Data.Fetching;

/// <summary>The rate of a transfer over its last seconds.</summary>
internal sealed class TransferRate
{
    private const int Slots = 20;
    private static readonly TimeSpan SlotTime = TimeSpan.FromSeconds(0.25);
    private readonly (long Time, long Bytes)[] _slots = new (long, long)[Slots];
    private int _count;

    /// <summary>The mean over the last five seconds; 0 before there are two moments to compare.</summary>
    public double BytesPerSecond { get; private set; }

    /// <summary>Takes down how many bytes there are now.</summary>
    public void Add(long bytes)
    {
        long now = Stopwatch.GetTimestamp();
        (long Time, long Bytes) first = _slots[_count < Slots ? 0 : _count % Slots];
        if (_count > 0 && Stopwatch.GetElapsedTime(first.Time, now) is { TotalSeconds: > 0.05 } passed)
            BytesPerSecond = (bytes - first.Bytes) / passed.TotalSeconds;
        if (_count > 0 && Stopwatch.GetElapsedTime(_slots[(_count - 1) % Slots].Time, now) < SlotTime)
            return;
        _slots[_count++ % Slots] = (now, bytes);
    }
}
