using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Parameters;

/// <summary>A pass over the parameters, as flat loops over arenas.</summary>
/// <param name="ranges">Of those that it takes.</param>
internal abstract unsafe class ArenaKernel(IReadOnlyList<ArenaRange> ranges) : ITeamWork, IDisposable
{
    protected const int Lanes = 16;
    private TeamTask? _task;

    /// <summary>Runs it on the team; on the executor thread.</summary>
    public void Run() => ThreadTeam.Run(_task ??= new(this));

    public virtual void Run(int thread, int threads)
    {
        for (int i = 0; i < ranges.Count; i++)
        {
            // Arenas are whole cache lines long, so every share is whole vectors.
            long lines = (ranges[i].Bytes + 63) / 64, first = lines * thread / threads, count = lines * (thread + 1) / threads - first;
            if (count > 0)
                Run(thread, ranges[i].Offset + first * 64, count * Lanes);
        }
    }

    public virtual void Dispose() => _task?.Dispose();

    /// <summary>The share of a thread in one parameter.</summary>
    /// <param name="thread">From 0.</param>
    /// <param name="offset">Of the share in every arena, in bytes.</param>
    /// <param name="count">Floats, a multiple of 16.</param>
    protected abstract void Run(int thread, long offset, long count);

    protected static float* At(NativeBuffer arena, long offset, long count) => (float*)arena.At(offset, count * sizeof(float));
}

/// <summary>
/// The length of the gradients that count, as one vector: the root of the sum of their squares. The same bits at the same number of
/// threads.
/// </summary>
/// <param name="gradients">The arena of all gradients.</param>
/// <param name="ranges">Of those that count.</param>
internal sealed unsafe class GradientNormKernel(NativeBuffer gradients, IReadOnlyList<ArenaRange> ranges) : ArenaKernel(ranges)
{
    // A cache line for each thread's sum.
    private const int Stride = 8, Chunk = 1 << 12;
    private readonly double[] _sums = new double[ThreadTeam.MostThreads * Stride];

    /// <summary>Measures it; on the executor thread.</summary>
    public double Measure()
    {
        Run();
        double sum = 0;
        for (int thread = 0; thread < ThreadTeam.Threads; thread++)
            sum += _sums[thread * Stride];
        return Math.Sqrt(sum);
    }

    public override void Run(int thread, int threads)
    {
        _sums[thread * Stride] = 0;
        base.Run(thread, threads);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(int thread, long offset, long count)
    {
        float* g = At(gradients, offset, count);
        double sum = 0;
        for (long from = 0; from < count; from += Chunk)
        {
            long to = Math.Min(count, from + Chunk);
            Vector512<float> squares = Vector512<float>.Zero;
            for (long i = from; i < to; i += Lanes)
            {
                Vector512<float> value = Vector512.LoadAligned(g + i);
                squares = Vector512.FusedMultiplyAdd(value, value, squares);
            }
            sum += Vector512.Sum(squares);
        }
        _sums[thread * Stride] += sum;
    }
}

/// <summary>
/// Adds up the gradients of the parts of a batch, each with its share of the images, and leaves the sum where the optimizer looks for it.
/// </summary>
/// <param name="gradients">The arena of all gradients.</param>
/// <param name="ranges">Of those that are summed.</param>
internal sealed unsafe class GradientSumKernel(NativeBuffer gradients, IReadOnlyList<ArenaRange> ranges) : ArenaKernel(ranges)
{
    private readonly NativeBuffer _sum = new(gradients.Bytes, "the gradients of earlier parts of a batch");
    private Vector512<float> _share;
    private bool _isFirst, _isLast;

    /// <summary>Memory of the sum.</summary>
    public long MemoryBytes => _sum.Bytes;

    /// <summary>Adds the gradients of the part that ran last; on the executor thread.</summary>
    /// <param name="share">The part's share of the batch, in (0, 1].</param>
    /// <param name="isFirst">Whether the sum begins with it.</param>
    /// <param name="isLast">Whether the sum goes back to the gradients with it.</param>
    public void Add(float share, bool isFirst, bool isLast)
    {
        (_share, _isFirst, _isLast) = (Vector512.Create(share), isFirst, isLast);
        Run();
    }

    public override void Dispose()
    {
        base.Dispose();
        _sum.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(int thread, long offset, long count)
    {
        float* g = At(gradients, offset, count), sum = At(_sum, offset, count), target = _isLast ? g : sum;
        Vector512<float> share = _share;
        for (long i = 0; i < count; i += Lanes)
        {
            Vector512<float> part = Vector512.LoadAligned(g + i) * share;
            Vector512.StoreAligned(_isFirst ? part : Vector512.LoadAligned(sum + i) + part, target + i);
        }
    }
}

/// <summary>A running mean of the weights and of what is kept besides, and its exchange with them for an evaluation.</summary>
/// <param name="weights">Their arena.</param>
/// <param name="average">The arena of the mean.</param>
/// <param name="ranges">Of all that is averaged.</param>
internal sealed unsafe class WeightAverageKernel(NativeBuffer weights, NativeBuffer average, IReadOnlyList<ArenaRange> ranges)
    : ArenaKernel(ranges)
{
    private Vector512<float> _rest;
    private bool _isExchange;

    /// <summary>Moves the mean towards the weights; on the executor thread.</summary>
    /// <param name="decay">The share of the mean that stays, in [0, 1).</param>
    public void Update(float decay)
    {
        (_rest, _isExchange) = (Vector512.Create(1 - decay), false);
        Run();
    }

    /// <summary>
    /// Puts the mean in the weights' place and the weights in its; on the executor thread. Copies of the weights are out of date then.
    /// </summary>
    public void Exchange()
    {
        _isExchange = true;
        Run();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(int thread, long offset, long count)
    {
        float* w = At(weights, offset, count), mean = At(average, offset, count);
        Vector512<float> rest = _rest;
        for (long i = 0; i < count; i += Lanes)
        {
            Vector512<float> weight = Vector512.LoadAligned(w + i), old = Vector512.LoadAligned(mean + i);
            if (_isExchange)
                Vector512.StoreAligned(old, w + i);
            Vector512.StoreAligned(_isExchange ? weight : Vector512.FusedMultiplyAdd(rest, weight - old, old), mean + i);
        }
    }
}
