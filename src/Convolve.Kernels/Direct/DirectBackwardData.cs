using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Products;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Direct;

//     for each few images or bands of rows:  pack the gradient;
//         for each pair of vectors of channels, each class of pixels, each of its rows, each few columns:  a tile
//
// diffTarget  [N][O/16][OH][OW][16], diffSource [N][C/16][H][W][16], float32 or bfloat16
// scratch     the weights turned around, [C/16][class][O/16][tap][16 o][16 c]; of each thread: packed gradients, a tile
// L2: packed gradients and a pair's weights. Bound: the multiply-adds of ProductTile.

/// <summary>
/// The gradient of a convolution's input. With strides, pixels whose rows and columns have the same remainders meet the same taps: each
/// such class is a convolution with stride 1. The results do not depend on the number of threads.
/// </summary>
internal sealed unsafe class DirectBackwardData : TeamKernel
{
    private const int MostImages = 16;
    private const long PackedBytes = 192 << 10;
    private readonly ConvolutionShape _shape;
    private readonly TransposedWeights _weights;
    private readonly TapClass[] _classes;
    private readonly PackedRows _rows;
    private readonly FilterColumn[] _columns;
    private readonly Dictionary<(int First, int End), nint[][]> _runs = [];
    private readonly (int Height, int Width) _first, _last;
    private readonly int _rowCount, _columnCount, _bands, _images, _columnParts;
    private readonly bool _isBFloat16;

    public DirectBackwardData(ConvolutionShape shape, Layout diffSource, Layout weights, Layout diffTarget, bool isPlanar)
        : base("own direct", shape.HasWholeBlocks ? Speed.Tuned : Speed.Generic, shape.HasWholeBlocks ? 2 : 3)
    {
        Has(Argument.DiffSource, diffSource);
        Has(Argument.Weights, weights);
        Has(Argument.DiffTarget, diffTarget);
        _isBFloat16 = diffTarget.Type == ElementType.BFloat16;
        _classes = TapClass.Of(shape);
        _weights = new(shape, isPlanar, weights, _classes);
        _shape = shape = shape.Flat(PackedBytes);
        // Of the remainder r, pixel q * stride + r - padding meets the output q - (its tap's distance / stride).
        _last = ((shape.KernelHeight - 1) * shape.Walk.Dilation.Height / shape.Walk.Stride.Height,
            (shape.KernelWidth - 1) * shape.Walk.Dilation.Width / shape.Walk.Stride.Width);
        _first = (shape.Walk.Before.Height / shape.Walk.Stride.Height, shape.Walk.Before.Width / shape.Walk.Stride.Width);
        _rowCount = (shape.Height - 1 + shape.Walk.Before.Height) / shape.Walk.Stride.Height - _first.Height + 1;
        _columnCount = (shape.Width - 1 + shape.Walk.Before.Width) / shape.Walk.Stride.Width - _first.Width + 1;
        bool isDirect = !_isBFloat16 && _last == (0, 0) && _first == (0, 0) && _rowCount <= shape.OutHeight
            && _columnCount == shape.OutWidth;
        int planes = shape.FilterBlocks;
        PackedRows Rows(int outRows) => new(shape.OutHeight, shape.OutWidth, _columnCount, (_last.Height + 1, _last.Width + 1), (1, 1),
            (1, 1), (_last.Height - _first.Height, _last.Width - _first.Width), ConvolutionShape.Block, planes, outRows, isDirect);
        int band = DirectForward.BandRows(Rows, planes, _rowCount);
        _rows = Rows(band);
        _bands = (_rowCount + band - 1) / band;
        _images = (int)Math.Clamp(PackedBytes / Math.Max(1, planes * (long)_rows.Rows * _rows.RowFloats * sizeof(float)), 1, MostImages);
        int vector = Floats16.IsSupported ? Floats16.Count : Floats8.Count;
        int most = Floats16.IsSupported && _columnCount <= ProductTile.MostRows<Floats16>(4) ? 4 : 2;
        _columns = FilterColumn.Of(shape.ChannelBlocks, vector, most, shape.FiltersOf);
        int items = shape.Batch * _bands;
        _columnParts = items >= 4 * Threads ? 1 : Math.Min(_columns.Length, (4 * Threads + items - 1) / items);
        foreach (FilterColumn column in _columns)
            if (!_runs.ContainsKey((column.First, column.End)))
                _runs[(column.First, column.End)] = [.. _classes.Select(c => RunsOf(column.First, column.End, c))];
    }

    protected override long ScratchpadBytes => _weights.ScratchBytes + Threads * ThreadBytes;

    private long ThreadBytes => _images * _rows.Bytes + TileBytes + ZeroBytes;

    private static long TileBytes => 28 * 64;

    private static long ZeroBytes => 2 * 64;

