using System.Buffers.Text;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Convolve.Kernels.Threads;

/// <summary>What the system's scheduler reports: what the team's threads lost to other programs, and what the cores have left.</summary>
internal interface IScheduler
{
    /// <summary>
    /// Stopwatch ticks that threads of the team were ready and waited for a core, all together; null where the system doesn't count them.
    /// </summary>
    long? Waited { get; }

    /// <summary>Stopwatch ticks that cores had nothing to do, all together; null where the system doesn't count them.</summary>
    long? Idle { get; }
}

/// <summary>Linux's counters in /proc; elsewhere all are null.</summary>
internal sealed class Scheduler : IScheduler
{
    // One of /proc/stat's ticks is 10 ms on every architecture.
    private const long TicksOfStat = 100;
    private const double Nanoseconds = 1e9;
    private static readonly List<SafeFileHandle> Members = [];
    private static readonly List<long> Waits = []; // of each member, as last read
    private static readonly SafeFileHandle? Cores = Open("/proc/stat");
    private static volatile bool _isCounted = Cores is not null;
    [ThreadStatic]
    private static bool _hasJoined;

    /// <summary>Counts the calling thread as one of the team from now on.</summary>
    public static void Join()
    {
        if (!_hasJoined)
            Add();
    }

    public long? Waited
    {
        get
        {
            if (!_isCounted)
                return null;
            long sum = 0;
            lock (Members)
            {
                for (int i = 0; i < Members.Count; i++)
                    sum += Waits[i] = Field(Members[i], 1) ?? Waits[i]; // of a thread that has ended nothing can be read
            }
            return (long)(sum * (Stopwatch.Frequency / Nanoseconds));
        }
    }

    // cpu user nice system idle ...
    public long? Idle => _isCounted && Field(Cores!, 4) is { } ticks ? ticks * (Stopwatch.Frequency / TicksOfStat) : null;

    private static void Add()
    {
        _hasJoined = true;
        if (!_isCounted)
            return;
        SafeFileHandle? own = Open("/proc/thread-self/schedstat");
        if (own is null)
        {
            _isCounted = false;
            return;
        }
        lock (Members)
        {
            Members.Add(own);
            Waits.Add(0);
        }
    }

    private static SafeFileHandle? Open(string path)
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.OpenHandle(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The number at this place of the first line.
    private static long? Field(SafeFileHandle file, int place)
    {
        Span<byte> bytes = stackalloc byte[256];
        try
        {
            bytes = bytes[..RandomAccess.Read(file, bytes, 0)];
        }
        catch (IOException)
        {
            return null;
        }
        int at = 0;
        foreach (Range range in bytes.SplitAny(" \n"u8))
        {
            if (range.Start.Value == range.End.Value)
                continue; // two spaces follow 'cpu'
            if (at++ == place)
                return Utf8Parser.TryParse(bytes[range], out long number, out _) ? number : null;
        }
        return null;
    }
}
