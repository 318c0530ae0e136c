using Convolve.Execution;
using Convolve.Kernels.Ceilings;
using Convolve.Kernels.Threads;

namespace Convolve.Profiling;

/// <summary>Measures the ceilings of this machine, in some ten seconds.</summary>
/// <remarks>
/// Several times over, and the best counts: what other programs take is no property of the machine. All threads can do what one can.
/// </remarks>
internal static class CeilingMeasurement
{
    private const int Times = 3;
    private const long SmallestPiece = 16 << 10, LargestTotal = 512 << 20;

    /// <summary>Measures.</summary>
    /// <param name="threads">Of the team; 0 for what is usual.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1].</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    /// <exception cref="InsufficientMemoryException">There is no memory to read from.</exception>
    public static Ceilings Measure(int threads, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ThreadTeam.Resize(threads);
        Ceilings? ceilings = null;
        ThreadTeam.Invoke(() => ceilings = All(progress, cancellation));
        return ceilings!;
    }

    private static Ceilings All(IProgress<double>? progress, CancellationToken cancellation)
    {
        int threads = ThreadTeam.Threads;
        List<long> pieces = [];
        for (double piece = SmallestPiece; piece * threads <= LargestTotal; piece *= Math.Sqrt(2))
            pieces.Add(CeilingRunner.Whole(piece));
        using CeilingRunner runner = new(LargestTotal);
        (double All, double One) float32 = default, bFloat16 = default;
        ReadSpeed[] reads = [.. pieces.Select(piece => new ReadSpeed(piece * threads, 0, 0))];
        for (int time = 0; time < Times; time++)
        {
            float32 = Best(float32, runner.Float32(threads), runner.Float32(1));
            bFloat16 = Best(bFloat16, runner.BFloat16(threads) ?? 0, runner.BFloat16(1) ?? 0);
            foreach ((int i, long piece) in pieces.Index())
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report((double)(time * pieces.Count + i) / (Times * pieces.Count));
                (double all, double one) = Best((reads[i].BytesPerSecond, reads[i].OneThreadBytesPerSecond), runner.Read(piece, threads),
                    runner.Read(piece, 1));
                reads[i] = new(reads[i].Bytes, all, one);
            }
        }
        return new()
        {
            Processor = Machine.ProcessorName,
            Threads = threads,
            RegisterBits = Machine.OwnKernelBits,
            Float32FlopsPerSecond = float32.All,
            Float32OneThread = float32.One,
            BFloat16FlopsPerSecond = bFloat16.All > 0 ? bFloat16.All : null,
            BFloat16OneThread = bFloat16.One > 0 ? bFloat16.One : null,
            Reads = reads,
        };
    }

    private static (double All, double One) Best((double All, double One) before, double all, double one) =>
        (Math.Max(before.All, Math.Max(all, one)), Math.Max(before.One, one));
}
