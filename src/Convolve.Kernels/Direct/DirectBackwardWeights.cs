using System.Runtime.CompilerServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Products;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Direct;

//     for each few blocks of channels, each image of a slice, each band of rows:  pack;
//         for each block, each pair of vectors of filters:  for each tap, each few channels:  a tile, summed over the band's pixels
//     then the slices are added up
//
// source      [N][C/16][H][W][16], or [N][C][H][W] for few channels; diffTarget [N][O/16][OH][OW][16]; float32 or bfloat16
// diffWeights [O/16][C/16][KH][KW][16 c][16 o], or [O/16][C][KH][KW][16 o], float32
// scratch     of all: sums of the slices behind the first, sums of the bias; of each thread: packed pixels and gradients
// L1: a band's pixels of a block of channels, its gradients of a pair. L2: all of the band; the sums.
// Bound: the multiply-adds of ProductTile.

/// <summary>
/// The gradient of a convolution's weights and bias. Threads share the channels and filters; where those are few, also slices of the batch.
/// </summary>
internal sealed unsafe class DirectBackwardWeights : TeamKernel
{
    private const long BandBytes = 40 << 10, SumsBytes = 192 << 10, PackedBytes = 128 << 10;
    private readonly ConvolutionShape _shape;
    private readonly WeightBlocks _weights;
    private readonly PackedRows _rows, _diffs;
    private readonly FilterColumn[] _columns;
    private readonly (int Plane, int Column)[] _units;
    private readonly (nint Left, int Rows, nint Sums)[] _parts;
    private readonly nint[] _runs;
    private readonly int _slices, _leftStep, _planesAtOnce;
    private readonly bool _isPlanar, _isBFloat16, _hasBias;

    public DirectBackwardWeights(ConvolutionShape shape, Layout source, Layout diffWeights, Layout? diffBias, Layout diffTarget,
        bool isPlanar)
        : base(isPlanar ? "own direct plain" : "own direct", shape.HasWholeBlocks ? Speed.Tuned : Speed.Generic,
            shape.HasWholeBlocks ? 2 : 3)
    {
        Has(Argument.Source, source);
        Has(Argument.DiffWeights, diffWeights);
        if (diffBias is not null)
            Has(Argument.DiffBias, diffBias);
        Has(Argument.DiffTarget, diffTarget);
        (_hasBias, _isPlanar, _isBFloat16) = (diffBias is not null, isPlanar, source.Type == ElementType.BFloat16);
        _weights = new(shape, isPlanar, diffWeights);
        _shape = shape = shape.Flat(BandBytes / 3 * shape.ChannelBlocks);
        int unit = isPlanar ? 1 : ConvolutionShape.Block, planes = isPlanar ? shape.Channels : shape.ChannelBlocks;
        bool isDirect = !_isBFloat16 && shape.IsUnpadded && (isPlanar || shape.Walk.Stride.Width == 1);
        PackedRows Rows(int outRows) => new(shape.Height, shape.Width, shape.OutWidth, (shape.KernelHeight, shape.KernelWidth),
            shape.Walk.Stride, shape.Walk.Dilation, shape.Walk.Before, unit, _planesAtOnce, outRows, isDirect, hasPhases: !isPlanar);
        _planesAtOnce = 1;
        int band = 1;
        while (band < shape.OutHeight && (Rows(band + 1).Rows * (long)Rows(band + 1).RowFloats
            + (band + 1L) * shape.OutWidth * 2 * ConvolutionShape.Block) * sizeof(float) <= BandBytes)
            band++;
        long planeSums = (long)_weights.FilterStep / Math.Max(1, planes) * shape.FilterBlocks * sizeof(float);
        long planePixels = Rows(band).Rows * (long)Rows(band).RowFloats * sizeof(float);
        _planesAtOnce = (int)Math.Clamp(Math.Min(SumsBytes / planeSums, PackedBytes / planePixels), 1, planes);
        _rows = Rows(band);
        _diffs = new(shape.OutHeight, shape.OutWidth, shape.OutWidth, (1, 1), (1, 1), (1, 1), (0, 0), ConvolutionShape.Block,
            shape.FilterBlocks, band, !_isBFloat16);
        _leftStep = isPlanar ? shape.Walk.Stride.Width : ConvolutionShape.Block;
        int vector = Floats16.IsSupported ? Floats16.Count : Floats8.Count;
        int most = Floats16.IsSupported ? ProductTile.MostRows<Floats16>() : ProductTile.MostRows<Floats8>();
        // Rows of taps that are short for a tile of two vectors get four.
        int together = Floats16.IsSupported && isPlanar && shape.KernelWidth <= ProductTile.MostRows<Floats16>(4) ? 4 : 2;
        _columns = FilterColumn.Of(shape.FilterBlocks, vector, together, block => isPlanar ? (0, planes) : shape.ChannelsOf(block));
        _units = [.. Enumerable.Range(0, planes).SelectMany(plane => Enumerable.Range(0, _columns.Length)
            .Where(c => plane >= _columns[c].First && plane < _columns[c].End).Select(c => (plane, c)))];
        _slices = Math.Clamp((4 * Threads + _units.Length - 1) / _units.Length, 1, shape.Batch);
        if (Threads == 1)
            _slices = 1;
        _parts = isPlanar ? PlanarParts(most) : BlockedParts(most);
        _runs = GC.AllocateUninitializedArray<nint>(band, pinned: true);
        for (int row = 0; row < band; row++)
            _runs[row] = _rows.OutRow(row);
    }

