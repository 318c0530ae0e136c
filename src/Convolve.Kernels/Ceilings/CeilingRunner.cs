using System.Diagnostics;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Ceilings;

/// <summary>Runs the loops on one thread, or on all of the team; on the executor thread.</summary>
/// <remarks>The fastest of several runs counts: what other programs take is no property of the machine.</remarks>
internal sealed unsafe class CeilingRunner : ITeamWork, IDisposable
{
    private const int Runs = 4, FirstRuns = 2;
    private const double RunSeconds = 0.005;
    private const long Unit = CeilingLoops.Loads * Pixel.Channels * sizeof(float);
    private readonly BFloat16Loop? _bFloat16 = BFloat16Loop.TryCreate();
    private readonly NativeBuffer _buffer;
    private readonly TeamTask _task;
    private Action<int> _share = _ => { };
    private float _sink;

    /// <param name="largestBytes">The most that is read from, by all threads together.</param>
    /// <exception cref="InsufficientMemoryException">The machine does not give that much.</exception>
    public CeilingRunner(long largestBytes)
    {
        (_buffer, _task) = (new(largestBytes, "measuring the bandwidth"), new(this));
        new Span<float>((void*)_buffer.Address, checked((int)(largestBytes / sizeof(float)))).Fill(1); // pages that are there
    }

    /// <summary>FLOPs each second in float32: a multiply-add is 2.</summary>
    public double Float32(int threads) => Floats16.IsSupported
        ? Best(2.0 * CeilingLoops.Sums * Floats16.Count, threads, (_, rounds) => CeilingLoops.MultiplyAdds<Floats16>(rounds))
        : Best(2.0 * CeilingLoops.Sums * Floats8.Count, threads, (_, rounds) => CeilingLoops.MultiplyAdds<Floats8>(rounds));

    /// <summary>FLOPs each second in bfloat16; null where the processor has none, or the system doesn't run the loop.</summary>
    public double? BFloat16(int threads) => _bFloat16 is not { } loop ? null
        : Best(2.0 * BFloat16Loop.MultiplyAddsPerRound, threads, (_, rounds) =>
        {
            loop.Run(rounds);
            return 0;
        });

    /// <summary>Bytes each second, by each thread from its own piece of memory.</summary>
    /// <param name="bytes">Of a piece, a multiple of <see cref="Unit"/>; all together at most the largest.</param>
    /// <param name="threads">1, or all of the team.</param>
    public double Read(long bytes, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes * threads, _buffer.Bytes);
        long floats = bytes / sizeof(float);
        return Best(bytes, threads, (thread, rounds) => Floats16.IsSupported
            ? CeilingLoops.Read<Floats16>((float*)_buffer.Address + thread * floats, floats / Floats16.Count, rounds)
            : CeilingLoops.Read<Floats8>((float*)_buffer.Address + thread * floats, floats / Floats8.Count, rounds));
    }

    /// <summary>The largest size of <see cref="Read"/> that is at most as large.</summary>
    public static long Whole(double bytes) => Math.Max(1, (long)bytes / Unit) * Unit;

    public void Dispose()
    {
        _task.Dispose();
        _buffer.Dispose();
        _bFloat16?.Dispose();
    }

    void ITeamWork.Run(int thread, int threads) => _share(thread);

    private double Best(double workPerRound, int threads, Func<int, long, float> loop)
    {
        long rounds = 1;
        _share = thread => _sink += loop(thread, rounds);
        while (Fastest(FirstRuns) < RunSeconds)
            rounds *= 2;
        return workPerRound * rounds * threads / Fastest(Runs);

        // What takes long just once was interrupted.
        double Fastest(int runs)
        {
            double seconds = Seconds();
            for (int run = 1; run < runs; run++)
                seconds = Math.Min(seconds, Seconds());
            return seconds;
        }

        double Seconds()
        {
            long start = Stopwatch.GetTimestamp();
            if (threads == 1)
                _share(0);
            else
                ThreadTeam.Run(_task);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
