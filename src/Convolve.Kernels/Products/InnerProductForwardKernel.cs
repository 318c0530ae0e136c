using Convolve.Kernels.Contract;
using Convolve.Kernels.Direct;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

//     pack the images;  for each chunk of inputs:  for each pair of vectors of units, each panel of images:  a tile
//
// source   [N][I], target [N][O], float32 or bfloat16;  weights [O/16][I][16 o]  float32
// scratch  of all: images in panels [N/14][I][14], sums of the chunks before; of each thread: a line, a tile, the bias
// L2: a chunk of the panels, and of a pair's weights, which come from memory once. Bound: the multiply-adds of ProductTile.

/// <summary>A fully connected layer with bias and activation. The results do not depend on the number of threads.</summary>
internal sealed unsafe class InnerProductForwardKernel : ManagedKernel
{
    private const int Block = ConvolutionShape.Block, ChunkInputs = 512;
    private readonly int _batch, _inputs, _units, _blocks;
    private readonly ElementType _sourceType, _targetType;
    private readonly FilterColumn[] _columns;
    private readonly Panels _panels;
    private readonly TileEnd _end;
    private readonly bool _hasBias;

    public InnerProductForwardKernel(InnerProductForward operation, Layout weights) : base("own product", Speed.Tuned, 2)
    {
        Has(Argument.Source, operation.Source);
        Has(Argument.Weights, weights);
        if (operation.Bias is { } bias)
            Has(Argument.Bias, bias);
        Has(Argument.Target, operation.Target);
        (_hasBias, _sourceType, _targetType) = (operation.Bias is not null, operation.Source.Type, operation.Target.Type);
        (_batch, _inputs, _units) = ((int)operation.Source.Sizes[0], (int)weights.Sizes[1], (int)weights.Sizes[0]);
        _blocks = ConvolutionShape.Blocks(_units);
        _end = new(operation.Activation);
        int vector = Floats16.IsSupported ? Floats16.Count : Floats8.Count;
        _columns = FilterColumn.Of(_blocks, vector, _ => (0, 1));
        _panels = Panels.Of(_batch, Floats16.IsSupported ? ProductTile.MostRows<Floats16>() : ProductTile.MostRows<Floats8>());
    }

    private long PanelBytes => (long)_batch * _inputs * sizeof(float);

    private long SumBytes => _inputs > ChunkInputs ? (long)_columns.Length * _batch * 2 * Block * sizeof(float) : 0;

    private long ThreadBytes => ((_inputs + Block - 1) / Block + 28 + _blocks) * (long)Block * sizeof(float);

    protected override long ScratchpadBytes => Lines(PanelBytes) + SumBytes + Threads * ThreadBytes;

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
        float* own = (float*)Scratch(Lines(PanelBytes) + SumBytes + thread * ThreadBytes);
        if (phase == 0)
        {
            for (int panel = _panels.Pieces * thread / threads; panel < _panels.Pieces * (thread + 1) / threads; panel++)
                _panels.PackRows<TVector>(new(At(Argument.Source), _inputs, _sourceType), panel, _inputs, Panel(panel), own);
            return;
        }
        float* buffer = own + (_inputs + Block - 1) / Block * Block, bias = buffer + 28 * Block;
        new Span<float>(bias, _blocks * Block).Clear();
        if (_hasBias)
            new ReadOnlySpan<float>((void*)At(Argument.Bias), _units).CopyTo(new(bias, _units));
        // Few units are computed for different images by each thread, many by different threads for all.
        bool byColumns = _columns.Length >= 4 * threads || _columns.Length >= _panels.Pieces;
        (int firstColumn, int endColumn) = byColumns ? Share(_columns.Length, thread, threads) : (0, _columns.Length);
        (int firstPanel, int endPanel) = byColumns ? (0, _panels.Pieces) : Share(_panels.Pieces, thread, threads);
        for (int chunk = 0; chunk < _inputs; chunk += ChunkInputs)
            for (int column = firstColumn; column < endColumn; column++)
                for (int panel = firstPanel; panel < endPanel; panel++)
                    Tile<TVector>(column, panel, chunk, Math.Min(ChunkInputs, _inputs - chunk), buffer, bias);
    }

    private float* Panel(int panel) => (float*)Scratch() + (nint)_panels.First(panel) * _inputs;

    // bounds: a panel's images and a pair's units, of which those that exist are written.
    private void Tile<TVector>(int index, int panel, int chunk, int count, float* buffer, float* bias)
        where TVector : unmanaged, IFloats<TVector>
    {
        FilterColumn column = _columns[index];
        int rows = _panels.Count(panel), first = _panels.First(panel);
        float* kept = (float*)Scratch(Lines(PanelBytes)) + ((nint)index * _batch + first) * 2 * Block;
        bool isFirst = chunk == 0, isLast = chunk + count == _inputs;
        nint run = 0, weightStep = (nint)_inputs * Block;
        ProductTile tile = new()
        {
            Left = Panel(panel) + (nint)chunk * rows,
            Runs = &run,
            RunCount = 1,
            RunLength = count,
            LeftStep = rows,
            Right = (float*)At(Argument.Weights) + FilterColumn.At(column.Vector, TVector.Count, weightStep) + chunk * Block,
            RightStep = Block,
            RightPair = column.Pair(TVector.Count, weightStep),
            Start = isFirst ? bias + column.Vector * TVector.Count : kept,
            StartStep = isFirst ? 0 : 2 * Block,
            StartPair = TVector.Count,
            Sums = isLast ? buffer : kept,
            SumsStep = isLast ? 2 * TVector.Count : 2 * Block,
            SumsPair = TVector.Count,
            Slope = isLast ? _end.Slope : 1,
        };
        ProductTiles.For<TVector>(rows, column.Vectors, isBlocked: false)(&tile);
        if (!isLast)
            return;
        int unit = column.Vector * TVector.Count, units = Math.Min(column.Vectors * TVector.Count, _units - unit);
        if (units > 0)
            Write<TVector>(tile, first, rows, unit, units);
    }

    private void Write<TVector>(in ProductTile tile, int first, int rows, int unit, int units) where TVector : unmanaged, IFloats<TVector>
    {
        Numbers target = new(At(Argument.Target), _units, _targetType);
        for (int row = 0; row < rows; row++)
        {
            float* sums = tile.Sums + row * tile.SumsStep;
            _end.Apply<TVector>(sums, units);
            target.Write<TVector>(first + row, unit, units, sums);
        }
    }

    private static (int First, int End) Share(int all, int thread, int threads) =>
        (ProductTiles.Cut(all, threads, thread), ProductTiles.Cut(all, threads, thread + 1));
}