    private long SliceBytes => _shape.FilterBlocks * (long)_weights.FilterStep * sizeof(float);

    private long BiasBytes => _hasBias ? _shape.FilterBlocks * (long)ConvolutionShape.Block * sizeof(float) : 0;

    private long ThreadBytes => _rows.Bytes + _diffs.Bytes + ZeroBytes;

    private static long ZeroBytes => 2 * 64;

    private long SharedBytes => _weights.ScratchBytes + (_slices - 1) * SliceBytes + _slices * BiasBytes;

    protected override long ScratchpadBytes => SharedBytes + Threads * ThreadBytes;

    // Each tap, and the channels of a block in even pieces.
    private (nint, int, nint)[] BlockedParts(int most)
    {
        List<(nint, int, nint)> parts = [];
        int pieces = (ConvolutionShape.Block + most - 1) / most;
        for (int row = 0; row < _shape.KernelHeight; row++)
            for (int column = 0; column < _shape.KernelWidth; column++)
                for (int piece = 0; piece < pieces; piece++)
                {
                    int from = ProductTiles.Cut(ConvolutionShape.Block, pieces, piece);
                    parts.Add((_rows.Tap(0, row, column) + from, ProductTiles.Cut(ConvolutionShape.Block, pieces, piece + 1) - from,
                        ((row * _shape.KernelWidth + column) * ConvolutionShape.Block + from) * ConvolutionShape.Block));
                }
        return [.. parts];
    }

    // Each row of taps, in even pieces where they are neighbors.
    private (nint, int, nint)[] PlanarParts(int most)
    {
        List<(nint, int, nint)> parts = [];
        int width = _shape.KernelWidth, pieces = _shape.Walk.Dilation.Width == 1 ? (width + most - 1) / most : width;
        for (int row = 0; row < _shape.KernelHeight; row++)
            for (int piece = 0; piece < pieces; piece++)
            {
                int from = ProductTiles.Cut(width, pieces, piece);
                parts.Add((_rows.Tap(0, row, from), ProductTiles.Cut(width, pieces, piece + 1) - from,
                    (row * width + from) * ConvolutionShape.Block));
            }
        return [.. parts];
    }

    protected override void Run(int phase, int thread, int threads)
    {
        if (phase == 2)
            _weights.Collect((float*)Scratch(), (float*)At(Argument.DiffWeights), thread, threads);
        else if (Floats16.IsSupported)
            Run<Floats16>(phase, thread, threads);
        else
            Run<Floats8>(phase, thread, threads);
    }

    private void Run<TVector>(int phase, int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        if (phase == 1)
            AddUp<TVector>(thread, threads);
        else if (_isBFloat16)
            Run<BFloat16Pixel, TVector>(thread, threads);
        else
            Run<SinglePixel, TVector>(thread, threads);
    }

    private float* Sums(int slice) => slice > 0 ? (float*)Scratch(_weights.ScratchBytes + (slice - 1) * SliceBytes)
        : (float*)(_weights.IsExpanded ? Scratch() : At(Argument.DiffWeights));

    private float* Bias(int slice) => (float*)Scratch(SharedBytes - (_slices - slice) * BiasBytes);

