using System.Runtime.CompilerServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

//     for each parameter, each vector of the thread's share of its lines:  norm += g g;  or  sum += share g;  or  mean += rest (w - mean)
//
// g, sum, w, mean  arenas of float32, a parameter at the same place in each, in whole lines of 16
// Registers: one vector of sums, for 4,096 numbers; then it is added to a float64. Bound: memory; every number is read once and, but for
// the norm, written once.

/// <summary>A pass over the parameters, as flat loops over arenas.</summary>
/// <param name="ranges">Of those that it takes.</param>
internal abstract unsafe class ArenaKernel(IReadOnlyList<ArenaRange> ranges) : ITeamWork, IDisposable
{
    /// <summary>Of a cache line, and of both vector types that a pass is made for.</summary>
    protected const int LineFloats = 16;
    private TeamTask? _task;

    /// <summary>Runs it on the team; on the executor thread.</summary>
    public void Run() => ThreadTeam.Run(_task ??= new(this));

    public virtual void Run(int thread, int threads)
    {
        for (int i = 0; i < ranges.Count; i++)
        {
            // Arenas are whole cache lines long, so every share is whole vectors.
            long lines = LinesOf(ranges[i]), first = lines * thread / threads, count = lines * (thread + 1) / threads - first;
            if (count > 0)
                RunWidest(thread, ranges[i].Offset + first * 64, count * LineFloats);
        }
    }

    public virtual void Dispose() => _task?.Dispose();

    /// <summary>Cache lines of a parameter.</summary>
    protected static long LinesOf(ArenaRange range) => (range.Bytes + 63) / 64;

    /// <summary>A piece of one parameter, with the widest vectors.</summary>
    protected void RunWidest(int piece, long offset, long count)
    {
        if (Floats8.IsWidest)
            Run<Floats8x2>(piece, offset, count);
        else
            Run<Floats16>(piece, offset, count);
    }

    /// <summary>A piece of one parameter: the share of a thread, or what a pass divides it into.</summary>
    /// <param name="thread">Of the share, or the number of the piece, from 0.</param>
    /// <param name="offset">Of the piece in every arena, in bytes.</param>
    /// <param name="count">Floats, a multiple of 16.</param>
    protected abstract void Run<T>(int thread, long offset, long count) where T : unmanaged, IFloats<T>;

    protected static float* At(NativeBuffer arena, long offset, long count) => (float*)arena.At(offset, count * sizeof(float));
}

/// <summary>
/// The length of the gradients that count, as one vector: the root of the sum of their squares. The same bits for any number of threads.
/// </summary>
internal sealed unsafe class GradientNormKernel : ArenaKernel
{
    private const int Chunk = 1 << 12;
    private readonly NativeBuffer _gradients;
    private readonly IReadOnlyList<ArenaRange> _ranges;
    private readonly double[] _sums; // of each chunk of each range

    /// <param name="gradients">The arena of all gradients.</param>
    /// <param name="ranges">Of those that count.</param>
    public GradientNormKernel(NativeBuffer gradients, IReadOnlyList<ArenaRange> ranges) : base(ranges) =>
        (_gradients, _ranges, _sums) = (gradients, ranges, new double[ranges.Sum(ChunksOf)]);

    /// <summary>Measures it; on the executor thread.</summary>
    public double Measure()
    {
        Run();
        double sum = 0;
        foreach (double part in _sums)
            sum += part;
        return Math.Sqrt(sum);
    }

