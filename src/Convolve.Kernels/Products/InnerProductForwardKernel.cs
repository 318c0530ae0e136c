using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

// source   [N][I], target [N][O], float32 or bfloat16;  weights [O/16][I][16 o]  float32
// scratch  of all: images in float32 where they are not, sums of chunks; of each thread: a tile, the bias
// The loops and the bound are those of RowsByBlocks.

/// <summary>A fully connected layer with bias and activation. The results do not depend on the number of threads.</summary>
internal sealed unsafe class InnerProductForwardKernel : TeamKernel
{
    private readonly RowsByBlocks _product;
    private readonly ElementType _sourceType, _targetType;
    private readonly TileEnd _end;
    private readonly bool _hasBias;

    public InnerProductForwardKernel(InnerProductForward operation, Layout weights)
        : base("own product", Speed.Tuned, operation.Source.Type == ElementType.Float32 ? 1 : 2)
    {
        Has(Argument.Source, operation.Source);
        Has(Argument.Weights, weights);
        if (operation.Bias is { } bias)
            Has(Argument.Bias, bias);
        Has(Argument.Target, operation.Target);
        (_hasBias, _sourceType, _targetType) = (operation.Bias is not null, operation.Source.Type, operation.Target.Type);
        _product = new((int)operation.Source.Sizes[0], (int)weights.Sizes[1], (int)weights.Sizes[0]);
        _end = new(operation.Activation);
    }

    private long SourceBytes => _sourceType == ElementType.Float32 ? 0
        : ((long)_product.Rows * _product.Inputs * sizeof(float) + 63) / 64 * 64;

    protected override long ScratchpadBytes => SourceBytes + _product.SumBytes + Threads * _product.ThreadBytes;

    protected override void Run(int phase, int thread, int threads)
    {
        if (Floats16.IsSupported)
            Run<Floats16>(phase, thread, threads);
        else
            Run<Floats8>(phase, thread, threads);
    }

    private void Run<TVector>(int phase, int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        float* source = (float*)(SourceBytes > 0 ? Scratch() : At(Argument.Source));
        if (SourceBytes > 0 && phase == 0)
        {
            Numbers halves = new(At(Argument.Source), _product.Inputs, _sourceType);
            int end = ProductTiles.Cut(_product.Rows, threads, thread + 1);
            for (int row = ProductTiles.Cut(_product.Rows, threads, thread); row < end; row++)
                halves.Read<TVector>(row, 0, _product.Inputs, source + (nint)row * _product.Inputs);
            return;
        }
        _product.Run<TVector>(source, _product.Inputs, (float*)At(Argument.Weights), _hasBias ? (float*)At(Argument.Bias) : null, _end,
            new(At(Argument.Target), _product.Units, _targetType), (float*)Scratch(SourceBytes),
            (float*)Scratch(SourceBytes + _product.SumBytes + thread * _product.ThreadBytes), thread, threads);
    }
}
