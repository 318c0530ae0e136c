using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static Convolve.Execution.Lanes.Lanes;

namespace Convolve.Execution.Lanes;

/// <summary>From plain rows, one image each, to lanes and back: transposes of 16 images by 16 features.</summary>
internal static unsafe class LanesLayout
{
    /// <summary>Plain [batch, features] to lanes; lanes without an image become zero.</summary>
    /// <param name="pitch">The floats from one row of <paramref name="plain"/> to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToLanes(float* plain, long pitch, int batch, int features, float* lanes, int first, int count)
    {
        float** rows = stackalloc float*[Width];
        for (int group = first; group < first + count; group++)
        {
            // A lane without an image reads the first one's row and is then cleared.
            int images = Math.Min(Width, batch - group * Width);
            for (int i = 0; i < Width; i++)
                rows[i] = plain + ((long)group * Width + (i < images ? i : 0)) * pitch;
            Vector512<float> mask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(images)).AsSingle();
            float* target = lanes + (long)group * features * Width;
            int feature = 0;
            for (; feature + Width <= features; feature += Width)
                Transpose(rows, feature, target + (long)feature * Width, mask);
            for (; feature < features; feature++)
                for (int i = 0; i < Width; i++)
                    target[(long)feature * Width + i] = i < images ? rows[i][feature] : 0;
        }
    }

    /// <summary>Lanes to plain [batch, features]; lanes without an image are left out.</summary>
    /// <param name="pitch">The floats from one row of <paramref name="plain"/> to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToPlain(float* lanes, int batch, int features, float* plain, long pitch, int first, int count)
    {
        float** rows = stackalloc float*[Width];
        float* tile = stackalloc float[Width * Width];
        for (int group = first; group < first + count; group++)
        {
            int images = Math.Min(Width, batch - group * Width);
            float* source = lanes + (long)group * features * Width;
            float* target = plain + (long)group * Width * pitch;
            int feature = 0;
            for (; feature + Width <= features; feature += Width)
            {
                for (int i = 0; i < Width; i++)
                    rows[i] = source + ((long)feature + i) * Width;
                Transpose(rows, 0, tile, Vector512<float>.AllBitsSet);
                for (int i = 0; i < images; i++)
                    Vector512.Load(tile + i * Width).Store(target + i * pitch + feature);
            }
            for (; feature < features; feature++)
                for (int i = 0; i < images; i++)
                    target[i * pitch + feature] = source[(long)feature * Width + i];
        }
    }

    /// <summary>Sixteen values of sixteen rows, transposed: pairs, then fours within 128 bits, then the 128-bit parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float** rows, int column, float* target, Vector512<float> mask)
    {
        for (int half = 0; half < 2; half++)
        {
            // Rows r, r + 4, r + 8, r + 12 supply the 128-bit parts of one register: columns 8 half .. 8 half + 7.
            int c = column + 8 * half;
            Vector512<float> a0 = Gather(rows, 0, c), a1 = Gather(rows, 1, c), a2 = Gather(rows, 2, c), a3 = Gather(rows, 3, c);
            Vector512<float> b0 = Gather(rows, 0, c + 4), b1 = Gather(rows, 1, c + 4);
            Vector512<float> b2 = Gather(rows, 2, c + 4), b3 = Gather(rows, 3, c + 4);
            float* y = target + 8 * half * Width;
            Four(a0, a1, a2, a3, y, mask);
            Four(b0, b1, b2, b3, y + 4 * Width, mask);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Gather(float** rows, int row, int column) =>
        Vector512.Create(
            Vector256.Create(Vector128.Load(rows[row] + column), Vector128.Load(rows[row + 4] + column)),
            Vector256.Create(Vector128.Load(rows[row + 8] + column), Vector128.Load(rows[row + 12] + column)));

    /// <summary>Four rows in each 128-bit part become four columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(
        Vector512<float> r0, Vector512<float> r1, Vector512<float> r2, Vector512<float> r3, float* target, Vector512<float> mask)
    {
        Vector512<double> low01 = Avx512F.UnpackLow(r0, r1).AsDouble(), low23 = Avx512F.UnpackLow(r2, r3).AsDouble();
        Vector512<double> high01 = Avx512F.UnpackHigh(r0, r1).AsDouble(), high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        (Avx512F.UnpackLow(low01, low23).AsSingle() & mask).Store(target);
        (Avx512F.UnpackHigh(low01, low23).AsSingle() & mask).Store(target + Width);
        (Avx512F.UnpackLow(high01, high23).AsSingle() & mask).Store(target + 2 * Width);
        (Avx512F.UnpackHigh(high01, high23).AsSingle() & mask).Store(target + 3 * Width);
    }
}