    private nint[] RunsOf(int first, int end, TapClass taps)
    {
        nint[] runs = GC.AllocateUninitializedArray<nint>((end - first) * taps.Taps.Length, pinned: true);
        int i = 0;
        for (int plane = first; plane < end; plane++)
            foreach ((int row, int column) in taps.Taps)
                runs[i++] = _rows.Tap(plane, _last.Height - row * _shape.Walk.Dilation.Height / _shape.Walk.Stride.Height,
                    _last.Width - column * _shape.Walk.Dilation.Width / _shape.Walk.Stride.Width);
        return runs;
    }

    protected override void Run(int phase, int thread, int threads)
    {
        phase += _weights.IsExpanded ? 0 : 1;
        if (phase == 0)
            _weights.Expand((float*)At(Argument.Weights), (float*)Scratch(), thread, threads);
        else if (phase == 1)
            _weights.Transpose((float*)At(Argument.Weights), (float*)Scratch(), thread, threads);
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
        float* packed = (float*)own, zeros = (float*)(own + ThreadBytes - ZeroBytes);
        new Span<float>(zeros, (int)(ZeroBytes / sizeof(float))).Clear();
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
                    for (int kind = 0; kind < _classes.Length; kind++)
                        Column<TPixel, TVector>(_columns[c], kind, starts[i], item + i, zeros);
            unit += count;
        }
    }

    private float* Pack<TPixel>(int item, float* to) where TPixel : struct, IPixel
    {
        long pixels = (long)(item / _bands) * _rows.Planes * _shape.OutHeight * _shape.OutWidth;
        return _rows.Pack<TPixel>((byte*)At(Argument.DiffTarget) + pixels * TPixel.Bytes, item % _bands * _rows.OutRows, _rows.Planes, to);
    }

    // bounds: the pixels of a class in a band, and taps that were packed for them.
    private void Column<TPixel, TVector>(FilterColumn column, int kind, float* pixels, int item, float* zeros)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        TapClass taps = _classes[kind];
        (int strideHeight, int strideWidth) = _shape.Walk.Stride;
        int image = item / _bands, firstRow = item % _bands * _rows.OutRows, rows = Math.Min(_rows.OutRows, _rowCount - firstRow);
        // Columns of the class that are in the image: q * stride + remainder - padding, q counted from the first.
        int offset = _first.Width * strideWidth + taps.Column - _shape.Walk.Before.Width;
        int from = offset < 0 ? 1 : 0;
        int end = offset < _shape.Width ? Math.Min(_columnCount, (_shape.Width - 1 - offset) / strideWidth + 1) : 0;
        if (end <= from)
            return;
        nint plane = (nint)_shape.Height * _shape.Width * ConvolutionShape.Block, pair = column.Pair(TVector.Count, plane);
        float* buffer = zeros - TileBytes / sizeof(float);
        byte* to = (byte*)At(Argument.DiffSource) + ((long)image * _shape.ChannelBlocks * plane
            + FilterColumn.At(column.Vector, TVector.Count, plane)) * TPixel.Bytes / Pixel.Channels;
        bool isDirect = TPixel.Bytes == SinglePixel.Bytes;
        nint[] runs = _runs[(column.First, column.End)][kind];
        ProductTile tile = new()
        {
            RunCount = runs.Length,
            RunLength = ConvolutionShape.Block,
            LeftStep = 1,
            Right = _weights.Result((float*)Scratch()) + FilterColumn.At(column.Vector, TVector.Count, _weights.ChannelStep)
                + (nint)taps.TapsBefore * (column.End - column.First) * ConvolutionShape.Block * ConvolutionShape.Block,
            RightStep = ConvolutionShape.Block,
            RightPair = column.Pair(TVector.Count, _weights.ChannelStep),
            Start = zeros,
            StartPair = 0,
            Slope = 1,
            Sums = buffer,
            SumsStep = isDirect ? strideWidth * ConvolutionShape.Block : column.Vectors * TVector.Count,
            SumsPair = isDirect ? pair : TVector.Count,
        };
        TileEnd plain = new(null);
        int pieces = (end - from + ProductTile.MostRows<TVector>() - 1) / ProductTile.MostRows<TVector>();
        fixed (nint* run = runs)
        {
            tile.Runs = run;
            for (int row = 0; row < rows; row++)
            {
                int y = (firstRow + row + _first.Height) * strideHeight + taps.Row - _shape.Walk.Before.Height;
                if ((uint)y >= (uint)_shape.Height)
                    continue;
                for (int piece = 0; piece < pieces; piece++)
                {
                    int first = from + ProductTiles.Cut(end - from, pieces, piece);
                    int count = from + ProductTiles.Cut(end - from, pieces, piece + 1) - first;
                    byte* place = to + ((nint)y * _shape.Width + first * strideWidth + offset) * TPixel.Bytes;
                    tile.Left = pixels + _rows.OutRow(row) + first * ConvolutionShape.Block;
                    if (isDirect)
                        tile.Sums = (float*)place;
                    ProductTiles.Run<TVector>(&tile, count, column.Vectors, LeftRows.Blocked);
                    if (!isDirect)
                        plain.Finish<TPixel, TVector>(tile, count, column.Vectors, 0, place, strideWidth * TPixel.Bytes,
                            pair * TPixel.Bytes / Pixel.Channels);
                }
            }
        }
    }
}
