using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Products;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Direct;

//     for each few images or bands of rows:  pack;  for each pair of vectors of filters, each row, each few columns:  a tile
//
// source   [N][C/16][H][W][16], or [N][C][H][W] for few channels, float32 or bfloat16
// weights  [O/16][C/16][KH][KW][16 c][16 o], or [O/16][C][KH][KW][16 o], float32
// target   [N][O/16][H][W][16], float32 or bfloat16
// scratch  of each thread: packed pixels, a tile, the bias; of all: weights in blocks where groups are narrower
// L2: packed pixels and a pair's weights. Bound: the multiply-adds of ProductTile.

/// <summary>A convolution the direct way, with bias and activation. The results do not depend on the number of threads.</summary>
internal sealed unsafe class DirectForward : TeamKernel
{
    private const int MostImages = 16;
    private const long PackedBytes = 192 << 10;
    private readonly ConvolutionShape _shape;
    private readonly WeightBlocks _weights;
    private readonly PackedRows _rows;
    private readonly TileEnd _end;
    private readonly FilterColumn[] _columns;
    private readonly Dictionary<(int, int), nint[]> _runs = [];
    private readonly int _bands, _images, _columnParts, _runLength;
    private readonly bool _isPlanar, _isBFloat16, _hasBias;

    public DirectForward(ConvolutionForward operation, ConvolutionShape shape, Layout source, Layout weights, Layout target, bool isPlanar)
        : base(isPlanar ? "own direct plain" : "own direct",
            shape.HasWholeBlocks && !(isPlanar && shape.Channels >= ConvolutionShape.Block / 2) ? Speed.Tuned : Speed.Generic,
            shape.HasWholeBlocks ? 1 : 2)
    {
        Has(Argument.Source, source);
        Has(Argument.Weights, weights);
        if (operation.Bias is { } bias)
            Has(Argument.Bias, bias);
        Has(Argument.Target, target);
        _hasBias = operation.Bias is not null;
        _isPlanar = isPlanar;
        _isBFloat16 = source.Type == ElementType.BFloat16;
        _weights = new(shape, isPlanar, weights);
        _shape = shape = shape.Flat(PackedBytes);
        _end = new(operation.Activation);
        int unit = isPlanar ? 1 : ConvolutionShape.Block, planes = isPlanar ? shape.Channels : shape.ChannelBlocks;
        bool isDirect = !_isBFloat16 && shape.Walk.Stride.Width == 1 && shape.IsUnpadded;
        PackedRows Rows(int outRows) => new(shape.Height, shape.Width, shape.OutWidth, (shape.KernelHeight, shape.KernelWidth),
            shape.Walk.Stride, shape.Walk.Dilation, shape.Walk.Before, unit, planes, outRows, isDirect);
        int band = BandRows(Rows, planes, shape.OutHeight);
        _rows = Rows(band);
        _bands = (shape.OutHeight + band - 1) / band;
        long bytes = Math.Max(1, planes * (long)_rows.Rows * _rows.RowFloats * sizeof(float));
        _images = (int)Math.Clamp(PackedBytes / bytes, 1, MostImages);
        // Rows that are short for a tile of two vectors get four.
        int vector = Floats16.IsSupported ? Floats16.Count : Floats8.Count;
        int most = Floats16.IsSupported && shape.OutWidth <= ProductTile.MostRows<Floats16>(4) ? 4 : 2;
        _columns = FilterColumn.Of(shape.FilterBlocks, vector, most, block => isPlanar ? (0, planes) : shape.ChannelsOf(block));
        int items = shape.Batch * _bands;
        _columnParts = items >= 4 * Threads ? 1 : Math.Min(_columns.Length, (4 * Threads + items - 1) / items);
        // Along a row of plain pixels the taps are neighbors where nothing parts them.
        bool isRow = isPlanar && shape.Walk.Stride.Width == 1 && shape.Walk.Dilation.Width == 1;
        _runLength = !isPlanar ? ConvolutionShape.Block : isRow ? shape.KernelWidth : 1;
        foreach (FilterColumn column in _columns)
            if (!_runs.ContainsKey((column.First, column.End)))
                _runs[(column.First, column.End)] = RunsOf(column.First, column.End, isRow);
    }

    /// <summary>The rows of outputs that are packed for at once, equal in number as far as can be.</summary>
    internal static int BandRows(Func<int, PackedRows> rows, int planes, int outHeight)
    {
        int band = 1;
        while (band < outHeight && planes * (long)rows(band + 1).Rows * rows(band + 1).RowFloats * sizeof(float) <= PackedBytes)
            band++;
        int bands = (outHeight + band - 1) / band;
        return (outHeight + bands - 1) / bands;
    }

    protected override long ScratchpadBytes => _weights.ScratchBytes + Threads * ThreadBytes;

    private long ThreadBytes => _images * _rows.Bytes + TileBytes + BiasBytes;

    private static long TileBytes => 28 * 64;

    private long BiasBytes => _shape.FilterBlocks * (long)ConvolutionShape.Block * sizeof(float);

    private nint[] RunsOf(int first, int end, bool isRow)
    {
        List<nint> runs = [];
        for (int plane = first; plane < end; plane++)
            for (int row = 0; row < _shape.KernelHeight; row++)
                for (int column = 0; column < (isRow ? 1 : _shape.KernelWidth); column++)
                    runs.Add(_rows.Tap(plane, row, column));
        nint[] pinned = GC.AllocateUninitializedArray<nint>(runs.Count, pinned: true);
        runs.CopyTo(pinned);
        return pinned;
    }