    private void Run<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int units = _units.Length * _slices, unit = (int)((long)units * thread / threads);
        int end = (int)((long)units * (thread + 1) / threads);
        while (unit < end)
        {
            // All columns of a few blocks of channels that fall to this thread.
            int slice = unit / _units.Length, first = unit % _units.Length, last = first;
            while (last + 1 < _units.Length && unit + last + 1 - first < end
                && _units[last + 1].Plane - _units[first].Plane < _planesAtOnce)
                last++;
            Planes<TPixel, TVector>(slice, first, last, SharedBytes + thread * ThreadBytes);
            unit += last - first + 1;
        }
    }

    private void Planes<TPixel, TVector>(int slice, int first, int last, long scratch)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        float* own = (float*)Scratch(scratch), packedDiffs = own + _rows.Bytes / sizeof(float),
            zeros = packedDiffs + _diffs.Bytes / sizeof(float);
        new Span<float>(zeros, (int)(ZeroBytes / sizeof(float))).Clear();
        int firstPlane = _units[first].Plane, planes = _isPlanar ? _shape.Channels : _shape.ChannelBlocks;
        int firstImage = ProductTiles.Cut(_shape.Batch, _slices, slice), endImage = ProductTiles.Cut(_shape.Batch, _slices, slice + 1);
        nint area = (nint)_shape.OutHeight * _shape.OutWidth;
        for (int image = firstImage; image < endImage; image++)
            for (int row = 0; row < _shape.OutHeight; row += _rows.OutRows)
            {
                byte* pixels = (byte*)At(Argument.Source) + ((long)image * planes + firstPlane) * _shape.Height * _shape.Width * _rows.Unit
                    * TPixel.Bytes / Pixel.Channels;
                byte* gradients = (byte*)At(Argument.DiffTarget) + (long)image * _shape.FilterBlocks * area * TPixel.Bytes;
                float* packed = _rows.Pack<TPixel>(pixels, row, _units[last].Plane - firstPlane + 1, own);
                float* diffs = _diffs.Pack<TPixel>(gradients, row, _shape.FilterBlocks, packedDiffs);
                int count = Math.Min(_rows.OutRows, _shape.OutHeight - row);
                for (int i = first; i <= last; i++)
                    Column<TVector>(slice, _units[i].Plane, _columns[_units[i].Column],
                        packed + (_units[i].Plane - firstPlane) * _rows.PlaneFloats, diffs, count, zeros, image == firstImage && row == 0);
            }
    }

    // bounds: a band's rows of outputs, and taps that were packed for them.
    private void Column<TVector>(int slice, int plane, FilterColumn column, float* pixels, float* diffs, int rows, float* zeros,
        bool isFirst) where TVector : unmanaged, IFloats<TVector>
    {
        float* right = diffs + FilterColumn.At(column.Vector, TVector.Count, _diffs.PlaneFloats);
        nint pair = column.Pair(TVector.Count, _diffs.PlaneFloats), sumsPair = column.Pair(TVector.Count, _weights.FilterStep);
        float* sums = Sums(slice) + FilterColumn.At(column.Vector, TVector.Count, _weights.FilterStep)
            + (plane - column.First) * (nint)_shape.Taps * ConvolutionShape.Block * (_isPlanar ? 1 : ConvolutionShape.Block);
        ProductTile tile = new()
        {
            RunCount = rows,
            RunLength = _shape.OutWidth,
            LeftStep = _leftStep,
            Right = right,
            RightStep = ConvolutionShape.Block,
            RightPair = pair,
            StartStep = isFirst ? 0 : ConvolutionShape.Block,
            StartPair = isFirst ? 0 : sumsPair,
            SumsStep = ConvolutionShape.Block,
            SumsPair = sumsPair,
            Slope = 1,
        };
        fixed (nint* runs = _runs)
        {
            tile.Runs = runs;
            foreach ((nint left, int count, nint at) in _parts)
            {
                tile.Left = pixels + left;
                tile.Sums = sums + at;
                tile.Start = isFirst ? zeros : tile.Sums;
                ProductTiles.Run<TVector>(&tile, count, column.Vectors, LeftRows.Neighbors);
            }
        }
        if (_hasBias && plane == column.First)
            for (int vector = 0; vector < column.Vectors; vector++)
                AddBias<TVector>(right + vector * pair, rows * _shape.OutWidth,
                    Bias(slice) + (column.Vector + vector) * TVector.Count, isFirst);
    }

    // bounds: the pixels of a band, a vector of filters of each.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBias<TVector>(float* diffs, int pixels, float* sum, bool isFirst) where TVector : unmanaged, IFloats<TVector>
    {
        TVector even = TVector.Zero, odd = TVector.Zero;
        for (int i = 0; i + 1 < pixels; i += 2)
        {
            even += TVector.Load(diffs + i * ConvolutionShape.Block);
            odd += TVector.Load(diffs + (i + 1) * ConvolutionShape.Block);
        }
        if (pixels % 2 == 1)
            even += TVector.Load(diffs + (pixels - 1) * ConvolutionShape.Block);
        (isFirst ? even + odd : TVector.Load(sum) + (even + odd)).Store(sum);
    }

    private void AddUp<TVector>(int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        long vectors = SliceBytes / sizeof(float) / TVector.Count;
        for (int slice = 1; slice < _slices; slice++)
            Add<TVector>(Sums(0), Sums(slice), vectors * thread / threads * TVector.Count,
                vectors * (thread + 1) / threads * TVector.Count);
        if (!_hasBias || thread > 0)
            return;
        float* bias = (float*)At(Argument.DiffBias);
        for (int filter = 0; filter < _shape.AllFilters; filter++)
        {
            float sum = Bias(0)[filter];
            for (int slice = 1; slice < _slices; slice++)
                sum += Bias(slice)[filter];
            bias[filter] = sum;
        }
    }

    // bounds: whole vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add<TVector>(float* sums, float* other, long first, long end) where TVector : unmanaged, IFloats<TVector>
    {
        for (long i = first; i < end; i += TVector.Count)
            (TVector.Load(sums + i) + TVector.Load(other + i)).Store(sums + i);
    }
}
