using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

//     pack images and gradients;  for each chunk of inputs:  for each pair of vectors of units, each few inputs:  a tile over the images
//
// source       [N][I], diffTarget [N][O], float32 or bfloat16;  diffWeights [O/16][I][16 o]  float32
// scratch      of all: images [I/14][N][14], gradients [O/16][N][16]
// L2: a chunk of the images. L1: a pair's gradients. Bound: the multiply-adds of ProductTile, and writing the result to memory.

/// <summary>The gradient of a fully connected layer's weights and bias. The results do not depend on the number of threads.</summary>
internal sealed unsafe class InnerProductBackwardWeightsKernel : TeamKernel
{
    private const int Block = Pixel.Channels;
    private const long ChunkBytes = 384 << 10;
    private readonly int _batch, _inputs, _units, _unitBlocks, _chunkPanels;
    private readonly ElementType _sourceType, _targetType;
    private readonly FilterColumn[] _columns;
    private readonly Panels _panels;
    private readonly bool _hasBias;

    public InnerProductBackwardWeightsKernel(InnerProductBackwardWeights operation, Layout diffWeights)
        : base("own product", Speed.Tuned, 2)
    {
        Has(Argument.Source, operation.Source);
        Has(Argument.DiffWeights, diffWeights);
        if (operation.DiffBias is { } bias)
            Has(Argument.DiffBias, bias);
        Has(Argument.DiffTarget, operation.DiffTarget);
        (_hasBias, _sourceType, _targetType) = (operation.DiffBias is not null, operation.Source.Type, operation.DiffTarget.Type);
        (_batch, _inputs, _units) = ((int)operation.Source.Sizes[0], (int)diffWeights.Sizes[1], (int)diffWeights.Sizes[0]);
        _unitBlocks = Pixel.Blocks(_units);
        int vector = Floats16.IsSupported ? Floats16.Count : Floats8.Count;
        int rows = Floats16.IsSupported ? ProductTile.MostRows<Floats16>() : ProductTile.MostRows<Floats8>();
        _columns = FilterColumn.Of(_unitBlocks, vector, 2, _ => (0, 1));
        _panels = Panels.Of(_inputs, rows);
        _chunkPanels = (int)Math.Clamp(ChunkBytes / Math.Max(1, (long)rows * _batch * sizeof(float)), 1, _panels.Pieces);
        // Few units alone are too few for the threads.
        int chunks = (4 * Threads + _columns.Length - 1) / _columns.Length;
        _chunkPanels = Math.Min(_chunkPanels, (_panels.Pieces + chunks - 1) / chunks);
    }

    // Rows of few numbers, all of which stay in a cache, are read where they are.
    private bool IsDirect => _sourceType == ElementType.Float32 && (long)_batch * _inputs * sizeof(float) <= ChunkBytes;

    private long SourceBytes => IsDirect ? 0 : Lines((long)_batch * _inputs * sizeof(float));

    private long DiffBytes => (long)_unitBlocks * _batch * Block * sizeof(float);

    protected override long ScratchpadBytes => SourceBytes + DiffBytes + 64;

    private static long Lines(long bytes) => (bytes + 63) / 64 * 64;

    protected override void Run(int phase, int thread, int threads)
    {
        if (Floats16.IsSupported)
            Run<Floats16>(phase, thread, threads);
        else
            Run<Floats8>(phase, thread, threads);
    }

    private void Run<TVector>(int phase, int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        if (phase == 0)
        {
            Pack<TVector>(thread, threads);
            return;
        }
        int chunks = (_panels.Pieces + _chunkPanels - 1) / _chunkPanels, all = chunks * _columns.Length;
        for (int unit = ProductTiles.Cut(all, threads, thread); unit < ProductTiles.Cut(all, threads, thread + 1); unit++)
            Chunk<TVector>(_columns[unit % _columns.Length], unit / _columns.Length * _chunkPanels);
        if (_hasBias)
            for (int block = ProductTiles.Cut(_unitBlocks, threads, thread); block < ProductTiles.Cut(_unitBlocks, threads, thread + 1);
                block++)
                Bias(block);
    }

    private void Pack<TVector>(int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        Numbers source = new(At(Argument.Source), _inputs, _sourceType), diffs = new(At(Argument.DiffTarget), _units, _targetType);
        for (int panel = ProductTiles.Cut(_panels.Pieces, threads, thread); panel < ProductTiles.Cut(_panels.Pieces, threads, thread + 1);
            panel++)
            if (!IsDirect)
                _panels.PackColumns<TVector>(source, panel, _batch, Panel(panel));
        int endBlock = ProductTiles.Cut(_unitBlocks, threads, thread + 1);
        for (int block = ProductTiles.Cut(_unitBlocks, threads, thread); block < endBlock; block++)
        {
            float* to = Diffs(block);
            int count = Math.Min(Block, _units - block * Block);
            for (int image = 0; image < _batch; image++, to += Block)
            {
                diffs.Read<TVector>(image, block * Block, count, to);
                new Span<float>(to + count, Block - count).Clear();
            }
        }
        if (thread == 0)
            new Span<float>((float*)Scratch(SourceBytes + DiffBytes), Block).Clear();
    }

    private float* Panel(int panel) => (float*)Scratch() + (nint)_panels.First(panel) * _batch;

    private float* Diffs(int block) => (float*)Scratch(SourceBytes) + (nint)block * _batch * Block;

    // bounds: the panels of a chunk and a pair's units, blocks filled up.
    private void Chunk<TVector>(FilterColumn column, int firstPanel) where TVector : unmanaged, IFloats<TVector>
    {
        nint run = 0, weightStep = (nint)_inputs * Block, diffStep = (nint)_batch * Block;
        float* sums = (float*)At(Argument.DiffWeights) + FilterColumn.At(column.Vector, TVector.Count, weightStep);
        ProductTile tile = new()
        {
            Runs = &run,
            RunCount = 1,
            RunLength = _batch,
            Right = Diffs(0) + FilterColumn.At(column.Vector, TVector.Count, diffStep),
            RightStep = Block,
            RightPair = column.Pair(TVector.Count, diffStep),
            Start = (float*)Scratch(SourceBytes + DiffBytes),
            SumsStep = Block,
            SumsPair = column.Pair(TVector.Count, weightStep),
            Slope = 1,
        };
        for (int panel = firstPanel; panel < Math.Min(firstPanel + _chunkPanels, _panels.Pieces); panel++)
        {
            int rows = _panels.Count(panel);
            tile.Left = IsDirect ? (float*)At(Argument.Source) + _panels.First(panel) : Panel(panel);
            tile.LeftStep = IsDirect ? _inputs : rows;
            tile.Sums = sums + (nint)_panels.First(panel) * Block;
            ProductTiles.For<TVector>(rows, column.Vectors, LeftRows.Neighbors)(&tile);
        }
    }

    private void Bias(int block)
    {
        float* diffs = Diffs(block), bias = (float*)At(Argument.DiffBias);
        for (int unit = block * Block; unit < Math.Min((block + 1) * Block, _units); unit++)
        {
            double sum = 0;
            for (int image = 0; image < _batch; image++)
                sum += diffs[image * Block + unit % Block];
            bias[unit] = (float)sum;
        }
    }
}