    protected override void Run(int phase, int thread, int threads)
    {
        if (phase == 0 && _weights.IsExpanded)
            _weights.Expand((float*)At(Argument.Weights), (float*)Scratch(), thread, threads);
        else if (Floats16.IsSupported)
            Run<Floats16>(thread, threads);
        else
            Run<Floats8>(thread, threads);
    }

    private void Run<TVector>(int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        if (_isBFloat16)
            Run<BFloat16Pixel, TVector>(thread, threads);
        else
            Run<SinglePixel, TVector>(thread, threads);
    }

    private void Run<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        byte* own = (byte*)Scratch(_weights.ScratchBytes + thread * ThreadBytes);
        float* bias = (float*)(own + ThreadBytes - BiasBytes), packed = (float*)own;
        Span<float> biases = new(bias, (int)(BiasBytes / sizeof(float)));
        biases.Clear();
        if (_hasBias)
            new ReadOnlySpan<float>((void*)At(Argument.Bias), _shape.AllFilters).CopyTo(biases);
        float** starts = stackalloc float*[MostImages];
        int items = _shape.Batch * _bands, units = items * _columnParts, packedItem = -1;
        int unit = (int)((long)units * thread / threads), end = (int)((long)units * (thread + 1) / threads);
        while (unit < end)
        {
            int item = unit / _columnParts, part = unit % _columnParts, count = _columnParts == 1 ? Math.Min(_images, end - unit) : 1;
            if (count > 1 || item != packedItem)
                for (int i = 0; i < count; i++)
                    starts[i] = Pack<TPixel>(item + i, packed + i * _rows.Bytes / sizeof(float));
            packedItem = count > 1 ? -1 : item;
            for (int c = _columns.Length * part / _columnParts; c < _columns.Length * (part + 1) / _columnParts; c++)
                for (int i = 0; i < count; i++)
                    Column<TPixel, TVector>(_columns[c], starts[i], item + i, bias);
            unit += count;
        }
    }

    private float* Pack<TPixel>(int item, float* to) where TPixel : struct, IPixel
    {
        int image = item / _bands, band = item % _bands, planes = _rows.Planes;
        long pixels = (long)image * planes * _shape.Height * _shape.Width * _rows.Unit;
        return _rows.Pack<TPixel>((byte*)At(Argument.Source) + pixels * TPixel.Bytes / Pixel.Channels, band * _rows.OutRows, planes, to);
    }

    // bounds: a band's rows of outputs, and taps that were packed for them.
    private void Column<TPixel, TVector>(FilterColumn column, float* pixels, int item, float* bias)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int image = item / _bands, firstRow = item % _bands * _rows.OutRows, rows = Math.Min(_rows.OutRows, _shape.OutHeight - firstRow);
        nint plane = (nint)_shape.OutHeight * _shape.OutWidth * ConvolutionShape.Block;
        nint[] runs = _runs[(column.First, column.End)];
        float* buffer = bias - TileBytes / sizeof(float);
        byte* to = (byte*)At(Argument.Target) + ((long)image * _shape.FilterBlocks * plane
            + FilterColumn.At(column.Vector, TVector.Count, plane)) * TPixel.Bytes / Pixel.Channels;
        nint pair = column.Pair(TVector.Count, plane), pairBytes = pair * TPixel.Bytes / Pixel.Channels;
        bool isDirect = _end.IsDirect<TPixel>();
        ProductTile tile = new()
        {
            RunCount = runs.Length,
            RunLength = _runLength,
            LeftStep = 1,
            Right = _weights.At(column, TVector.Count, (float*)(_weights.IsExpanded ? Scratch() : At(Argument.Weights))),
            RightStep = ConvolutionShape.Block,
            RightPair = column.Pair(TVector.Count, _weights.FilterStep),
            Start = bias + column.Vector * TVector.Count,
            StartPair = TVector.Count,
            Slope = _end.Slope,
            Sums = buffer,
            SumsStep = isDirect ? ConvolutionShape.Block : column.Vectors * TVector.Count,
            SumsPair = isDirect ? pair : TVector.Count,
        };
        int pieces = (_shape.OutWidth + ProductTile.MostRows<TVector>() - 1) / ProductTile.MostRows<TVector>();
        fixed (nint* run = runs)
        {
            tile.Runs = run;
            for (int row = 0; row < rows; row++)
                for (int piece = 0; piece < pieces; piece++)
                {
                    int from = ProductTiles.Cut(_shape.OutWidth, pieces, piece);
                    int count = ProductTiles.Cut(_shape.OutWidth, pieces, piece + 1) - from;
                    byte* place = to + ((nint)(firstRow + row) * _shape.OutWidth + from) * TPixel.Bytes;
                    tile.Left = pixels + _rows.OutRow(row) + from * _rows.Unit;
                    if (isDirect)
                        tile.Sums = (float*)place;
                    ProductTiles.Run<TVector>(&tile, count, column.Vectors, _isPlanar ? LeftRows.Neighbors : LeftRows.Blocked);
                    if (!isDirect)
                        _end.Finish<TPixel, TVector>(tile, count, column.Vectors,
                            _shape.AllFilters - column.Vector * TVector.Count, place, TPixel.Bytes, pairBytes);
                }
        }
    }
}
