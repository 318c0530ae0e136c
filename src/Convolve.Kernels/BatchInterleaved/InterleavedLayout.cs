using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each group, each 16 features:  lanes[feature][image] = plain[image][feature]
//
// plain  [batch][features], rows a pitch apart  float32
// lanes  [group][feature][16]                   float32
// Registers: four by four vectors. L1: a tile of 16 by 16. Bound: memory.

/// <summary>From plain rows, one image each, to lanes and back: transposes of 16 images by 16 features.</summary>
internal static unsafe class InterleavedLayout
{
    /// <summary>Plain [batch, features] to lanes; lanes without an image become zero.</summary>
    /// <param name="pitch">The floats from one row of <paramref name="plain"/> to the next.</param>
    public static void Interleave(float* plain, long pitch, int batch, int features, float* lanes, int first, int count)
    {
        if (IsWide)
            Interleave<Floats16>(plain, pitch, batch, features, lanes, first, count);
        else
            Interleave<Floats8>(plain, pitch, batch, features, lanes, first, count);
    }

    /// <summary>Lanes to plain [batch, features]; lanes without an image are left out.</summary>
    /// <param name="pitch">The floats from one row of <paramref name="plain"/> to the next.</param>
    public static void ToPlain(float* lanes, int batch, int features, float* plain, long pitch, int first, int count)
    {
        if (IsWide)
            ToPlain<Floats16>(lanes, batch, features, plain, pitch, first, count);
        else
            ToPlain<Floats8>(lanes, batch, features, plain, pitch, first, count);
    }

    // bounds: rows of images that exist; whole tiles of 16 features, and the rest one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Interleave<TVector>(float* plain, long pitch, int batch, int features, float* lanes, int first, int count)
        where TVector : unmanaged, IFloats<TVector>
    {
        float** rows = stackalloc float*[Width];
        for (int group = first; group < first + count; group++)
        {
            // A lane without an image reads the first one's row and is then cleared.
            int images = Math.Min(Width, batch - group * Width);
            for (int i = 0; i < Width; i++)
                rows[i] = plain + ((long)group * Width + (i < images ? i : 0)) * pitch;
            float* target = lanes + (long)group * features * Width;
            int feature = 0;
            for (; feature + Width <= features; feature += Width)
                Transpose<TVector>(rows, feature, target + (long)feature * Width, images);
            for (; feature < features; feature++)
                for (int i = 0; i < Width; i++)
                    target[(long)feature * Width + i] = i < images ? rows[i][feature] : 0;
        }
    }

    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToPlain<TVector>(float* lanes, int batch, int features, float* plain, long pitch, int first, int count)
        where TVector : unmanaged, IFloats<TVector>
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
                Transpose<TVector>(rows, 0, tile, Width);
                for (int i = 0; i < images; i++)
                    for (int part = 0; part < Width; part += TVector.Count)
                        TVector.Load(tile + i * Width + part).Store(target + i * pitch + feature + part);
            }
            for (; feature < features; feature++)
                for (int i = 0; i < images; i++)
                    target[i * pitch + feature] = source[(long)feature * Width + i];
        }
    }

    /// <summary>
    /// Sixteen values of sixteen rows, transposed: pairs, then fours within 128 bits, then the 128-bit parts. Lanes beyond the images
    /// become zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose<TVector>(float** rows, int column, float* target, int images) where TVector : unmanaged, IFloats<TVector>
    {
        for (int lane = 0; lane < Width; lane += TVector.Count, rows += TVector.Count, target += TVector.Count)
        {
            TVector mask = TVector.LessThan(TVector.Indices, TVector.Create(images - lane));
            // Every fourth row supplies a 128-bit part of one register.
            for (int c = 0; c < Width; c += 4)
            {
                var (x0, x1, x2, x3) = TVector.Transpose(TVector.Gather(rows, 0, column + c), TVector.Gather(rows, 1, column + c),
                    TVector.Gather(rows, 2, column + c), TVector.Gather(rows, 3, column + c));
                float* y = target + c * Width;
                (x0 & mask).Store(y);
                (x1 & mask).Store(y + Width);
                (x2 & mask).Store(y + 2 * Width);
                (x3 & mask).Store(y + 3 * Width);
            }
        }
    }
}
