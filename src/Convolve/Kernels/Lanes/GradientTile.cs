using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Lanes.Lanes;
using static Convolve.Kernels.Lanes.Number;

namespace Convolve.Kernels.Lanes;

/// <summary>The weight gradients of a few filters by a few taps, summed over a band of rows.</summary>
/// <remarks>
/// As in <see cref="CorrelationTile"/> the sums are locals, up to 25 of 32 registers, or 12 of 16; each keeps a partial sum for each image. Steps and offsets are in bytes.
/// </remarks>
internal unsafe struct GradientTile
{
    /// <summary>The gradient of the output: the first filter of the tile, the first row of the band.</summary>
    public byte* Diff;

    public nint DiffPlane;
    public nint DiffRow;

    /// <summary>The padded input under the first row of the band, and where each tap is relative to it.</summary>
    public byte* Input;

    public nint* Offsets;
    public nint InRow;
    public nint InColumnStep;
    public int Rows;
    public int Columns;

    /// <summary>The sums, a vector for each tap, <see cref="SumPitch"/> from filter to filter.</summary>
    public byte* Sums;

    public nint SumPitch;

    public static bool Exists(int filters, int taps) =>
        (filters <= 8 && taps <= 5 || filters <= 4 && taps <= 8) && (IsWide ? filters * taps <= 25 : (filters + 1) * taps < Floats8.Registers);

    public static void Run(GradientTile* tile, int filters, int taps)
    {
        if (IsWide)
            Run<Floats16>(tile, filters, taps);
        else
            Run<Floats8>(tile, filters, taps);
    }

    // Where a register is half as wide as a group of images, one half of the group after the other.
    private static void Run<TVector>(GradientTile* tile, int filters, int taps) where TVector : unmanaged, IFloats<TVector>
    {
        GradientTile part = *tile;
        for (int lane = 0; lane < Width; lane += TVector.Count)
        {
            RunPart<TVector>(&part, filters, taps);
            part.Diff += sizeof(TVector);
            part.Input += sizeof(TVector);
            part.Sums += sizeof(TVector);
        }
    }

    private static void RunPart<TVector>(GradientTile* tile, int filters, int taps) where TVector : unmanaged, IFloats<TVector>
    {
        switch (taps)
        {
            case 1: RunNarrow<TVector, N1>(tile, filters); break;
            case 2: RunNarrow<TVector, N2>(tile, filters); break;
            case 3: RunNarrow<TVector, N3>(tile, filters); break;
            case 4: RunNarrow<TVector, N4>(tile, filters); break;
            case 5: RunNarrow<TVector, N5>(tile, filters); break;
            case 6: RunWide<TVector, N6>(tile, filters); break;
            case 7: RunWide<TVector, N7>(tile, filters); break;
            default: RunWide<TVector, N8>(tile, filters); break;
        }
    }

    private static void RunNarrow<TVector, TTaps>(GradientTile* tile, int filters)
        where TVector : unmanaged, IFloats<TVector> where TTaps : unmanaged
    {
        switch (filters)
        {
            case 1: Tall<TVector, N1, TTaps>(tile); break;
            case 2: Tall<TVector, N2, TTaps>(tile); break;
            case 3: Tall<TVector, N3, TTaps>(tile); break;
            case 4: Tall<TVector, N4, TTaps>(tile); break;
            case 5: Tall<TVector, N5, TTaps>(tile); break;
            case 6: Tall<TVector, N6, TTaps>(tile); break;
            case 7: Tall<TVector, N7, TTaps>(tile); break;
            default: Tall<TVector, N8, TTaps>(tile); break;
        }
    }

    private static void RunWide<TVector, TTaps>(GradientTile* tile, int filters)
        where TVector : unmanaged, IFloats<TVector> where TTaps : unmanaged
    {
        switch (filters)
        {
            case 1: Wide<TVector, N1, TTaps>(tile); break;
            case 2: Wide<TVector, N2, TTaps>(tile); break;
            case 3: Wide<TVector, N3, TTaps>(tile); break;
            default: Wide<TVector, N4, TTaps>(tile); break;
        }
    }

