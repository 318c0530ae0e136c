using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static Convolve.Execution.Lanes.Lanes;
using static Convolve.Execution.Lanes.Number;

namespace Convolve.Execution.Lanes;

/// <summary>The weight gradients of a few filters by a few taps, summed over a band of rows.</summary>
/// <remarks>
/// As in <see cref="CorrelationTile"/> the sums are locals, up to 25 of the 32 registers; each keeps 16 partial sums, one for each image
/// of the group. Steps and offsets are in bytes.
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
        (filters <= 8 && taps <= 5 || filters <= 4 && taps <= 8) && filters * taps <= 25;

    public static void Run(GradientTile* tile, int filters, int taps)
    {
        switch (taps)
        {
            case 1: Run<N1>(tile, filters); break;
            case 2: Run<N2>(tile, filters); break;
            case 3: Run<N3>(tile, filters); break;
            case 4: Run<N4>(tile, filters); break;
            case 5: Run<N5>(tile, filters); break;
            case 6: RunWide<N6>(tile, filters); break;
            case 7: RunWide<N7>(tile, filters); break;
            default: RunWide<N8>(tile, filters); break;
        }
    }

    private static void Run<TTaps>(GradientTile* tile, int filters) where TTaps : unmanaged
    {
        switch (filters)
        {
            case 1: Tall<N1, TTaps>(tile); break;
            case 2: Tall<N2, TTaps>(tile); break;
            case 3: Tall<N3, TTaps>(tile); break;
            case 4: Tall<N4, TTaps>(tile); break;
            case 5: Tall<N5, TTaps>(tile); break;
            case 6: Tall<N6, TTaps>(tile); break;
            case 7: Tall<N7, TTaps>(tile); break;
            default: Tall<N8, TTaps>(tile); break;
        }
    }

    private static void RunWide<TTaps>(GradientTile* tile, int filters) where TTaps : unmanaged
    {
        switch (filters)
        {
            case 1: Wide<N1, TTaps>(tile); break;
            case 2: Wide<N2, TTaps>(tile); break;
            case 3: Wide<N3, TTaps>(tile); break;
            default: Wide<N4, TTaps>(tile); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(byte* address) => Vector512.Load((float*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(byte* address, Vector512<float> value) => value.Store((float*)address);

    /// <summary>Up to 8 filters by 5 taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tall<TFilters, TTaps>(GradientTile* tile) where TFilters : unmanaged where TTaps : unmanaged
    {
        nint plane = tile->DiffPlane, step = tile->InColumnStep, pitch = tile->SumPitch;
        byte* diff = tile->Diff, input = tile->Input + tile->Offsets[0], sum = tile->Sums;
        nint o1 = sizeof(TTaps) > 1 ? tile->Offsets[1] - tile->Offsets[0] : 0;
        nint o2 = sizeof(TTaps) > 2 ? tile->Offsets[2] - tile->Offsets[0] : 0;
        nint o3 = sizeof(TTaps) > 3 ? tile->Offsets[3] - tile->Offsets[0] : 0;
        nint o4 = sizeof(TTaps) > 4 ? tile->Offsets[4] - tile->Offsets[0] : 0;
        Vector512<float> a00 = Load(sum);
        Vector512<float> a01 = sizeof(TTaps) > 1 ? Load(sum + 64) : default;
        Vector512<float> a02 = sizeof(TTaps) > 2 ? Load(sum + 128) : default;
        Vector512<float> a03 = sizeof(TTaps) > 3 ? Load(sum + 192) : default;
        Vector512<float> a04 = sizeof(TTaps) > 4 ? Load(sum + 256) : default;
        Vector512<float> a10 = sizeof(TFilters) > 1 ? Load(sum + pitch) : default;
        Vector512<float> a11 = sizeof(TFilters) > 1 && sizeof(TTaps) > 1 ? Load(sum + pitch + 64) : default;
        Vector512<float> a12 = sizeof(TFilters) > 1 && sizeof(TTaps) > 2 ? Load(sum + pitch + 128) : default;
        Vector512<float> a13 = sizeof(TFilters) > 1 && sizeof(TTaps) > 3 ? Load(sum + pitch + 192) : default;
        Vector512<float> a14 = sizeof(TFilters) > 1 && sizeof(TTaps) > 4 ? Load(sum + pitch + 256) : default;
        Vector512<float> a20 = sizeof(TFilters) > 2 ? Load(sum + 2 * pitch) : default;
        Vector512<float> a21 = sizeof(TFilters) > 2 && sizeof(TTaps) > 1 ? Load(sum + 2 * pitch + 64) : default;
        Vector512<float> a22 = sizeof(TFilters) > 2 && sizeof(TTaps) > 2 ? Load(sum + 2 * pitch + 128) : default;
        Vector512<float> a23 = sizeof(TFilters) > 2 && sizeof(TTaps) > 3 ? Load(sum + 2 * pitch + 192) : default;
        Vector512<float> a24 = sizeof(TFilters) > 2 && sizeof(TTaps) > 4 ? Load(sum + 2 * pitch + 256) : default;
        Vector512<float> a30 = sizeof(TFilters) > 3 ? Load(sum + 3 * pitch) : default;
        Vector512<float> a31 = sizeof(TFilters) > 3 && sizeof(TTaps) > 1 ? Load(sum + 3 * pitch + 64) : default;
        Vector512<float> a32 = sizeof(TFilters) > 3 && sizeof(TTaps) > 2 ? Load(sum + 3 * pitch + 128) : default;
        Vector512<float> a33 = sizeof(TFilters) > 3 && sizeof(TTaps) > 3 ? Load(sum + 3 * pitch + 192) : default;
        Vector512<float> a34 = sizeof(TFilters) > 3 && sizeof(TTaps) > 4 ? Load(sum + 3 * pitch + 256) : default;
        Vector512<float> a40 = sizeof(TFilters) > 4 ? Load(sum + 4 * pitch) : default;
        Vector512<float> a41 = sizeof(TFilters) > 4 && sizeof(TTaps) > 1 ? Load(sum + 4 * pitch + 64) : default;
        Vector512<float> a42 = sizeof(TFilters) > 4 && sizeof(TTaps) > 2 ? Load(sum + 4 * pitch + 128) : default;
        Vector512<float> a43 = sizeof(TFilters) > 4 && sizeof(TTaps) > 3 ? Load(sum + 4 * pitch + 192) : default;
        Vector512<float> a44 = sizeof(TFilters) > 4 && sizeof(TTaps) > 4 ? Load(sum + 4 * pitch + 256) : default;
        Vector512<float> a50 = sizeof(TFilters) > 5 ? Load(sum + 5 * pitch) : default;
        Vector512<float> a51 = sizeof(TFilters) > 5 && sizeof(TTaps) > 1 ? Load(sum + 5 * pitch + 64) : default;
        Vector512<float> a52 = sizeof(TFilters) > 5 && sizeof(TTaps) > 2 ? Load(sum + 5 * pitch + 128) : default;
        Vector512<float> a53 = sizeof(TFilters) > 5 && sizeof(TTaps) > 3 ? Load(sum + 5 * pitch + 192) : default;
        Vector512<float> a54 = sizeof(TFilters) > 5 && sizeof(TTaps) > 4 ? Load(sum + 5 * pitch + 256) : default;
        Vector512<float> a60 = sizeof(TFilters) > 6 ? Load(sum + 6 * pitch) : default;
        Vector512<float> a61 = sizeof(TFilters) > 6 && sizeof(TTaps) > 1 ? Load(sum + 6 * pitch + 64) : default;
        Vector512<float> a62 = sizeof(TFilters) > 6 && sizeof(TTaps) > 2 ? Load(sum + 6 * pitch + 128) : default;
        Vector512<float> a63 = sizeof(TFilters) > 6 && sizeof(TTaps) > 3 ? Load(sum + 6 * pitch + 192) : default;
        Vector512<float> a64 = sizeof(TFilters) > 6 && sizeof(TTaps) > 4 ? Load(sum + 6 * pitch + 256) : default;
        Vector512<float> a70 = sizeof(TFilters) > 7 ? Load(sum + 7 * pitch) : default;
        Vector512<float> a71 = sizeof(TFilters) > 7 && sizeof(TTaps) > 1 ? Load(sum + 7 * pitch + 64) : default;
        Vector512<float> a72 = sizeof(TFilters) > 7 && sizeof(TTaps) > 2 ? Load(sum + 7 * pitch + 128) : default;
        Vector512<float> a73 = sizeof(TFilters) > 7 && sizeof(TTaps) > 3 ? Load(sum + 7 * pitch + 192) : default;
        Vector512<float> a74 = sizeof(TFilters) > 7 && sizeof(TTaps) > 4 ? Load(sum + 7 * pitch + 256) : default;
        for (int rows = tile->Rows; rows > 0; rows--)
        {
            byte* x = input, d = diff, end = diff + tile->Columns * VectorBytes;
            do
            {
                Vector512<float> x0 = Load(x);
                Vector512<float> x1 = sizeof(TTaps) > 1 ? Load(x + o1) : default;
                Vector512<float> x2 = sizeof(TTaps) > 2 ? Load(x + o2) : default;
                Vector512<float> x3 = sizeof(TTaps) > 3 ? Load(x + o3) : default;
                Vector512<float> x4 = sizeof(TTaps) > 4 ? Load(x + o4) : default;
                {
                    Vector512<float> g = Load(d);
                    a00 = Avx512F.FusedMultiplyAdd(g, x0, a00);
                    if (sizeof(TTaps) > 1) a01 = Avx512F.FusedMultiplyAdd(g, x1, a01);
                    if (sizeof(TTaps) > 2) a02 = Avx512F.FusedMultiplyAdd(g, x2, a02);
                    if (sizeof(TTaps) > 3) a03 = Avx512F.FusedMultiplyAdd(g, x3, a03);
                    if (sizeof(TTaps) > 4) a04 = Avx512F.FusedMultiplyAdd(g, x4, a04);
                }
                if (sizeof(TFilters) > 1)
                {
                    Vector512<float> g = Load(d + plane);
                    a10 = Avx512F.FusedMultiplyAdd(g, x0, a10);
                    if (sizeof(TTaps) > 1) a11 = Avx512F.FusedMultiplyAdd(g, x1, a11);
                    if (sizeof(TTaps) > 2) a12 = Avx512F.FusedMultiplyAdd(g, x2, a12);
                    if (sizeof(TTaps) > 3) a13 = Avx512F.FusedMultiplyAdd(g, x3, a13);
                    if (sizeof(TTaps) > 4) a14 = Avx512F.FusedMultiplyAdd(g, x4, a14);
                }
                if (sizeof(TFilters) > 2)
                {
                    Vector512<float> g = Load(d + 2 * plane);
                    a20 = Avx512F.FusedMultiplyAdd(g, x0, a20);
                    if (sizeof(TTaps) > 1) a21 = Avx512F.FusedMultiplyAdd(g, x1, a21);
                    if (sizeof(TTaps) > 2) a22 = Avx512F.FusedMultiplyAdd(g, x2, a22);
                    if (sizeof(TTaps) > 3) a23 = Avx512F.FusedMultiplyAdd(g, x3, a23);
                    if (sizeof(TTaps) > 4) a24 = Avx512F.FusedMultiplyAdd(g, x4, a24);
                }
                if (sizeof(TFilters) > 3)
                {
                    Vector512<float> g = Load(d + 3 * plane);
                    a30 = Avx512F.FusedMultiplyAdd(g, x0, a30);
                    if (sizeof(TTaps) > 1) a31 = Avx512F.FusedMultiplyAdd(g, x1, a31);
                    if (sizeof(TTaps) > 2) a32 = Avx512F.FusedMultiplyAdd(g, x2, a32);
                    if (sizeof(TTaps) > 3) a33 = Avx512F.FusedMultiplyAdd(g, x3, a33);
                    if (sizeof(TTaps) > 4) a34 = Avx512F.FusedMultiplyAdd(g, x4, a34);
                }
                if (sizeof(TFilters) > 4)
                {
                    Vector512<float> g = Load(d + 4 * plane);
                    a40 = Avx512F.FusedMultiplyAdd(g, x0, a40);
                    if (sizeof(TTaps) > 1) a41 = Avx512F.FusedMultiplyAdd(g, x1, a41);
                    if (sizeof(TTaps) > 2) a42 = Avx512F.FusedMultiplyAdd(g, x2, a42);
                    if (sizeof(TTaps) > 3) a43 = Avx512F.FusedMultiplyAdd(g, x3, a43);
                    if (sizeof(TTaps) > 4) a44 = Avx512F.FusedMultiplyAdd(g, x4, a44);
                }
                if (sizeof(TFilters) > 5)
                {
                    Vector512<float> g = Load(d + 5 * plane);
                    a50 = Avx512F.FusedMultiplyAdd(g, x0, a50);
                    if (sizeof(TTaps) > 1) a51 = Avx512F.FusedMultiplyAdd(g, x1, a51);
                    if (sizeof(TTaps) > 2) a52 = Avx512F.FusedMultiplyAdd(g, x2, a52);
                    if (sizeof(TTaps) > 3) a53 = Avx512F.FusedMultiplyAdd(g, x3, a53);
                    if (sizeof(TTaps) > 4) a54 = Avx512F.FusedMultiplyAdd(g, x4, a54);
                }
                if (sizeof(TFilters) > 6)
                {
                    Vector512<float> g = Load(d + 6 * plane);
                    a60 = Avx512F.FusedMultiplyAdd(g, x0, a60);
                    if (sizeof(TTaps) > 1) a61 = Avx512F.FusedMultiplyAdd(g, x1, a61);
                    if (sizeof(TTaps) > 2) a62 = Avx512F.FusedMultiplyAdd(g, x2, a62);
                    if (sizeof(TTaps) > 3) a63 = Avx512F.FusedMultiplyAdd(g, x3, a63);
                    if (sizeof(TTaps) > 4) a64 = Avx512F.FusedMultiplyAdd(g, x4, a64);
                }
                if (sizeof(TFilters) > 7)
                {
                    Vector512<float> g = Load(d + 7 * plane);
                    a70 = Avx512F.FusedMultiplyAdd(g, x0, a70);
                    if (sizeof(TTaps) > 1) a71 = Avx512F.FusedMultiplyAdd(g, x1, a71);
                    if (sizeof(TTaps) > 2) a72 = Avx512F.FusedMultiplyAdd(g, x2, a72);
                    if (sizeof(TTaps) > 3) a73 = Avx512F.FusedMultiplyAdd(g, x3, a73);
                    if (sizeof(TTaps) > 4) a74 = Avx512F.FusedMultiplyAdd(g, x4, a74);
                }
                x += step;
                d += VectorBytes;
            }
            while (d != end);
            diff += tile->DiffRow;
            input += tile->InRow;
        }

        {
            Store(sum, a00);
            if (sizeof(TTaps) > 1) Store(sum + 64, a01);
            if (sizeof(TTaps) > 2) Store(sum + 128, a02);
            if (sizeof(TTaps) > 3) Store(sum + 192, a03);
            if (sizeof(TTaps) > 4) Store(sum + 256, a04);
        }
        if (sizeof(TFilters) > 1)
        {
            Store(sum + pitch, a10);
            if (sizeof(TTaps) > 1) Store(sum + pitch + 64, a11);
            if (sizeof(TTaps) > 2) Store(sum + pitch + 128, a12);
            if (sizeof(TTaps) > 3) Store(sum + pitch + 192, a13);
            if (sizeof(TTaps) > 4) Store(sum + pitch + 256, a14);
        }
        if (sizeof(TFilters) > 2)
        {
            Store(sum + 2 * pitch, a20);
            if (sizeof(TTaps) > 1) Store(sum + 2 * pitch + 64, a21);
            if (sizeof(TTaps) > 2) Store(sum + 2 * pitch + 128, a22);
            if (sizeof(TTaps) > 3) Store(sum + 2 * pitch + 192, a23);
            if (sizeof(TTaps) > 4) Store(sum + 2 * pitch + 256, a24);
        }
        if (sizeof(TFilters) > 3)
        {
            Store(sum + 3 * pitch, a30);
            if (sizeof(TTaps) > 1) Store(sum + 3 * pitch + 64, a31);
            if (sizeof(TTaps) > 2) Store(sum + 3 * pitch + 128, a32);
            if (sizeof(TTaps) > 3) Store(sum + 3 * pitch + 192, a33);
            if (sizeof(TTaps) > 4) Store(sum + 3 * pitch + 256, a34);
        }
        if (sizeof(TFilters) > 4)
        {
            Store(sum + 4 * pitch, a40);
            if (sizeof(TTaps) > 1) Store(sum + 4 * pitch + 64, a41);
            if (sizeof(TTaps) > 2) Store(sum + 4 * pitch + 128, a42);
            if (sizeof(TTaps) > 3) Store(sum + 4 * pitch + 192, a43);
            if (sizeof(TTaps) > 4) Store(sum + 4 * pitch + 256, a44);
        }
        if (sizeof(TFilters) > 5)
        {
            Store(sum + 5 * pitch, a50);
            if (sizeof(TTaps) > 1) Store(sum + 5 * pitch + 64, a51);
            if (sizeof(TTaps) > 2) Store(sum + 5 * pitch + 128, a52);
            if (sizeof(TTaps) > 3) Store(sum + 5 * pitch + 192, a53);
            if (sizeof(TTaps) > 4) Store(sum + 5 * pitch + 256, a54);
        }
        if (sizeof(TFilters) > 6)
        {
            Store(sum + 6 * pitch, a60);
            if (sizeof(TTaps) > 1) Store(sum + 6 * pitch + 64, a61);
            if (sizeof(TTaps) > 2) Store(sum + 6 * pitch + 128, a62);
            if (sizeof(TTaps) > 3) Store(sum + 6 * pitch + 192, a63);
            if (sizeof(TTaps) > 4) Store(sum + 6 * pitch + 256, a64);
        }
        if (sizeof(TFilters) > 7)
        {
            Store(sum + 7 * pitch, a70);
            if (sizeof(TTaps) > 1) Store(sum + 7 * pitch + 64, a71);
            if (sizeof(TTaps) > 2) Store(sum + 7 * pitch + 128, a72);
            if (sizeof(TTaps) > 3) Store(sum + 7 * pitch + 192, a73);
            if (sizeof(TTaps) > 4) Store(sum + 7 * pitch + 256, a74);
        }
    }

    /// <summary>Up to 4 filters by 8 taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide<TFilters, TTaps>(GradientTile* tile) where TFilters : unmanaged where TTaps : unmanaged
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
        Vector512<float> a00 = Load(sum);
        Vector512<float> a01 = sizeof(TTaps) > 1 ? Load(sum + 64) : default;
        Vector512<float> a02 = sizeof(TTaps) > 2 ? Load(sum + 128) : default;
        Vector512<float> a03 = sizeof(TTaps) > 3 ? Load(sum + 192) : default;
        Vector512<float> a04 = sizeof(TTaps) > 4 ? Load(sum + 256) : default;
        Vector512<float> a05 = sizeof(TTaps) > 5 ? Load(sum + 320) : default;
        Vector512<float> a06 = sizeof(TTaps) > 6 ? Load(sum + 384) : default;
        Vector512<float> a07 = sizeof(TTaps) > 7 ? Load(sum + 448) : default;
        Vector512<float> a10 = sizeof(TFilters) > 1 ? Load(sum + pitch) : default;
        Vector512<float> a11 = sizeof(TFilters) > 1 && sizeof(TTaps) > 1 ? Load(sum + pitch + 64) : default;
        Vector512<float> a12 = sizeof(TFilters) > 1 && sizeof(TTaps) > 2 ? Load(sum + pitch + 128) : default;
        Vector512<float> a13 = sizeof(TFilters) > 1 && sizeof(TTaps) > 3 ? Load(sum + pitch + 192) : default;
        Vector512<float> a14 = sizeof(TFilters) > 1 && sizeof(TTaps) > 4 ? Load(sum + pitch + 256) : default;
        Vector512<float> a15 = sizeof(TFilters) > 1 && sizeof(TTaps) > 5 ? Load(sum + pitch + 320) : default;
        Vector512<float> a16 = sizeof(TFilters) > 1 && sizeof(TTaps) > 6 ? Load(sum + pitch + 384) : default;
        Vector512<float> a17 = sizeof(TFilters) > 1 && sizeof(TTaps) > 7 ? Load(sum + pitch + 448) : default;
        Vector512<float> a20 = sizeof(TFilters) > 2 ? Load(sum + 2 * pitch) : default;
        Vector512<float> a21 = sizeof(TFilters) > 2 && sizeof(TTaps) > 1 ? Load(sum + 2 * pitch + 64) : default;
        Vector512<float> a22 = sizeof(TFilters) > 2 && sizeof(TTaps) > 2 ? Load(sum + 2 * pitch + 128) : default;
        Vector512<float> a23 = sizeof(TFilters) > 2 && sizeof(TTaps) > 3 ? Load(sum + 2 * pitch + 192) : default;
        Vector512<float> a24 = sizeof(TFilters) > 2 && sizeof(TTaps) > 4 ? Load(sum + 2 * pitch + 256) : default;
        Vector512<float> a25 = sizeof(TFilters) > 2 && sizeof(TTaps) > 5 ? Load(sum + 2 * pitch + 320) : default;
        Vector512<float> a26 = sizeof(TFilters) > 2 && sizeof(TTaps) > 6 ? Load(sum + 2 * pitch + 384) : default;
        Vector512<float> a27 = sizeof(TFilters) > 2 && sizeof(TTaps) > 7 ? Load(sum + 2 * pitch + 448) : default;
        Vector512<float> a30 = sizeof(TFilters) > 3 ? Load(sum + 3 * pitch) : default;
        Vector512<float> a31 = sizeof(TFilters) > 3 && sizeof(TTaps) > 1 ? Load(sum + 3 * pitch + 64) : default;
        Vector512<float> a32 = sizeof(TFilters) > 3 && sizeof(TTaps) > 2 ? Load(sum + 3 * pitch + 128) : default;
        Vector512<float> a33 = sizeof(TFilters) > 3 && sizeof(TTaps) > 3 ? Load(sum + 3 * pitch + 192) : default;
        Vector512<float> a34 = sizeof(TFilters) > 3 && sizeof(TTaps) > 4 ? Load(sum + 3 * pitch + 256) : default;
        Vector512<float> a35 = sizeof(TFilters) > 3 && sizeof(TTaps) > 5 ? Load(sum + 3 * pitch + 320) : default;
        Vector512<float> a36 = sizeof(TFilters) > 3 && sizeof(TTaps) > 6 ? Load(sum + 3 * pitch + 384) : default;
        Vector512<float> a37 = sizeof(TFilters) > 3 && sizeof(TTaps) > 7 ? Load(sum + 3 * pitch + 448) : default;
        for (int rows = tile->Rows; rows > 0; rows--)
        {
            byte* x = input, d = diff, end = diff + tile->Columns * VectorBytes;
            do
            {
                Vector512<float> x0 = Load(x);
                Vector512<float> x1 = sizeof(TTaps) > 1 ? Load(x + o1) : default;
                Vector512<float> x2 = sizeof(TTaps) > 2 ? Load(x + o2) : default;
                Vector512<float> x3 = sizeof(TTaps) > 3 ? Load(x + o3) : default;
                Vector512<float> x4 = sizeof(TTaps) > 4 ? Load(x + o4) : default;
                Vector512<float> x5 = sizeof(TTaps) > 5 ? Load(x + o5) : default;
                Vector512<float> x6 = sizeof(TTaps) > 6 ? Load(x + o6) : default;
                Vector512<float> x7 = sizeof(TTaps) > 7 ? Load(x + o7) : default;
                {
                    Vector512<float> g = Load(d);
                    a00 = Avx512F.FusedMultiplyAdd(g, x0, a00);
                    if (sizeof(TTaps) > 1) a01 = Avx512F.FusedMultiplyAdd(g, x1, a01);
                    if (sizeof(TTaps) > 2) a02 = Avx512F.FusedMultiplyAdd(g, x2, a02);
                    if (sizeof(TTaps) > 3) a03 = Avx512F.FusedMultiplyAdd(g, x3, a03);
                    if (sizeof(TTaps) > 4) a04 = Avx512F.FusedMultiplyAdd(g, x4, a04);
                    if (sizeof(TTaps) > 5) a05 = Avx512F.FusedMultiplyAdd(g, x5, a05);
                    if (sizeof(TTaps) > 6) a06 = Avx512F.FusedMultiplyAdd(g, x6, a06);
                    if (sizeof(TTaps) > 7) a07 = Avx512F.FusedMultiplyAdd(g, x7, a07);
                }
                if (sizeof(TFilters) > 1)
                {
                    Vector512<float> g = Load(d + plane);
                    a10 = Avx512F.FusedMultiplyAdd(g, x0, a10);
                    if (sizeof(TTaps) > 1) a11 = Avx512F.FusedMultiplyAdd(g, x1, a11);
                    if (sizeof(TTaps) > 2) a12 = Avx512F.FusedMultiplyAdd(g, x2, a12);
                    if (sizeof(TTaps) > 3) a13 = Avx512F.FusedMultiplyAdd(g, x3, a13);
                    if (sizeof(TTaps) > 4) a14 = Avx512F.FusedMultiplyAdd(g, x4, a14);
                    if (sizeof(TTaps) > 5) a15 = Avx512F.FusedMultiplyAdd(g, x5, a15);
                    if (sizeof(TTaps) > 6) a16 = Avx512F.FusedMultiplyAdd(g, x6, a16);
                    if (sizeof(TTaps) > 7) a17 = Avx512F.FusedMultiplyAdd(g, x7, a17);
                }
                if (sizeof(TFilters) > 2)
                {
                    Vector512<float> g = Load(d + 2 * plane);
                    a20 = Avx512F.FusedMultiplyAdd(g, x0, a20);
                    if (sizeof(TTaps) > 1) a21 = Avx512F.FusedMultiplyAdd(g, x1, a21);
                    if (sizeof(TTaps) > 2) a22 = Avx512F.FusedMultiplyAdd(g, x2, a22);
                    if (sizeof(TTaps) > 3) a23 = Avx512F.FusedMultiplyAdd(g, x3, a23);
                    if (sizeof(TTaps) > 4) a24 = Avx512F.FusedMultiplyAdd(g, x4, a24);
                    if (sizeof(TTaps) > 5) a25 = Avx512F.FusedMultiplyAdd(g, x5, a25);
                    if (sizeof(TTaps) > 6) a26 = Avx512F.FusedMultiplyAdd(g, x6, a26);
                    if (sizeof(TTaps) > 7) a27 = Avx512F.FusedMultiplyAdd(g, x7, a27);
                }
                if (sizeof(TFilters) > 3)
                {
                    Vector512<float> g = Load(d + 3 * plane);
                    a30 = Avx512F.FusedMultiplyAdd(g, x0, a30);
                    if (sizeof(TTaps) > 1) a31 = Avx512F.FusedMultiplyAdd(g, x1, a31);
                    if (sizeof(TTaps) > 2) a32 = Avx512F.FusedMultiplyAdd(g, x2, a32);
                    if (sizeof(TTaps) > 3) a33 = Avx512F.FusedMultiplyAdd(g, x3, a33);
                    if (sizeof(TTaps) > 4) a34 = Avx512F.FusedMultiplyAdd(g, x4, a34);
                    if (sizeof(TTaps) > 5) a35 = Avx512F.FusedMultiplyAdd(g, x5, a35);
                    if (sizeof(TTaps) > 6) a36 = Avx512F.FusedMultiplyAdd(g, x6, a36);
                    if (sizeof(TTaps) > 7) a37 = Avx512F.FusedMultiplyAdd(g, x7, a37);
                }
                x += step;
                d += VectorBytes;
            }
            while (d != end);
            diff += tile->DiffRow;
            input += tile->InRow;
        }

        {
            Store(sum, a00);
            if (sizeof(TTaps) > 1) Store(sum + 64, a01);
            if (sizeof(TTaps) > 2) Store(sum + 128, a02);
            if (sizeof(TTaps) > 3) Store(sum + 192, a03);
            if (sizeof(TTaps) > 4) Store(sum + 256, a04);
            if (sizeof(TTaps) > 5) Store(sum + 320, a05);
            if (sizeof(TTaps) > 6) Store(sum + 384, a06);
            if (sizeof(TTaps) > 7) Store(sum + 448, a07);
        }
        if (sizeof(TFilters) > 1)
        {
            Store(sum + pitch, a10);
            if (sizeof(TTaps) > 1) Store(sum + pitch + 64, a11);
            if (sizeof(TTaps) > 2) Store(sum + pitch + 128, a12);
            if (sizeof(TTaps) > 3) Store(sum + pitch + 192, a13);
            if (sizeof(TTaps) > 4) Store(sum + pitch + 256, a14);
            if (sizeof(TTaps) > 5) Store(sum + pitch + 320, a15);
            if (sizeof(TTaps) > 6) Store(sum + pitch + 384, a16);
            if (sizeof(TTaps) > 7) Store(sum + pitch + 448, a17);
        }
        if (sizeof(TFilters) > 2)
        {
            Store(sum + 2 * pitch, a20);
            if (sizeof(TTaps) > 1) Store(sum + 2 * pitch + 64, a21);
            if (sizeof(TTaps) > 2) Store(sum + 2 * pitch + 128, a22);
            if (sizeof(TTaps) > 3) Store(sum + 2 * pitch + 192, a23);
            if (sizeof(TTaps) > 4) Store(sum + 2 * pitch + 256, a24);
            if (sizeof(TTaps) > 5) Store(sum + 2 * pitch + 320, a25);
            if (sizeof(TTaps) > 6) Store(sum + 2 * pitch + 384, a26);
            if (sizeof(TTaps) > 7) Store(sum + 2 * pitch + 448, a27);
        }
        if (sizeof(TFilters) > 3)
        {
            Store(sum + 3 * pitch, a30);
            if (sizeof(TTaps) > 1) Store(sum + 3 * pitch + 64, a31);
            if (sizeof(TTaps) > 2) Store(sum + 3 * pitch + 128, a32);
            if (sizeof(TTaps) > 3) Store(sum + 3 * pitch + 192, a33);
            if (sizeof(TTaps) > 4) Store(sum + 3 * pitch + 256, a34);
            if (sizeof(TTaps) > 5) Store(sum + 3 * pitch + 320, a35);
            if (sizeof(TTaps) > 6) Store(sum + 3 * pitch + 384, a36);
            if (sizeof(TTaps) > 7) Store(sum + 3 * pitch + 448, a37);
        }
    }
}
