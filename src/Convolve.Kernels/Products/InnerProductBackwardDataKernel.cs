using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

//     pack the gradients;  for each block of inputs, each chunk of units:  for each two vectors of images, each few inputs:  a tile
//     then turn the sums around
//
// diffTarget  [N][O], diffSource [N][I], float32 or bfloat16;  weights [O/16][I][16 o]  float32, broadcast number by number
// scratch     of all: gradients [N / two vectors][O][two vectors]; of each thread: sums [two vectors of images][input][two vectors]
// L2: a block's weights of a chunk, which come from memory once; the chunk's gradients. Bound: the multiply-adds of ProductTile.

/// <summary>
/// The gradient of a fully connected layer's input, where the weights are many: they are read once, in the order in which they are stored.
/// The results do not depend on the number of threads.
/// </summary>
internal sealed unsafe class InnerProductBackwardDataKernel : TeamKernel
{
    private const int Block = Pixel.Channels, ChunkBlocks = 16, Width = 2 * Block;
    private readonly int _batch, _inputs, _units, _unitBlocks, _groups, _blockInputs;
    private readonly ElementType _sourceType, _targetType;
    private readonly nint[] _runs;
    private readonly Panels _blocks;

    public InnerProductBackwardDataKernel(InnerProductBackwardData operation, Layout weights) : base("own product", Speed.Tuned, 2)
    {
        Has(Argument.DiffSource, operation.DiffSource);
        Has(Argument.Weights, weights);
        Has(Argument.DiffTarget, operation.DiffTarget);
        (_sourceType, _targetType) = (operation.DiffSource.Type, operation.DiffTarget.Type);
        (_batch, _inputs, _units) = ((int)operation.DiffTarget.Sizes[0], (int)weights.Sizes[1], (int)weights.Sizes[0]);
        _unitBlocks = Pixel.Blocks(_units);
        _groups = (_batch + Width - 1) / Width;
        int rows = Floats16.IsSupported ? ProductTile.MostRows<Floats16>() : ProductTile.MostRows<Floats8>();
        _blockInputs = 112 / rows * rows;
        _blocks = Panels.Of(_inputs, _blockInputs);
        _runs = GC.AllocateUninitializedArray<nint>(_unitBlocks, pinned: true);
        for (int i = 0; i < _unitBlocks; i++)
            _runs[i] = (nint)i * _inputs * Block;
    }

    private long PackedBytes => (long)_groups * _unitBlocks * Block * Width * sizeof(float);

    // Zeros, the sums, and a block of them turned around.
    private long ThreadBytes => (Block + ((long)_groups * _blockInputs + Math.Max(_blockInputs, Block)) * Width) * sizeof(float);

    protected override long ScratchpadBytes => PackedBytes + Threads * ThreadBytes;

    protected override void Run(int phase, int thread, int threads)
    {
        if (Floats16.IsSupported)
            Run<Floats16>(phase, thread, threads);
        else
            Run<Floats8>(phase, thread, threads);
    }

    private void Run<TVector>(int phase, int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        float* own = (float*)Scratch(PackedBytes + thread * ThreadBytes);
        if (phase == 0)
        {
            Pack<TVector>(ProductTiles.Cut(_unitBlocks, threads, thread), ProductTiles.Cut(_unitBlocks, threads, thread + 1), own + Block);
            return;
        }
        int units = _blocks.Pieces * _groups, unit = ProductTiles.Cut(units, threads, thread);
        int end = ProductTiles.Cut(units, threads, thread + 1);
        while (unit < end)
        {
            // All groups of images of one block that fall to this thread.
            int block = unit / _groups, first = unit % _groups, last = Math.Min(_groups, first + end - unit);
            for (int chunk = 0; chunk < _unitBlocks; chunk += ChunkBlocks)
                for (int group = first; group < last; group++)
                    Chunk<TVector>(block, group, chunk, own);
            for (int group = first; group < last; group++)
                Turn<TVector>(block, group, own);
            unit += last - first;
        }
    }

    // bounds: the blocks of units of a share; images behind the batch and units behind the last are 0.
    private void Pack<TVector>(int first, int end, float* line) where TVector : unmanaged, IFloats<TVector>
    {
        Numbers diffs = new(At(Argument.DiffTarget), _units, _targetType);
        for (int block = first; block < end; block++)
            for (int group = 0; group < _groups; group++)
            {
                float* to = Group(group) + (nint)block * Block * Width;
                int images = Math.Min(Width, _batch - group * Width), units = Math.Min(Block, _units - block * Block);
                new Span<float>(line, Width * Block).Clear();
                for (int image = 0; image < images; image++)
                    diffs.Read<TVector>(group * Width + image, block * Block, units, line + image * Block);
                Turning.Run<TVector>(line, Block, Width, Block, to, Width);
            }
    }

    private float* Group(int group) => (float*)Scratch() + (nint)group * _unitBlocks * Block * Width;

    private void Chunk<TVector>(int block, int group, int chunk, float* own) where TVector : unmanaged, IFloats<TVector>
    {
        int first = _blocks.First(block), count = _blocks.Count(block);
        Panels tiles = Panels.Of(count, ProductTile.MostRows<TVector>());
        float* zeros = own, sums = own + Block + (nint)group * _blockInputs * Width;
        new Span<float>(zeros, Block).Clear();
        fixed (nint* runs = _runs)
        {
            ProductTile tile = new()
            {
                Runs = runs + chunk,
                RunCount = Math.Min(ChunkBlocks, _unitBlocks - chunk),
                RunLength = Block,
                LeftStep = 1,
                RightStep = Width,
                RightPair = TVector.Count,
                StartStep = chunk == 0 ? 0 : Width,
                StartPair = chunk == 0 ? 0 : TVector.Count,
                SumsStep = Width,
                SumsPair = TVector.Count,
                Slope = 1,
            };
            for (int vector = 0; vector < Width; vector += 2 * TVector.Count)
                for (int i = 0; i < tiles.Pieces; i++)
                {
                    tile.Left = (float*)At(Argument.Weights) + (nint)(first + tiles.First(i)) * Block;
                    tile.Right = Group(group) + (nint)chunk * Block * Width + vector;
                    tile.Sums = sums + (nint)tiles.First(i) * Width + vector;
                    tile.Start = chunk == 0 ? zeros : tile.Sums;
                    ProductTiles.For<TVector>(tiles.Count(i), 2, LeftRows.Blocked)(&tile);
                }
        }
    }

    // Sums [input][image] to the gradient's rows.
    private void Turn<TVector>(int block, int group, float* own) where TVector : unmanaged, IFloats<TVector>
    {
        Numbers target = new(At(Argument.DiffSource), _inputs, _sourceType);
        int first = _blocks.First(block), count = _blocks.Count(block);
        float* sums = own + Block + (nint)group * _blockInputs * Width, turned = own + Block + (nint)_groups * _blockInputs * Width;
        Turning.Run<TVector>(sums, Width, count, Width, turned, _blockInputs);
        for (int image = 0; image < Math.Min(Width, _batch - group * Width); image++)
            target.Write<TVector>(group * Width + image, first, count, turned + (nint)image * _blockInputs);
    }
}
