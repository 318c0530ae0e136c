using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Lanes.Lanes;
using static Convolve.Kernels.Lanes.Number;

namespace Convolve.Kernels.Lanes;

/// <summary>A row of equal tiles, each a few filters by a few columns of output, and the taps that are summed into them.</summary>
/// <remarks>
/// The accumulators are locals, written out one by one, because only locals stay in registers; a tile holds up to 24 of 32, or 12 of 16. An input
/// vector serves all filters of the tile and a broadcast weight all its columns. Steps and offsets are in bytes.
/// </remarks>
internal unsafe struct CorrelationTile
{
    /// <summary>Where the first column of the first tile meets the tap of offset 0.</summary>
    public byte* Input;

    /// <summary>Where each tap is, relative to <see cref="Input"/>.</summary>
    public nint* Offsets;

    /// <summary>For each tap, the weights of the tile's filters.</summary>
    public float* Weights;

    public float* Bias;
    public byte* Output;
    public int Tiles;

    /// <summary>The taps come in runs, one for a kernel row, with taps between that meet nothing but padding.</summary>
    public int Runs;

    public int RunTaps;
    public int SkippedTaps;
    public nint InColumnStep;
    public nint OutColumnStep;
    public nint OutPlane;

    /// <summary>Whether there is a kernel for a tile of this size.</summary>
    public static bool Exists(int filters, int columns) =>
        (filters <= 8 && columns <= 4 || filters <= 4 && columns <= 8) && (IsWide ? filters * columns <= 24 : (filters + 1) * columns < Floats8.Registers);

    public static void Run<TFunction>(CorrelationTile* tile, int filters, int columns) where TFunction : struct, ILanesFunction
    {
        if (IsWide)
            Run<Floats16, TFunction>(tile, filters, columns);
        else
            Run<Floats8, TFunction>(tile, filters, columns);
    }

    // Where a register is half as wide as a group of images, one half of the group after the other.
    private static void Run<TVector, TFunction>(CorrelationTile* tile, int filters, int columns)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
    {
        CorrelationTile part = *tile;
        for (int lane = 0; lane < Width; lane += TVector.Count)
        {
            RunPart<TVector, TFunction>(&part, filters, columns);
            part.Input += sizeof(TVector);
            part.Output += sizeof(TVector);
        }
    }

    private static void RunPart<TVector, TFunction>(CorrelationTile* tile, int filters, int columns)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
    {
        switch (columns)
        {
            case 1: RunNarrow<TVector, N1, TFunction>(tile, filters); break;
            case 2: RunNarrow<TVector, N2, TFunction>(tile, filters); break;
            case 3: RunNarrow<TVector, N3, TFunction>(tile, filters); break;
            case 4: RunNarrow<TVector, N4, TFunction>(tile, filters); break;
            case 5: RunWide<TVector, N5, TFunction>(tile, filters); break;
            case 6: RunWide<TVector, N6, TFunction>(tile, filters); break;
            case 7: RunWide<TVector, N7, TFunction>(tile, filters); break;
            default: RunWide<TVector, N8, TFunction>(tile, filters); break;
        }
    }

    private static void RunNarrow<TVector, TColumns, TFunction>(CorrelationTile* tile, int filters)
        where TVector : unmanaged, IFloats<TVector> where TColumns : unmanaged where TFunction : struct, ILanesFunction
    {
        switch (filters)
        {
            case 1: Tall<TVector, N1, TColumns, TFunction>(tile); break;
            case 2: Tall<TVector, N2, TColumns, TFunction>(tile); break;
            case 3: Tall<TVector, N3, TColumns, TFunction>(tile); break;
            case 4: Tall<TVector, N4, TColumns, TFunction>(tile); break;
            case 5: Tall<TVector, N5, TColumns, TFunction>(tile); break;
            case 6: Tall<TVector, N6, TColumns, TFunction>(tile); break;
            case 7: Tall<TVector, N7, TColumns, TFunction>(tile); break;
            default: Tall<TVector, N8, TColumns, TFunction>(tile); break;
        }
    }