    public override void Run(int thread, int threads)
    {
        int before = 0;
        foreach (ArenaRange range in _ranges)
        {
            int chunks = ChunksOf(range);
            for (int i = (int)((long)chunks * thread / threads); i < (int)((long)chunks * (thread + 1) / threads); i++)
            {
                long from = (long)i * Chunk, count = Math.Min(Chunk, LinesOf(range) * LineFloats - from);
                RunWidest(before + i, range.Offset + from * sizeof(float), count);
            }
            before += chunks;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run<T>(int thread, long offset, long count)
    {
        float* g = At(_gradients, offset, count);
        T squares = T.Zero;
        for (long i = 0; i < count; i += LineFloats)
        {
            T value = T.Load(g + i);
            squares = T.FusedMultiplyAdd(value, value, squares);
        }
        _sums[thread] = SumOfNeighbors(squares);
    }

    private static int ChunksOf(ArenaRange range) => (int)((LinesOf(range) * LineFloats + Chunk - 1) / Chunk);

    /// <summary>Neighboring lanes first, then neighboring sums, until one number is left: the same bits with every vector type.</summary>
    internal static float SumOfNeighbors<T>(T lanes) where T : unmanaged, IFloats<T>
    {
        float* all = stackalloc float[LineFloats];
        lanes.Store(all);
        return SumOfFour(all) + SumOfFour(all + 4) + (SumOfFour(all + 8) + SumOfFour(all + 12));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfFour(float* lanes) => lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
}

/// <summary>
/// Adds up the gradients of the parts of a batch, each with its share of the images, and leaves the sum where the optimizer looks for it.
/// </summary>
/// <param name="gradients">The arena of all gradients.</param>
/// <param name="ranges">Of those that are summed.</param>
internal sealed unsafe class GradientSumKernel(NativeBuffer gradients, IReadOnlyList<ArenaRange> ranges) : ArenaKernel(ranges)
{
    private readonly NativeBuffer _sum = new(gradients.Bytes, "the gradients of earlier parts of a batch");
    private float _share;
    private bool _isFirst, _isLast;

    /// <summary>Memory of the sum.</summary>
    public long MemoryBytes => _sum.Bytes;

    /// <summary>Adds the gradients of the part that ran last; on the executor thread.</summary>
    /// <param name="share">The part's share of the batch, in (0, 1].</param>
    /// <param name="isFirst">Whether the sum begins with it.</param>
    /// <param name="isLast">Whether the sum goes back to the gradients with it.</param>
    public void Add(float share, bool isFirst, bool isLast)
    {
        (_share, _isFirst, _isLast) = (share, isFirst, isLast);
        Run();
    }

    public override void Dispose()
    {
        base.Dispose();
        _sum.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run<T>(int thread, long offset, long count)
    {
        float* g = At(gradients, offset, count), sum = At(_sum, offset, count), target = _isLast ? g : sum;
        T share = T.Create(_share);
        for (long i = 0; i < count; i += T.Count)
        {
            T part = T.Load(g + i) * share;
            (_isFirst ? part : T.Load(sum + i) + part).Store(target + i);
        }
    }
}

/// <summary>A running mean of the weights and of what is kept with them, and its exchange with them for an evaluation.</summary>
/// <param name="weights">Their arena.</param>
/// <param name="average">The arena of the mean.</param>
/// <param name="ranges">Of all that is averaged.</param>
internal sealed unsafe class WeightAverageKernel(NativeBuffer weights, NativeBuffer average, IReadOnlyList<ArenaRange> ranges)
    : ArenaKernel(ranges)
{
    private float _rest;
    private bool _isExchange;

    /// <summary>Moves the mean towards the weights; on the executor thread.</summary>
    /// <param name="decay">The share of the mean that stays, in [0, 1).</param>
    public void Update(float decay)
    {
        (_rest, _isExchange) = (1 - decay, false);
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
    protected override void Run<T>(int thread, long offset, long count)
    {
        float* w = At(weights, offset, count), mean = At(average, offset, count);
        T rest = T.Create(_rest);
        for (long i = 0; i < count; i += T.Count)
        {
            T weight = T.Load(w + i), old = T.Load(mean + i);
            if (_isExchange)
                old.Store(w + i);
            (_isExchange ? weight : T.FusedMultiplyAdd(rest, weight - old, old)).Store(mean + i);
        }
    }
}
