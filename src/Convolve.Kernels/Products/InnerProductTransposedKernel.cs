using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

// diffTarget [N][O], diffSource [N][I], float32 or bfloat16;  weights [O/16][I][16 o]  float32
// scratch    of all: weights turned around, [I/16][O][16 i], gradients in float32 where they are not, sums of chunks;
//            of each thread: a tile
// The loops and the bound are those of RowsByBlocks.

/// <summary>
/// The gradient of a fully connected layer's input, where the weights are few: they are turned around first. The results do not depend on
/// the number of threads.
/// </summary>
internal sealed unsafe class InnerProductTransposedKernel : TeamKernel
{
    private const int Block = Pixel.Channels;
    private readonly RowsByBlocks _product;
    private readonly ElementType _sourceType, _targetType;

    public InnerProductTransposedKernel(InnerProductBackwardData operation, Layout weights) : base("own product", Speed.Tuned, 2)
    {
        Has(Argument.DiffSource, operation.DiffSource);
        Has(Argument.Weights, weights);
        Has(Argument.DiffTarget, operation.DiffTarget);
        (_sourceType, _targetType) = (operation.DiffSource.Type, operation.DiffTarget.Type);
        _product = new((int)operation.DiffTarget.Sizes[0], (int)weights.Sizes[0], (int)weights.Sizes[1]);
    }

    /// <summary>Whether turning the weights costs less than turning gradients.</summary>
    public static bool Suits(long batch, Layout weights) =>
        weights.Sizes[0] * weights.Sizes[1] <= batch * (weights.Sizes[0] + weights.Sizes[1]);

    private int Units => _product.Inputs;

    private int Inputs => _product.Units;

    private long WeightBytes => (long)Pixel.Blocks(Inputs) * Units * Block * sizeof(float);

    private long DiffBytes => _targetType == ElementType.Float32 ? 0 : ((long)_product.Rows * Units * sizeof(float) + 63) / 64 * 64;

    protected override long ScratchpadBytes => WeightBytes + DiffBytes + _product.SumBytes
        + Threads * (_product.ThreadBytes + Block * Block * sizeof(float));

    protected override void Run(int phase, int thread, int threads)
    {
        if (Floats16.IsSupported)
            Run<Floats16>(phase, thread, threads);
        else
            Run<Floats8>(phase, thread, threads);
    }

    private void Run<TVector>(int phase, int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        float* own = (float*)Scratch(WeightBytes + DiffBytes + _product.SumBytes
            + thread * (_product.ThreadBytes + Block * Block * sizeof(float)));
        float* diffs = (float*)(DiffBytes > 0 ? Scratch(WeightBytes) : At(Argument.DiffTarget));
        if (phase == 0)
        {
            for (int block = ProductTiles.Cut(Pixel.Blocks(Inputs), threads, thread);
                block < ProductTiles.Cut(Pixel.Blocks(Inputs), threads, thread + 1); block++)
                Turn<TVector>(block, own);
            Numbers halves = new(At(Argument.DiffTarget), Units, _targetType);
            for (int row = ProductTiles.Cut(_product.Rows, threads, thread);
                DiffBytes > 0 && row < ProductTiles.Cut(_product.Rows, threads, thread + 1); row++)
                halves.Read<TVector>(row, 0, Units, diffs + (nint)row * Units);
            return;
        }
        _product.Run<TVector>(diffs, Units, (float*)Scratch(), null, new(null), new(At(Argument.DiffSource), Inputs, _sourceType),
            (float*)Scratch(WeightBytes + DiffBytes), own, thread, threads);
    }

    // bounds: 16 inputs, of which those that do not exist give 0, and 16 units at a time.
    private void Turn<TVector>(int block, float* own) where TVector : unmanaged, IFloats<TVector>
    {
        int inputs = Math.Min(Block, Inputs - block * Block);
        for (int units = 0; units < Units; units += Block)
        {
            float* from = (float*)At(Argument.Weights) + ((nint)units * Inputs + (nint)block * Block * Block);
            float* to = (float*)Scratch() + ((nint)block * Units + units) * Block;
            int count = Math.Min(Block, Units - units);
            if (inputs < Block || count < Block)
            {
                new Span<float>(own, Block * Block).Clear();
                Turning.Run<TVector>(from, Block, inputs, count, own, Block);
                new ReadOnlySpan<float>(own, count * Block).CopyTo(new(to, count * Block));
                continue;
            }
            Turning.Run<TVector>(from, Block, Block, Block, to, Block);
        }
    }
}