    /// <summary>Up to 8 filters by 5 taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tall<TVector, TFilters, TTaps>(GradientTile* tile)
        where TVector : unmanaged, IFloats<TVector> where TFilters : unmanaged where TTaps : unmanaged
    {
        nint plane = tile->DiffPlane, step = tile->InColumnStep, pitch = tile->SumPitch;
        byte* diff = tile->Diff, input = tile->Input + tile->Offsets[0], sum = tile->Sums;
        nint o1 = sizeof(TTaps) > 1 ? tile->Offsets[1] - tile->Offsets[0] : 0;
        nint o2 = sizeof(TTaps) > 2 ? tile->Offsets[2] - tile->Offsets[0] : 0;
        nint o3 = sizeof(TTaps) > 3 ? tile->Offsets[3] - tile->Offsets[0] : 0;
        nint o4 = sizeof(TTaps) > 4 ? tile->Offsets[4] - tile->Offsets[0] : 0;
        TVector a00 = TVector.Load(sum);
        TVector a01 = sizeof(TTaps) > 1 ? TVector.Load(sum + 64) : default;
        TVector a02 = sizeof(TTaps) > 2 ? TVector.Load(sum + 128) : default;
        TVector a03 = sizeof(TTaps) > 3 ? TVector.Load(sum + 192) : default;
        TVector a04 = sizeof(TTaps) > 4 ? TVector.Load(sum + 256) : default;
        TVector a10 = sizeof(TFilters) > 1 ? TVector.Load(sum + pitch) : default;
        TVector a11 = sizeof(TFilters) > 1 && sizeof(TTaps) > 1 ? TVector.Load(sum + pitch + 64) : default;
        TVector a12 = sizeof(TFilters) > 1 && sizeof(TTaps) > 2 ? TVector.Load(sum + pitch + 128) : default;
        TVector a13 = sizeof(TFilters) > 1 && sizeof(TTaps) > 3 ? TVector.Load(sum + pitch + 192) : default;
        TVector a14 = sizeof(TFilters) > 1 && sizeof(TTaps) > 4 ? TVector.Load(sum + pitch + 256) : default;
        TVector a20 = sizeof(TFilters) > 2 ? TVector.Load(sum + 2 * pitch) : default;
        TVector a21 = sizeof(TFilters) > 2 && sizeof(TTaps) > 1 ? TVector.Load(sum + 2 * pitch + 64) : default;
        TVector a22 = sizeof(TFilters) > 2 && sizeof(TTaps) > 2 ? TVector.Load(sum + 2 * pitch + 128) : default;
        TVector a23 = sizeof(TFilters) > 2 && sizeof(TTaps) > 3 ? TVector.Load(sum + 2 * pitch + 192) : default;
        TVector a24 = sizeof(TFilters) > 2 && sizeof(TTaps) > 4 ? TVector.Load(sum + 2 * pitch + 256) : default;
        TVector a30 = sizeof(TFilters) > 3 ? TVector.Load(sum + 3 * pitch) : default;
        TVector a31 = sizeof(TFilters) > 3 && sizeof(TTaps) > 1 ? TVector.Load(sum + 3 * pitch + 64) : default;
        TVector a32 = sizeof(TFilters) > 3 && sizeof(TTaps) > 2 ? TVector.Load(sum + 3 * pitch + 128) : default;
        TVector a33 = sizeof(TFilters) > 3 && sizeof(TTaps) > 3 ? TVector.Load(sum + 3 * pitch + 192) : default;
        TVector a34 = sizeof(TFilters) > 3 && sizeof(TTaps) > 4 ? TVector.Load(sum + 3 * pitch + 256) : default;
        TVector a40 = sizeof(TFilters) > 4 ? TVector.Load(sum + 4 * pitch) : default;
        TVector a41 = sizeof(TFilters) > 4 && sizeof(TTaps) > 1 ? TVector.Load(sum + 4 * pitch + 64) : default;
        TVector a42 = sizeof(TFilters) > 4 && sizeof(TTaps) > 2 ? TVector.Load(sum + 4 * pitch + 128) : default;
        TVector a43 = sizeof(TFilters) > 4 && sizeof(TTaps) > 3 ? TVector.Load(sum + 4 * pitch + 192) : default;
        TVector a44 = sizeof(TFilters) > 4 && sizeof(TTaps) > 4 ? TVector.Load(sum + 4 * pitch + 256) : default;
        TVector a50 = sizeof(TFilters) > 5 ? TVector.Load(sum + 5 * pitch) : default;
        TVector a51 = sizeof(TFilters) > 5 && sizeof(TTaps) > 1 ? TVector.Load(sum + 5 * pitch + 64) : default;
        TVector a52 = sizeof(TFilters) > 5 && sizeof(TTaps) > 2 ? TVector.Load(sum + 5 * pitch + 128) : default;
        TVector a53 = sizeof(TFilters) > 5 && sizeof(TTaps) > 3 ? TVector.Load(sum + 5 * pitch + 192) : default;
        TVector a54 = sizeof(TFilters) > 5 && sizeof(TTaps) > 4 ? TVector.Load(sum + 5 * pitch + 256) : default;
        TVector a60 = sizeof(TFilters) > 6 ? TVector.Load(sum + 6 * pitch) : default;
        TVector a61 = sizeof(TFilters) > 6 && sizeof(TTaps) > 1 ? TVector.Load(sum + 6 * pitch + 64) : default;
        TVector a62 = sizeof(TFilters) > 6 && sizeof(TTaps) > 2 ? TVector.Load(sum + 6 * pitch + 128) : default;
        TVector a63 = sizeof(TFilters) > 6 && sizeof(TTaps) > 3 ? TVector.Load(sum + 6 * pitch + 192) : default;
        TVector a64 = sizeof(TFilters) > 6 && sizeof(TTaps) > 4 ? TVector.Load(sum + 6 * pitch + 256) : default;
        TVector a70 = sizeof(TFilters) > 7 ? TVector.Load(sum + 7 * pitch) : default;
        TVector a71 = sizeof(TFilters) > 7 && sizeof(TTaps) > 1 ? TVector.Load(sum + 7 * pitch + 64) : default;
        TVector a72 = sizeof(TFilters) > 7 && sizeof(TTaps) > 2 ? TVector.Load(sum + 7 * pitch + 128) : default;
        TVector a73 = sizeof(TFilters) > 7 && sizeof(TTaps) > 3 ? TVector.Load(sum + 7 * pitch + 192) : default;
        TVector a74 = sizeof(TFilters) > 7 && sizeof(TTaps) > 4 ? TVector.Load(sum + 7 * pitch + 256) : default;
        for (int rows = tile->Rows; rows > 0; rows--)
        {
            byte* x = input, d = diff, end = diff + tile->Columns * VectorBytes;
            do
            {
                TVector x0 = TVector.Load(x);
                TVector x1 = sizeof(TTaps) > 1 ? TVector.Load(x + o1) : default;
                TVector x2 = sizeof(TTaps) > 2 ? TVector.Load(x + o2) : default;
                TVector x3 = sizeof(TTaps) > 3 ? TVector.Load(x + o3) : default;
                TVector x4 = sizeof(TTaps) > 4 ? TVector.Load(x + o4) : default;
                {
                    TVector g = TVector.Load(d);
                    a00 = TVector.FusedMultiplyAdd(g, x0, a00);
                    if (sizeof(TTaps) > 1) a01 = TVector.FusedMultiplyAdd(g, x1, a01);
                    if (sizeof(TTaps) > 2) a02 = TVector.FusedMultiplyAdd(g, x2, a02);
                    if (sizeof(TTaps) > 3) a03 = TVector.FusedMultiplyAdd(g, x3, a03);
                    if (sizeof(TTaps) > 4) a04 = TVector.FusedMultiplyAdd(g, x4, a04);
                }
                if (sizeof(TFilters) > 1)
                {
                    TVector g = TVector.Load(d + plane);
                    a10 = TVector.FusedMultiplyAdd(g, x0, a10);
                    if (sizeof(TTaps) > 1) a11 = TVector.FusedMultiplyAdd(g, x1, a11);
                    if (sizeof(TTaps) > 2) a12 = TVector.FusedMultiplyAdd(g, x2, a12);
                    if (sizeof(TTaps) > 3) a13 = TVector.FusedMultiplyAdd(g, x3, a13);
                    if (sizeof(TTaps) > 4) a14 = TVector.FusedMultiplyAdd(g, x4, a14);
                }
                if (sizeof(TFilters) > 2)
                {
                    TVector g = TVector.Load(d + 2 * plane);
                    a20 = TVector.FusedMultiplyAdd(g, x0, a20);
                    if (sizeof(TTaps) > 1) a21 = TVector.FusedMultiplyAdd(g, x1, a21);
                    if (sizeof(TTaps) > 2) a22 = TVector.FusedMultiplyAdd(g, x2, a22);
                    if (sizeof(TTaps) > 3) a23 = TVector.FusedMultiplyAdd(g, x3, a23);
                    if (sizeof(TTaps) > 4) a24 = TVector.FusedMultiplyAdd(g, x4, a24);
                }
                if (sizeof(TFilters) > 3)
                {
                    TVector g = TVector.Load(d + 3 * plane);
                    a30 = TVector.FusedMultiplyAdd(g, x0, a30);
                    if (sizeof(TTaps) > 1) a31 = TVector.FusedMultiplyAdd(g, x1, a31);
                    if (sizeof(TTaps) > 2) a32 = TVector.FusedMultiplyAdd(g, x2, a32);
                    if (sizeof(TTaps) > 3) a33 = TVector.FusedMultiplyAdd(g, x3, a33);
                    if (sizeof(TTaps) > 4) a34 = TVector.FusedMultiplyAdd(g, x4, a34);
                }
                if (sizeof(TFilters) > 4)
                {
                    TVector g = TVector.Load(d + 4 * plane);
                    a40 = TVector.FusedMultiplyAdd(g, x0, a40);
                    if (sizeof(TTaps) > 1) a41 = TVector.FusedMultiplyAdd(g, x1, a41);
                    if (sizeof(TTaps) > 2) a42 = TVector.FusedMultiplyAdd(g, x2, a42);
                    if (sizeof(TTaps) > 3) a43 = TVector.FusedMultiplyAdd(g, x3, a43);
                    if (sizeof(TTaps) > 4) a44 = TVector.FusedMultiplyAdd(g, x4, a44);
                }
                if (sizeof(TFilters) > 5)
                {
                    TVector g = TVector.Load(d + 5 * plane);
                    a50 = TVector.FusedMultiplyAdd(g, x0, a50);
                    if (sizeof(TTaps) > 1) a51 = TVector.FusedMultiplyAdd(g, x1, a51);
                    if (sizeof(TTaps) > 2) a52 = TVector.FusedMultiplyAdd(g, x2, a52);
                    if (sizeof(TTaps) > 3) a53 = TVector.FusedMultiplyAdd(g, x3, a53);
                    if (sizeof(TTaps) > 4) a54 = TVector.FusedMultiplyAdd(g, x4, a54);
                }
                if (sizeof(TFilters) > 6)
                {
                    TVector g = TVector.Load(d + 6 * plane);
                    a60 = TVector.FusedMultiplyAdd(g, x0, a60);
                    if (sizeof(TTaps) > 1) a61 = TVector.FusedMultiplyAdd(g, x1, a61);
                    if (sizeof(TTaps) > 2) a62 = TVector.FusedMultiplyAdd(g, x2, a62);
                    if (sizeof(TTaps) > 3) a63 = TVector.FusedMultiplyAdd(g, x3, a63);
                    if (sizeof(TTaps) > 4) a64 = TVector.FusedMultiplyAdd(g, x4, a64);
                }
                if (sizeof(TFilters) > 7)
                {
                    TVector g = TVector.Load(d + 7 * plane);
                    a70 = TVector.FusedMultiplyAdd(g, x0, a70);
                    if (sizeof(TTaps) > 1) a71 = TVector.FusedMultiplyAdd(g, x1, a71);
                    if (sizeof(TTaps) > 2) a72 = TVector.FusedMultiplyAdd(g, x2, a72);
                    if (sizeof(TTaps) > 3) a73 = TVector.FusedMultiplyAdd(g, x3, a73);
                    if (sizeof(TTaps) > 4) a74 = TVector.FusedMultiplyAdd(g, x4, a74);
                }
                x += step;
                d += VectorBytes;
            }
            while (d != end);
            diff += tile->DiffRow;
            input += tile->InRow;
        }

        {
            a00.Store(sum);
            if (sizeof(TTaps) > 1) a01.Store(sum + 64);
            if (sizeof(TTaps) > 2) a02.Store(sum + 128);
            if (sizeof(TTaps) > 3) a03.Store(sum + 192);
            if (sizeof(TTaps) > 4) a04.Store(sum + 256);
        }
        if (sizeof(TFilters) > 1)
        {
            a10.Store(sum + pitch);
            if (sizeof(TTaps) > 1) a11.Store(sum + pitch + 64);
            if (sizeof(TTaps) > 2) a12.Store(sum + pitch + 128);
            if (sizeof(TTaps) > 3) a13.Store(sum + pitch + 192);
            if (sizeof(TTaps) > 4) a14.Store(sum + pitch + 256);
        }
        if (sizeof(TFilters) > 2)
        {
            a20.Store(sum + 2 * pitch);
            if (sizeof(TTaps) > 1) a21.Store(sum + 2 * pitch + 64);
            if (sizeof(TTaps) > 2) a22.Store(sum + 2 * pitch + 128);
            if (sizeof(TTaps) > 3) a23.Store(sum + 2 * pitch + 192);
            if (sizeof(TTaps) > 4) a24.Store(sum + 2 * pitch + 256);
        }
        if (sizeof(TFilters) > 3)
        {
            a30.Store(sum + 3 * pitch);
            if (sizeof(TTaps) > 1) a31.Store(sum + 3 * pitch + 64);
            if (sizeof(TTaps) > 2) a32.Store(sum + 3 * pitch + 128);
            if (sizeof(TTaps) > 3) a33.Store(sum + 3 * pitch + 192);
            if (sizeof(TTaps) > 4) a34.Store(sum + 3 * pitch + 256);
        }
        if (sizeof(TFilters) > 4)
        {
            a40.Store(sum + 4 * pitch);
            if (sizeof(TTaps) > 1) a41.Store(sum + 4 * pitch + 64);
            if (sizeof(TTaps) > 2) a42.Store(sum + 4 * pitch + 128);
            if (sizeof(TTaps) > 3) a43.Store(sum + 4 * pitch + 192);
            if (sizeof(TTaps) > 4) a44.Store(sum + 4 * pitch + 256);
        }
        if (sizeof(TFilters) > 5)
        {
            a50.Store(sum + 5 * pitch);
            if (sizeof(TTaps) > 1) a51.Store(sum + 5 * pitch + 64);
            if (sizeof(TTaps) > 2) a52.Store(sum + 5 * pitch + 128);
            if (sizeof(TTaps) > 3) a53.Store(sum + 5 * pitch + 192);
            if (sizeof(TTaps) > 4) a54.Store(sum + 5 * pitch + 256);
        }
        if (sizeof(TFilters) > 6)
        {
            a60.Store(sum + 6 * pitch);
            if (sizeof(TTaps) > 1) a61.Store(sum + 6 * pitch + 64);
            if (sizeof(TTaps) > 2) a62.Store(sum + 6 * pitch + 128);
            if (sizeof(TTaps) > 3) a63.Store(sum + 6 * pitch + 192);
            if (sizeof(TTaps) > 4) a64.Store(sum + 6 * pitch + 256);
        }
        if (sizeof(TFilters) > 7)
        {
            a70.Store(sum + 7 * pitch);
            if (sizeof(TTaps) > 1) a71.Store(sum + 7 * pitch + 64);
            if (sizeof(TTaps) > 2) a72.Store(sum + 7 * pitch + 128);
            if (sizeof(TTaps) > 3) a73.Store(sum + 7 * pitch + 192);
            if (sizeof(TTaps) > 4) a74.Store(sum + 7 * pitch + 256);
        }
    }

