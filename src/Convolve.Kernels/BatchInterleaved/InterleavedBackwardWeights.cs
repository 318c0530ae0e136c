using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each band of rows, each block of filters, each block of taps:  GradientTile;  at the end, for each weight: the sum of its lanes
//
// x, dy          [channel][row][column][16]  float32
// sums           [weight][16], then [bias][16]  float32, one for each thread
// weights, bias  OIHW, O                     float32
// L1: a band of dy while all taps pass over it. The multiply-adds of GradientTile are the bound; memory where the sums are added up.

/// <summary>The gradients of a convolution's weights and bias, made ready for one thread.</summary>
/// <remarks>
/// The sums of a thread are one vector for each weight, plain OIHW, then one for each bias; the lanes are added up only at the end, when
/// the threads' sums are.
/// </remarks>
internal unsafe struct InterleavedBackwardWeights
{
    /// <summary>What a band of the gradient may take of the first-level cache while the taps pass over it.</summary>
    private const int BandBytes = 24 * 1024;

    private readonly InterleavedConv _conv;
    private readonly bool _copies;
    private readonly nint* _offsets;
    private readonly int _filterBlocks, _tapBlocks, _bands;
    private readonly byte* _sums;
    private PaddedPlanes _padded;

    public InterleavedBackwardWeights(ref InterleavedArena arena, in InterleavedConv conv, byte* sums)
    {
        _conv = conv;
        _sums = sums;
        (int height, int width) = Extent(conv);
        _copies = conv.PadTop != 0 || conv.PadLeft != 0 || height > conv.Height || width > conv.Width;
        InterleavedView view;
        if (_copies)
        {
            _padded = new PaddedPlanes(ref arena, conv.Channels, conv.Height, conv.Width, conv.PadTop, conv.PadLeft, height, width);
            view = _padded.View;
        }
        else
        {
            view = InterleavedView.Dense(null, 0, conv.Channels, conv.Height, conv.Width);
        }
        _offsets = arena.Take<nint>(conv.Taps);
        nint* offset = _offsets;
        for (int c = 0; c < conv.Channels; c++)
            for (int row = 0; row < conv.KernelHeight; row++)
                for (int column = 0; column < conv.KernelWidth; column++)
                    *offset++ = c * view.Plane + row * view.Row + column * VectorBytes;
        (_filterBlocks, _tapBlocks) = ChooseTile(conv);
        long rowBytes = (long)CeilingDivide(conv.Filters, _filterBlocks) * conv.OutWidth * VectorBytes;
        _bands = CeilingDivide(conv.OutHeight, (int)Math.Max(1, BandBytes / rowBytes));
        Clear(sums, SumsBytes(conv));
    }

    public static long ScratchBytes(in InterleavedConv conv)
    {
        (int height, int width) = Extent(conv);
        return PaddedPlanes.Bytes(conv.Channels, height, width) + InterleavedArena.Bytes<nint>(conv.Taps);
    }

    /// <summary>The bytes of one thread's sums.</summary>
    public static long SumsBytes(in InterleavedConv conv) => (long)conv.Filters * (conv.Taps + 1) * VectorBytes;

    /// <summary>Adds the gradients of one group of images.</summary>
    public void Add(InterleavedView src, InterleavedView diff)
    {
        InterleavedView view = src;
        if (_copies)
        {
            _padded.Restart();
            _padded.Copy(src, _conv.Height);
            view = _padded.View;
        }
        GradientTile tile;
        tile.DiffPlane = diff.Plane;
        tile.DiffRow = diff.Row;
        tile.InRow = _conv.StrideH * view.Row;
        tile.InColumnStep = (nint)_conv.StrideW * VectorBytes;
        tile.Columns = _conv.OutWidth;
        tile.SumPitch = (nint)_conv.Taps * VectorBytes;
        byte* corner = view.Origin - _conv.PadTop * view.Row - _conv.PadLeft * VectorBytes;
        for (int band = 0, top = 0; band < _bands; band++)
        {
            tile.Rows = Correlation.Part(_conv.OutHeight, _bands, band);
            tile.Input = corner + top * tile.InRow;
            for (int block = 0, filter = 0; block < _filterBlocks; block++)
            {
                int filters = Correlation.Part(_conv.Filters, _filterBlocks, block);
                tile.Diff = diff.Origin + filter * diff.Plane + top * diff.Row;
                byte* biasSums = _sums + _conv.Filters * tile.SumPitch + filter * VectorBytes;
                if (IsWide)
                    AddBias<Floats16>(tile.Diff, diff, filters, tile.Rows, _conv.OutWidth, biasSums);
                else
                    AddBias<Floats8>(tile.Diff, diff, filters, tile.Rows, _conv.OutWidth, biasSums);
                for (int tapBlock = 0, tap = 0; tapBlock < _tapBlocks; tapBlock++)
                {
                    int taps = Correlation.Part(_conv.Taps, _tapBlocks, tapBlock);
                    tile.Offsets = _offsets + tap;
                    tile.Sums = _sums + filter * tile.SumPitch + tap * VectorBytes;
                    GradientTile.Run(&tile, filters, taps);
                    tap += taps;
                }
                filter += filters;
            }
            top += tile.Rows;
        }
    }

