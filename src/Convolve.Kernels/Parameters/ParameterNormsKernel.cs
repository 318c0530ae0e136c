using System.Runtime.CompilerServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

//     for each block of 4,096 numbers, each vector of it:  sum += w w,  sum' += g g;  then, for each parameter, its blocks in order
//
// w, g  arenas of float32, a parameter at the same place in both, in whole lines of 16
// sums  [block][2]  float64; a block is of one parameter
// Registers: two vectors of sums. Bound: memory; every number is read once.

/// <summary>
/// The length of each parameter and of its gradient, each as one vector: the roots of the sums of their squares.
/// </summary>
/// <remarks>
/// The same bits at any number of threads: blocks don't depend on it, and their sums are added in order. Padding of blocked layouts is 0
/// and adds nothing.
/// </remarks>
internal sealed unsafe class ParameterNormsKernel : ITeamWork, IDisposable
{
    private const int LineFloats = 16, BlockFloats = 1 << 12;
    private readonly NativeBuffer _weights, _gradients;
    private readonly IReadOnlyList<ArenaRange> _ranges;
    private readonly int[] _firstBlocks;
    private readonly double[] _sums, _weightNorms, _gradientNorms;
    private readonly TeamTask _task;
    private UpdateStep _step;

    /// <param name="weights">Of all parameters.</param>
    /// <param name="gradients">Of all parameters.</param>
    /// <param name="ranges">Of all parameters; those without bytes are left out, and have length 0.</param>
    public ParameterNormsKernel(NativeBuffer weights, NativeBuffer gradients, IReadOnlyList<ArenaRange> ranges)
    {
        (_weights, _gradients, _ranges) = (weights, gradients, ranges);
        _firstBlocks = new int[ranges.Count + 1];
        for (int i = 0; i < ranges.Count; i++)
            _firstBlocks[i + 1] = _firstBlocks[i] + checked((int)((LinesOf(i) * LineFloats + BlockFloats - 1) / BlockFloats));
        _sums = new double[2 * _firstBlocks[^1]];
        (_weightNorms, _gradientNorms) = (new double[ranges.Count], new double[ranges.Count]);
        _task = new(this);
    }

    /// <summary>Measures all of them; on the executor thread.</summary>
    /// <param name="step">The update, which says how gradients are clipped first.</param>
    public void Measure(UpdateStep step)
    {
        _step = step;
        ThreadTeam.Run(_task);
        for (int i = 0; i < _ranges.Count; i++)
        {
            (double weights, double gradients) = (0, 0);
            for (int block = _firstBlocks[i]; block < _firstBlocks[i + 1]; block++)
                (weights, gradients) = (weights + _sums[2 * block], gradients + _sums[2 * block + 1]);
            (_weightNorms[i], _gradientNorms[i]) = (Math.Sqrt(weights), Math.Sqrt(gradients));
        }
    }

    /// <summary>The lengths of all parameters when they were last measured.</summary>
    public Span<double> WeightNorms => _weightNorms;

    /// <summary>The lengths of their gradients, clipped as the update takes them.</summary>
    public Span<double> GradientNorms => _gradientNorms;

    /// <summary>The length of a parameter, by its number, when it was last measured.</summary>
    public double WeightNorm(int index) => _weightNorms[index];

    /// <summary>The length of its gradient, clipped as the update takes it.</summary>
    public double GradientNorm(int index) => _gradientNorms[index];

    public void Run(int thread, int threads)
    {
        if (Floats8.IsWidest)
            Run<Floats8x2>(thread, threads);
        else
            Run<Floats16>(thread, threads);
    }

    public void Dispose() => _task.Dispose();

    private long LinesOf(int index) => (_ranges[index].Bytes + 63) / 64;

    private void Run<T>(int thread, int threads) where T : unmanaged, IFloats<T>
    {
        int blocks = _firstBlocks[^1], end = (int)((long)blocks * (thread + 1) / threads), parameter = 0;
        GradientClip<T> clip = new(_step);
        for (int block = (int)((long)blocks * thread / threads); block < end; block++)
        {
            while (block >= _firstBlocks[parameter + 1])
                parameter++;
            long first = (long)(block - _firstBlocks[parameter]) * BlockFloats;
            long count = Math.Min(BlockFloats, LinesOf(parameter) * LineFloats - first);
            long offset = _ranges[parameter].Offset + first * sizeof(float), bytes = count * sizeof(float);
            (_sums[2 * block], _sums[2 * block + 1]) =
                SquaresOf((float*)_weights.At(offset, bytes), (float*)_gradients.At(offset, bytes), (int)count, clip);
        }
    }

    // bounds: the count is whole lines of 16 floats, and so whole vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Weights, float Gradients) SquaresOf<T>(float* w, float* g, int count, GradientClip<T> clip)
        where T : unmanaged, IFloats<T>
    {
        (T weights, T gradients) = (T.Zero, T.Zero);
        for (int i = 0; i < count; i += T.Count)
        {
            T weight = T.Load(w + i), gradient = clip.Of(g + i);
            weights = T.FusedMultiplyAdd(weight, weight, weights);
            gradients = T.FusedMultiplyAdd(gradient, gradient, gradients);
        }
        return (GradientNormKernel.SumOfNeighbors(weights), GradientNormKernel.SumOfNeighbors(gradients));
    }
}