    private static void RunWide<TVector, TColumns, TFunction>(CorrelationTile* tile, int filters)
        where TVector : unmanaged, IFloats<TVector> where TColumns : unmanaged where TFunction : struct, ILanesFunction
    {
        switch (filters)
        {
            case 1: Wide<TVector, N1, TColumns, TFunction>(tile); break;
            case 2: Wide<TVector, N2, TColumns, TFunction>(tile); break;
            case 3: Wide<TVector, N3, TColumns, TFunction>(tile); break;
            default: Wide<TVector, N4, TColumns, TFunction>(tile); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVector, TFunction>(byte* address, TVector value)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction =>
        TFunction.Apply(value, default).Store(address);

    /// <summary>Up to 8 filters by 4 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tall<TVector, TFilters, TColumns, TFunction>(CorrelationTile* tile)
        where TVector : unmanaged, IFloats<TVector> where TFilters : unmanaged where TColumns : unmanaged where TFunction : struct, ILanesFunction
    {
        nint inStep = tile->InColumnStep, outStep = tile->OutColumnStep, outPlane = tile->OutPlane;
        byte* input = tile->Input, output = tile->Output;
        float* bias = tile->Bias;
        nint runTaps = tile->RunTaps, skip = tile->SkippedTaps;
        for (int tiles = tile->Tiles; tiles > 0; tiles--)
        {
            nint* offset = tile->Offsets;
            float* weight = tile->Weights;
            TVector a00 = TVector.Create(bias[0]), a01 = a00, a02 = a00, a03 = a00;
            TVector a10 = sizeof(TFilters) > 1 ? TVector.Create(bias[1]) : default, a11 = a10, a12 = a10, a13 = a10;
            TVector a20 = sizeof(TFilters) > 2 ? TVector.Create(bias[2]) : default, a21 = a20, a22 = a20, a23 = a20;
            TVector a30 = sizeof(TFilters) > 3 ? TVector.Create(bias[3]) : default, a31 = a30, a32 = a30, a33 = a30;
            TVector a40 = sizeof(TFilters) > 4 ? TVector.Create(bias[4]) : default, a41 = a40, a42 = a40, a43 = a40;
            TVector a50 = sizeof(TFilters) > 5 ? TVector.Create(bias[5]) : default, a51 = a50, a52 = a50, a53 = a50;
            TVector a60 = sizeof(TFilters) > 6 ? TVector.Create(bias[6]) : default, a61 = a60, a62 = a60, a63 = a60;
            TVector a70 = sizeof(TFilters) > 7 ? TVector.Create(bias[7]) : default, a71 = a70, a72 = a70, a73 = a70;
            for (int run = tile->Runs; run > 0; run--)
            {
                for (nint* end = offset + runTaps; offset != end; offset++)
                {
                    byte* x = input + *offset;
                    TVector x0 = TVector.Load(x);
                    TVector x1 = sizeof(TColumns) > 1 ? TVector.Load(x + inStep) : default;
                    TVector x2 = sizeof(TColumns) > 2 ? TVector.Load(x + 2 * inStep) : default;
                    TVector x3 = sizeof(TColumns) > 3 ? TVector.Load(x + 3 * inStep) : default;
                    {
                        TVector w = TVector.Create(weight[0]);
                        a00 = TVector.FusedMultiplyAdd(w, x0, a00);
                        if (sizeof(TColumns) > 1) a01 = TVector.FusedMultiplyAdd(w, x1, a01);
                        if (sizeof(TColumns) > 2) a02 = TVector.FusedMultiplyAdd(w, x2, a02);
                        if (sizeof(TColumns) > 3) a03 = TVector.FusedMultiplyAdd(w, x3, a03);
                    }
                    if (sizeof(TFilters) > 1)
                    {
                        TVector w = TVector.Create(weight[1]);
                        a10 = TVector.FusedMultiplyAdd(w, x0, a10);
                        if (sizeof(TColumns) > 1) a11 = TVector.FusedMultiplyAdd(w, x1, a11);
                        if (sizeof(TColumns) > 2) a12 = TVector.FusedMultiplyAdd(w, x2, a12);
                        if (sizeof(TColumns) > 3) a13 = TVector.FusedMultiplyAdd(w, x3, a13);
                    }
                    if (sizeof(TFilters) > 2)
                    {
                        TVector w = TVector.Create(weight[2]);
                        a20 = TVector.FusedMultiplyAdd(w, x0, a20);
                        if (sizeof(TColumns) > 1) a21 = TVector.FusedMultiplyAdd(w, x1, a21);
                        if (sizeof(TColumns) > 2) a22 = TVector.FusedMultiplyAdd(w, x2, a22);
                        if (sizeof(TColumns) > 3) a23 = TVector.FusedMultiplyAdd(w, x3, a23);
                    }
                    if (sizeof(TFilters) > 3)
                    {
                        TVector w = TVector.Create(weight[3]);
                        a30 = TVector.FusedMultiplyAdd(w, x0, a30);
                        if (sizeof(TColumns) > 1) a31 = TVector.FusedMultiplyAdd(w, x1, a31);
                        if (sizeof(TColumns) > 2) a32 = TVector.FusedMultiplyAdd(w, x2, a32);
                        if (sizeof(TColumns) > 3) a33 = TVector.FusedMultiplyAdd(w, x3, a33);
                    }
                    if (sizeof(TFilters) > 4)
                    {
                        TVector w = TVector.Create(weight[4]);
                        a40 = TVector.FusedMultiplyAdd(w, x0, a40);
                        if (sizeof(TColumns) > 1) a41 = TVector.FusedMultiplyAdd(w, x1, a41);
                        if (sizeof(TColumns) > 2) a42 = TVector.FusedMultiplyAdd(w, x2, a42);
                        if (sizeof(TColumns) > 3) a43 = TVector.FusedMultiplyAdd(w, x3, a43);
                    }
                    if (sizeof(TFilters) > 5)
                    {
                        TVector w = TVector.Create(weight[5]);
                        a50 = TVector.FusedMultiplyAdd(w, x0, a50);
                        if (sizeof(TColumns) > 1) a51 = TVector.FusedMultiplyAdd(w, x1, a51);
                        if (sizeof(TColumns) > 2) a52 = TVector.FusedMultiplyAdd(w, x2, a52);
                        if (sizeof(TColumns) > 3) a53 = TVector.FusedMultiplyAdd(w, x3, a53);
                    }
                    if (sizeof(TFilters) > 6)
                    {
                        TVector w = TVector.Create(weight[6]);
                        a60 = TVector.FusedMultiplyAdd(w, x0, a60);
                        if (sizeof(TColumns) > 1) a61 = TVector.FusedMultiplyAdd(w, x1, a61);
                        if (sizeof(TColumns) > 2) a62 = TVector.FusedMultiplyAdd(w, x2, a62);
                        if (sizeof(TColumns) > 3) a63 = TVector.FusedMultiplyAdd(w, x3, a63);
                    }
                    if (sizeof(TFilters) > 7)
                    {
                        TVector w = TVector.Create(weight[7]);
                        a70 = TVector.FusedMultiplyAdd(w, x0, a70);
                        if (sizeof(TColumns) > 1) a71 = TVector.FusedMultiplyAdd(w, x1, a71);
                        if (sizeof(TColumns) > 2) a72 = TVector.FusedMultiplyAdd(w, x2, a72);
                        if (sizeof(TColumns) > 3) a73 = TVector.FusedMultiplyAdd(w, x3, a73);
                    }
                    weight += sizeof(TFilters);
                }
                offset += skip;
                weight += skip * sizeof(TFilters);
            }

            byte* y = output;
            {
                Store<TVector, TFunction>(y, a00);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a01);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a02);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a03);
            }
            if (sizeof(TFilters) > 1)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a10);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a11);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a12);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a13);
            }
            if (sizeof(TFilters) > 2)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a20);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a21);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a22);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a23);
            }
            if (sizeof(TFilters) > 3)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a30);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a31);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a32);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a33);
            }
            if (sizeof(TFilters) > 4)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a40);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a41);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a42);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a43);
            }
            if (sizeof(TFilters) > 5)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a50);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a51);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a52);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a53);
            }
            if (sizeof(TFilters) > 6)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a60);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a61);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a62);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a63);
            }
            if (sizeof(TFilters) > 7)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a70);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a71);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a72);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a73);
            }
            input += sizeof(TColumns) * inStep;
            output += sizeof(TColumns) * outStep;
        }
    }

    /// <summary>Up to 4 filters by 8 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide<TVector, TFilters, TColumns, TFunction>(CorrelationTile* tile)
        where TVector : unmanaged, IFloats<TVector> where TFilters : unmanaged where TColumns : unmanaged where TFunction : struct, ILanesFunction
    {
        nint inStep = tile->InColumnStep, outStep = tile->OutColumnStep, outPlane = tile->OutPlane;
        byte* input = tile->Input, output = tile->Output;
        float* bias = tile->Bias;
        nint runTaps = tile->RunTaps, skip = tile->SkippedTaps;
        for (int tiles = tile->Tiles; tiles > 0; tiles--)
        {
            nint* offset = tile->Offsets;
            float* weight = tile->Weights;
            TVector a00 = TVector.Create(bias[0]), a01 = a00, a02 = a00, a03 = a00, a04 = a00, a05 = a00, a06 = a00, a07 = a00;
            TVector a10 = sizeof(TFilters) > 1 ? TVector.Create(bias[1]) : default,
                a11 = a10, a12 = a10, a13 = a10, a14 = a10, a15 = a10, a16 = a10, a17 = a10;
            TVector a20 = sizeof(TFilters) > 2 ? TVector.Create(bias[2]) : default,
                a21 = a20, a22 = a20, a23 = a20, a24 = a20, a25 = a20, a26 = a20, a27 = a20;
            TVector a30 = sizeof(TFilters) > 3 ? TVector.Create(bias[3]) : default,
                a31 = a30, a32 = a30, a33 = a30, a34 = a30, a35 = a30, a36 = a30, a37 = a30;
            for (int run = tile->Runs; run > 0; run--)
            {
                for (nint* end = offset + runTaps; offset != end; offset++)
                {
                    byte* x = input + *offset;
                    TVector x0 = TVector.Load(x);
                    TVector x1 = sizeof(TColumns) > 1 ? TVector.Load(x + inStep) : default;
                    TVector x2 = sizeof(TColumns) > 2 ? TVector.Load(x + 2 * inStep) : default;
                    TVector x3 = sizeof(TColumns) > 3 ? TVector.Load(x + 3 * inStep) : default;
                    TVector x4 = sizeof(TColumns) > 4 ? TVector.Load(x + 4 * inStep) : default;
                    TVector x5 = sizeof(TColumns) > 5 ? TVector.Load(x + 5 * inStep) : default;
                    TVector x6 = sizeof(TColumns) > 6 ? TVector.Load(x + 6 * inStep) : default;
                    TVector x7 = sizeof(TColumns) > 7 ? TVector.Load(x + 7 * inStep) : default;
                    {
                        TVector w = TVector.Create(weight[0]);
                        a00 = TVector.FusedMultiplyAdd(w, x0, a00);
                        if (sizeof(TColumns) > 1) a01 = TVector.FusedMultiplyAdd(w, x1, a01);
                        if (sizeof(TColumns) > 2) a02 = TVector.FusedMultiplyAdd(w, x2, a02);
                        if (sizeof(TColumns) > 3) a03 = TVector.FusedMultiplyAdd(w, x3, a03);
                        if (sizeof(TColumns) > 4) a04 = TVector.FusedMultiplyAdd(w, x4, a04);
                        if (sizeof(TColumns) > 5) a05 = TVector.FusedMultiplyAdd(w, x5, a05);
                        if (sizeof(TColumns) > 6) a06 = TVector.FusedMultiplyAdd(w, x6, a06);
                        if (sizeof(TColumns) > 7) a07 = TVector.FusedMultiplyAdd(w, x7, a07);
                    }
                    if (sizeof(TFilters) > 1)
                    {
                        TVector w = TVector.Create(weight[1]);
                        a10 = TVector.FusedMultiplyAdd(w, x0, a10);
                        if (sizeof(TColumns) > 1) a11 = TVector.FusedMultiplyAdd(w, x1, a11);
                        if (sizeof(TColumns) > 2) a12 = TVector.FusedMultiplyAdd(w, x2, a12);
                        if (sizeof(TColumns) > 3) a13 = TVector.FusedMultiplyAdd(w, x3, a13);
                        if (sizeof(TColumns) > 4) a14 = TVector.FusedMultiplyAdd(w, x4, a14);
                        if (sizeof(TColumns) > 5) a15 = TVector.FusedMultiplyAdd(w, x5, a15);
                        if (sizeof(TColumns) > 6) a16 = TVector.FusedMultiplyAdd(w, x6, a16);
                        if (sizeof(TColumns) > 7) a17 = TVector.FusedMultiplyAdd(w, x7, a17);
                    }
                    if (sizeof(TFilters) > 2)
                    {
                        TVector w = TVector.Create(weight[2]);
                        a20 = TVector.FusedMultiplyAdd(w, x0, a20);
                        if (sizeof(TColumns) > 1) a21 = TVector.FusedMultiplyAdd(w, x1, a21);
                        if (sizeof(TColumns) > 2) a22 = TVector.FusedMultiplyAdd(w, x2, a22);
                        if (sizeof(TColumns) > 3) a23 = TVector.FusedMultiplyAdd(w, x3, a23);
                        if (sizeof(TColumns) > 4) a24 = TVector.FusedMultiplyAdd(w, x4, a24);
                        if (sizeof(TColumns) > 5) a25 = TVector.FusedMultiplyAdd(w, x5, a25);
                        if (sizeof(TColumns) > 6) a26 = TVector.FusedMultiplyAdd(w, x6, a26);
                        if (sizeof(TColumns) > 7) a27 = TVector.FusedMultiplyAdd(w, x7, a27);
                    }
                    if (sizeof(TFilters) > 3)
                    {
                        TVector w = TVector.Create(weight[3]);
                        a30 = TVector.FusedMultiplyAdd(w, x0, a30);
                        if (sizeof(TColumns) > 1) a31 = TVector.FusedMultiplyAdd(w, x1, a31);
                        if (sizeof(TColumns) > 2) a32 = TVector.FusedMultiplyAdd(w, x2, a32);
                        if (sizeof(TColumns) > 3) a33 = TVector.FusedMultiplyAdd(w, x3, a33);
                        if (sizeof(TColumns) > 4) a34 = TVector.FusedMultiplyAdd(w, x4, a34);
                        if (sizeof(TColumns) > 5) a35 = TVector.FusedMultiplyAdd(w, x5, a35);
                        if (sizeof(TColumns) > 6) a36 = TVector.FusedMultiplyAdd(w, x6, a36);
                        if (sizeof(TColumns) > 7) a37 = TVector.FusedMultiplyAdd(w, x7, a37);
                    }
                    weight += sizeof(TFilters);
                }
                offset += skip;
                weight += skip * sizeof(TFilters);
            }

            byte* y = output;
            {
                Store<TVector, TFunction>(y, a00);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a01);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a02);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a03);
                if (sizeof(TColumns) > 4) Store<TVector, TFunction>(y + 4 * outStep, a04);
                if (sizeof(TColumns) > 5) Store<TVector, TFunction>(y + 5 * outStep, a05);
                if (sizeof(TColumns) > 6) Store<TVector, TFunction>(y + 6 * outStep, a06);
                if (sizeof(TColumns) > 7) Store<TVector, TFunction>(y + 7 * outStep, a07);
            }
            if (sizeof(TFilters) > 1)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a10);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a11);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a12);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a13);
                if (sizeof(TColumns) > 4) Store<TVector, TFunction>(y + 4 * outStep, a14);
                if (sizeof(TColumns) > 5) Store<TVector, TFunction>(y + 5 * outStep, a15);
                if (sizeof(TColumns) > 6) Store<TVector, TFunction>(y + 6 * outStep, a16);
                if (sizeof(TColumns) > 7) Store<TVector, TFunction>(y + 7 * outStep, a17);
            }
            if (sizeof(TFilters) > 2)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a20);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a21);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a22);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a23);
                if (sizeof(TColumns) > 4) Store<TVector, TFunction>(y + 4 * outStep, a24);
                if (sizeof(TColumns) > 5) Store<TVector, TFunction>(y + 5 * outStep, a25);
                if (sizeof(TColumns) > 6) Store<TVector, TFunction>(y + 6 * outStep, a26);
                if (sizeof(TColumns) > 7) Store<TVector, TFunction>(y + 7 * outStep, a27);
            }
            if (sizeof(TFilters) > 3)
            {
                y += outPlane;
                Store<TVector, TFunction>(y, a30);
                if (sizeof(TColumns) > 1) Store<TVector, TFunction>(y + outStep, a31);
                if (sizeof(TColumns) > 2) Store<TVector, TFunction>(y + 2 * outStep, a32);
                if (sizeof(TColumns) > 3) Store<TVector, TFunction>(y + 3 * outStep, a33);
                if (sizeof(TColumns) > 4) Store<TVector, TFunction>(y + 4 * outStep, a34);
                if (sizeof(TColumns) > 5) Store<TVector, TFunction>(y + 5 * outStep, a35);
                if (sizeof(TColumns) > 6) Store<TVector, TFunction>(y + 6 * outStep, a36);
                if (sizeof(TColumns) > 7) Store<TVector, TFunction>(y + 7 * outStep, a37);
            }
            input += sizeof(TColumns) * inStep;
            output += sizeof(TColumns) * outStep;
        }
    }
}