    /// <summary>Adds up the threads' sums, in the order of the threads, and their lanes.</summary>
    /// <param name="sums">The sums of all threads, one after another.</param>
    /// <param name="weights">Receives the gradients of the weights, OIHW.</param>
    /// <param name="bias">Receives the gradients of the bias.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce(in InterleavedConv conv, byte* sums, int threads, float* weights, float* bias, int firstFilter, int filters)
    {
        nint pitch = (nint)SumsBytes(conv);
        ReduceRange(sums, pitch, threads, weights, firstFilter * conv.Taps, (firstFilter + filters) * conv.Taps);
        ReduceRange(sums + (nint)conv.Filters * conv.Taps * VectorBytes, pitch, threads, bias, firstFilter, firstFilter + filters);
    }

    // bounds: each thread has a vector for each weight, pitch bytes behind the last thread's.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReduceRange(byte* sums, nint pitch, int threads, float* result, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            byte* sum = sums + (nint)i * VectorBytes;
            Floats8 lower = Floats8.Load(sum), upper = Floats8.Load(sum + sizeof(Floats8));
            for (int thread = 1; thread < threads; thread++)
            {
                byte* other = sum + thread * pitch;
                lower += Floats8.Load(other);
                upper += Floats8.Load(other + sizeof(Floats8));
            }
            result[i] = Floats8.Sum(lower + upper);
        }
    }

    // bounds: rows and columns of the band; the sums have a vector for each filter.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBias<TVector>(byte* first, InterleavedView diff, int filters, int rows, int columns, byte* sums)
        where TVector : unmanaged, IFloats<TVector>
    {
        for (int f = 0; f < filters; f++, sums += VectorBytes)
            for (int part = 0; part < VectorBytes; part += sizeof(TVector))
            {
                TVector even = TVector.Load(sums + part), odd = TVector.Zero, third = odd, fourth = odd;
                for (int row = 0; row < rows; row++)
                {
                    float* d = (float*)(first + f * diff.Plane + row * diff.Row + part), end = d + columns * Width;
                    for (; d + 4 * Width <= end; d += 4 * Width)
                    {
                        even += TVector.Load(d);
                        odd += TVector.Load(d + Width);
                        third += TVector.Load(d + 2 * Width);
                        fourth += TVector.Load(d + 3 * Width);
                    }
                    for (; d < end; d += Width)
                        odd += TVector.Load(d);
                }
                (even + odd + (third + fourth)).Store(sums + part);
            }
    }

    /// <summary>The part of the padded input that the taps reach.</summary>
    private static (int Height, int Width) Extent(in InterleavedConv conv) =>
        ((conv.OutHeight - 1) * conv.StrideH + conv.KernelHeight, (conv.OutWidth - 1) * conv.StrideW + conv.KernelWidth);

    private static (int FilterBlocks, int TapBlocks) ChooseTile(in InterleavedConv conv)
    {
        long best = long.MaxValue;
        (int FilterBlocks, int TapBlocks) choice = default;
        int least = CeilingDivide(conv.Filters, 8);
        for (int filterBlocks = least; filterBlocks <= Math.Min(conv.Filters, least + 3); filterBlocks++)
        {
            int filters = CeilingDivide(conv.Filters, filterBlocks), fewer = conv.Filters / filterBlocks;
            int larger = conv.Filters % filterBlocks;
            for (int width = Math.Min(8, conv.Taps); width >= 1; width--)
            {
                if (!GradientTile.Exists(filters, width))
                    continue;
                int tapBlocks = CeilingDivide(conv.Taps, width), taps = conv.Taps / tapBlocks, wider = conv.Taps % tapBlocks;
                long cost = 0;
                for (int wide = 0; wide < 2; wide++)
                {
                    int count = wide == 1 ? wider : tapBlocks - wider, columns = taps + wide;
                    cost += (long)count * (larger * Correlation.HalfCycles(filters, columns)
                        + (filterBlocks - larger) * Correlation.HalfCycles(fewer, columns));
                }
                if (cost < best)
                    (best, choice) = (cost, (filterBlocks, tapBlocks));
            }
        }
        return choice;
    }

    private static void Clear(byte* memory, long bytes)
    {
        for (; bytes > 0; memory += 1 << 30, bytes -= 1 << 30)
            new Span<byte>(memory, (int)Math.Min(bytes, 1 << 30)).Clear();
    }
}