    /// <summary>Up to 4 filters by 8 taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide<TVector, TFilters, TTaps>(GradientTile* tile)
        where TVector : unmanaged, IFloats<TVector> where TFilters : unmanaged where TTaps : unmanaged
    {
        nint plane = tile->DiffPlane, step = tile->InColumnStep, pitch = tile->SumPitch;
        byte* diff = tile->Diff, input = tile->Input + tile->Offsets[0], sum = tile->Sums;
        nint o1 = sizeof(TTaps) > 1 ? tile->Offsets[1] - tile->Offsets[0] : 0;
        nint o2 = sizeof(TTaps) > 2 ? tile->Offsets[2] - tile->Offsets[0] : 0;
        nint o3 = sizeof(TTaps) > 3 ? tile->Offsets[3] - tile->Offsets[0] : 0;
        nint o4 = sizeof(TTaps) > 4 ? tile->Offsets[4] - tile->Offsets[0] : 0;
        nint o5 = sizeof(TTaps) > 5 ? tile->Offsets[5] - tile->Offsets[0] : 0;
        nint o6 = sizeof(TTaps) > 6 ? tile->Offsets[6] - tile->Offsets[0] : 0;
        nint o7 = sizeof(TTaps) > 7 ? tile->Offsets[7] - tile->Offsets[0] : 0;
        TVector a00 = TVector.Load(sum);
        TVector a01 = sizeof(TTaps) > 1 ? TVector.Load(sum + 64) : default;
        TVector a02 = sizeof(TTaps) > 2 ? TVector.Load(sum + 128) : default;
        TVector a03 = sizeof(TTaps) > 3 ? TVector.Load(sum + 192) : default;
        TVector a04 = sizeof(TTaps) > 4 ? TVector.Load(sum + 256) : default;
        TVector a05 = sizeof(TTaps) > 5 ? TVector.Load(sum + 320) : default;
        TVector a06 = sizeof(TTaps) > 6 ? TVector.Load(sum + 384) : default;
        TVector a07 = sizeof(TTaps) > 7 ? TVector.Load(sum + 448) : default;
        TVector a10 = sizeof(TFilters) > 1 ? TVector.Load(sum + pitch) : default;
        TVector a11 = sizeof(TFilters) > 1 && sizeof(TTaps) > 1 ? TVector.Load(sum + pitch + 64) : default;
        TVector a12 = sizeof(TFilters) > 1 && sizeof(TTaps) > 2 ? TVector.Load(sum + pitch + 128) : default;
        TVector a13 = sizeof(TFilters) > 1 && sizeof(TTaps) > 3 ? TVector.Load(sum + pitch + 192) : default;
        TVector a14 = sizeof(TFilters) > 1 && sizeof(TTaps) > 4 ? TVector.Load(sum + pitch + 256) : default;
        TVector a15 = sizeof(TFilters) > 1 && sizeof(TTaps) > 5 ? TVector.Load(sum + pitch + 320) : default;
        TVector a16 = sizeof(TFilters) > 1 && sizeof(TTaps) > 6 ? TVector.Load(sum + pitch + 384) : default;
        TVector a17 = sizeof(TFilters) > 1 && sizeof(TTaps) > 7 ? TVector.Load(sum + pitch + 448) : default;
        TVector a20 = sizeof(TFilters) > 2 ? TVector.Load(sum + 2 * pitch) : default;
        TVector a21 = sizeof(TFilters) > 2 && sizeof(TTaps) > 1 ? TVector.Load(sum + 2 * pitch + 64) : default;
        TVector a22 = sizeof(TFilters) > 2 && sizeof(TTaps) > 2 ? TVector.Load(sum + 2 * pitch + 128) : default;
        TVector a23 = sizeof(TFilters) > 2 && sizeof(TTaps) > 3 ? TVector.Load(sum + 2 * pitch + 192) : default;
        TVector a24 = sizeof(TFilters) > 2 && sizeof(TTaps) > 4 ? TVector.Load(sum + 2 * pitch + 256) : default;
        TVector a25 = sizeof(TFilters) > 2 && sizeof(TTaps) > 5 ? TVector.Load(sum + 2 * pitch + 320) : default;
        TVector a26 = sizeof(TFilters) > 2 && sizeof(TTaps) > 6 ? TVector.Load(sum + 2 * pitch + 384) : default;
        TVector a27 = sizeof(TFilters) > 2 && sizeof(TTaps) > 7 ? TVector.Load(sum + 2 * pitch + 448) : default;
        TVector a30 = sizeof(TFilters) > 3 ? TVector.Load(sum + 3 * pitch) : default;
        TVector a31 = sizeof(TFilters) > 3 && sizeof(TTaps) > 1 ? TVector.Load(sum + 3 * pitch + 64) : default;
        TVector a32 = sizeof(TFilters) > 3 && sizeof(TTaps) > 2 ? TVector.Load(sum + 3 * pitch + 128) : default;
        TVector a33 = sizeof(TFilters) > 3 && sizeof(TTaps) > 3 ? TVector.Load(sum + 3 * pitch + 192) : default;
        TVector a34 = sizeof(TFilters) > 3 && sizeof(TTaps) > 4 ? TVector.Load(sum + 3 * pitch + 256) : default;
        TVector a35 = sizeof(TFilters) > 3 && sizeof(TTaps) > 5 ? TVector.Load(sum + 3 * pitch + 320) : default;
        TVector a36 = sizeof(TFilters) > 3 && sizeof(TTaps) > 6 ? TVector.Load(sum + 3 * pitch + 384) : default;
        TVector a37 = sizeof(TFilters) > 3 && sizeof(TTaps) > 7 ? TVector.Load(sum + 3 * pitch + 448) : default;
        for (int rows = tile->Rows; rows > 0; rows--)
        {
            byte* x = input, d = diff, end = diff + tile->Columns * VectorBytes;
            do
            {
                TVector x0 = TVector.Load(x);
                TVector x1 = sizeof(TTaps) > 1 ? TVector.Load(x + o1) : default;
                TVector x2 = sizeof(TTaps) > 2 ? TVector.Load(x + o2) : default;
                TVector x3 = sizeof(TTaps) > 3 ? TVector.Load(x + o3) : default;
                TVector x4 = sizeof(TTaps) > 4 ? TVector.Load(x + o4) : default;
                TVector x5 = sizeof(TTaps) > 5 ? TVector.Load(x + o5) : default;
                TVector x6 = sizeof(TTaps) > 6 ? TVector.Load(x + o6) : default;
                TVector x7 = sizeof(TTaps) > 7 ? TVector.Load(x + o7) : default;
                {
                    TVector g = TVector.Load(d);
                    a00 = TVector.FusedMultiplyAdd(g, x0, a00);
                    if (sizeof(TTaps) > 1) a01 = TVector.FusedMultiplyAdd(g, x1, a01);
                    if (sizeof(TTaps) > 2) a02 = TVector.FusedMultiplyAdd(g, x2, a02);
                    if (sizeof(TTaps) > 3) a03 = TVector.FusedMultiplyAdd(g, x3, a03);
                    if (sizeof(TTaps) > 4) a04 = TVector.FusedMultiplyAdd(g, x4, a04);
                    if (sizeof(TTaps) > 5) a05 = TVector.FusedMultiplyAdd(g, x5, a05);
                    if (sizeof(TTaps) > 6) a06 = TVector.FusedMultiplyAdd(g, x6, a06);
                    if (sizeof(TTaps) > 7) a07 = TVector.FusedMultiplyAdd(g, x7, a07);
                }
                if (sizeof(TFilters) > 1)
                {
                    TVector g = TVector.Load(d + plane);
                    a10 = TVector.FusedMultiplyAdd(g, x0, a10);
                    if (sizeof(TTaps) > 1) a11 = TVector.FusedMultiplyAdd(g, x1, a11);
                    if (sizeof(TTaps) > 2) a12 = TVector.FusedMultiplyAdd(g, x2, a12);
                    if (sizeof(TTaps) > 3) a13 = TVector.FusedMultiplyAdd(g, x3, a13);
                    if (sizeof(TTaps) > 4) a14 = TVector.FusedMultiplyAdd(g, x4, a14);
                    if (sizeof(TTaps) > 5) a15 = TVector.FusedMultiplyAdd(g, x5, a15);
                    if (sizeof(TTaps) > 6) a16 = TVector.FusedMultiplyAdd(g, x6, a16);
                    if (sizeof(TTaps) > 7) a17 = TVector.FusedMultiplyAdd(g, x7, a17);
                }
                if (sizeof(TFilters) > 2)
                {
                    TVector g = TVector.Load(d + 2 * plane);
                    a20 = TVector.FusedMultiplyAdd(g, x0, a20);
                    if (sizeof(TTaps) > 1) a21 = TVector.FusedMultiplyAdd(g, x1, a21);
                    if (sizeof(TTaps) > 2) a22 = TVector.FusedMultiplyAdd(g, x2, a22);
                    if (sizeof(TTaps) > 3) a23 = TVector.FusedMultiplyAdd(g, x3, a23);
                    if (sizeof(TTaps) > 4) a24 = TVector.FusedMultiplyAdd(g, x4, a24);
                    if (sizeof(TTaps) > 5) a25 = TVector.FusedMultiplyAdd(g, x5, a25);
                    if (sizeof(TTaps) > 6) a26 = TVector.FusedMultiplyAdd(g, x6, a26);
                    if (sizeof(TTaps) > 7) a27 = TVector.FusedMultiplyAdd(g, x7, a27);
                }
                if (sizeof(TFilters) > 3)
                {
                    TVector g = TVector.Load(d + 3 * plane);
                    a30 = TVector.FusedMultiplyAdd(g, x0, a30);
                    if (sizeof(TTaps) > 1) a31 = TVector.FusedMultiplyAdd(g, x1, a31);
                    if (sizeof(TTaps) > 2) a32 = TVector.FusedMultiplyAdd(g, x2, a32);
                    if (sizeof(TTaps) > 3) a33 = TVector.FusedMultiplyAdd(g, x3, a33);
                    if (sizeof(TTaps) > 4) a34 = TVector.FusedMultiplyAdd(g, x4, a34);
                    if (sizeof(TTaps) > 5) a35 = TVector.FusedMultiplyAdd(g, x5, a35);
                    if (sizeof(TTaps) > 6) a36 = TVector.FusedMultiplyAdd(g, x6, a36);
                    if (sizeof(TTaps) > 7) a37 = TVector.FusedMultiplyAdd(g, x7, a37);
                }
                x += step;
                d += VectorBytes;
            }
            while (d != end);
            diff += tile->DiffRow;
            input += tile->InRow;
        }

        {
            a00.Store(sum);
            if (sizeof(TTaps) > 1) a01.Store(sum + 64);
            if (sizeof(TTaps) > 2) a02.Store(sum + 128);
            if (sizeof(TTaps) > 3) a03.Store(sum + 192);
            if (sizeof(TTaps) > 4) a04.Store(sum + 256);
            if (sizeof(TTaps) > 5) a05.Store(sum + 320);
            if (sizeof(TTaps) > 6) a06.Store(sum + 384);
            if (sizeof(TTaps) > 7) a07.Store(sum + 448);
        }
        if (sizeof(TFilters) > 1)
        {
            a10.Store(sum + pitch);
            if (sizeof(TTaps) > 1) a11.Store(sum + pitch + 64);
            if (sizeof(TTaps) > 2) a12.Store(sum + pitch + 128);
            if (sizeof(TTaps) > 3) a13.Store(sum + pitch + 192);
            if (sizeof(TTaps) > 4) a14.Store(sum + pitch + 256);
            if (sizeof(TTaps) > 5) a15.Store(sum + pitch + 320);
            if (sizeof(TTaps) > 6) a16.Store(sum + pitch + 384);
            if (sizeof(TTaps) > 7) a17.Store(sum + pitch + 448);
        }
        if (sizeof(TFilters) > 2)
        {
            a20.Store(sum + 2 * pitch);
            if (sizeof(TTaps) > 1) a21.Store(sum + 2 * pitch + 64);
            if (sizeof(TTaps) > 2) a22.Store(sum + 2 * pitch + 128);
            if (sizeof(TTaps) > 3) a23.Store(sum + 2 * pitch + 192);
            if (sizeof(TTaps) > 4) a24.Store(sum + 2 * pitch + 256);
            if (sizeof(TTaps) > 5) a25.Store(sum + 2 * pitch + 320);
            if (sizeof(TTaps) > 6) a26.Store(sum + 2 * pitch + 384);
            if (sizeof(TTaps) > 7) a27.Store(sum + 2 * pitch + 448);
        }
        if (sizeof(TFilters) > 3)
        {
            a30.Store(sum + 3 * pitch);
            if (sizeof(TTaps) > 1) a31.Store(sum + 3 * pitch + 64);
            if (sizeof(TTaps) > 2) a32.Store(sum + 3 * pitch + 128);
            if (sizeof(TTaps) > 3) a33.Store(sum + 3 * pitch + 192);
            if (sizeof(TTaps) > 4) a34.Store(sum + 3 * pitch + 256);
            if (sizeof(TTaps) > 5) a35.Store(sum + 3 * pitch + 320);
            if (sizeof(TTaps) > 6) a36.Store(sum + 3 * pitch + 384);
            if (sizeof(TTaps) > 7) a37.Store(sum + 3 * pitch + 448);
        }
    }
}
