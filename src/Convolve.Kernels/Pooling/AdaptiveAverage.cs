using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Planes of 16 channels, [planes][height][width][16], and the size they are averaged to.</summary>
internal readonly record struct AdaptiveShape(int Planes, int Height, int Width, int OutHeight, int OutWidth);

/// <summary>Averages over parts of an image, as many as the output has pixels, and their gradients.</summary>
/// <remarks>
/// Loops: for each plane, for each pixel of the result, for each pixel of its part. source
/// and target are {planes, height, width, 16}. Two sums stay in registers. Forward is bound by memory, backward by the division for each
/// pixel.
/// </remarks>
internal static unsafe class AdaptiveAverage
{
    /// <summary>Each output is the mean of its part.</summary>
    public static void Forward<TPixel>(in AdaptiveShape shape, byte* source, byte* target, int firstPlane, int endPlane)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Forward<TPixel, Floats8x2>(shape, source, target, firstPlane, endPlane);
        else
            Forward<TPixel, Floats16>(shape, source, target, firstPlane, endPlane);
    }

    // bounds: planes, rows and columns are those of the shape; Part keeps within them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TPixel, TVector>(in AdaptiveShape shape, byte* source, byte* target, int firstPlane, int endPlane)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        for (int plane = firstPlane; plane < endPlane; plane++)
        {
            byte* from = source + (nint)plane * shape.Height * shape.Width * TPixel.Bytes,
                to = target + (nint)plane * shape.OutHeight * shape.OutWidth * TPixel.Bytes;
            for (int y = 0; y < shape.OutHeight; y++)
            {
                (int top, int bottom) = Part(y, shape.OutHeight, shape.Height);
                for (int x = 0; x < shape.OutWidth; x++, to += TPixel.Bytes)
                {
                    (int left, int right) = Part(x, shape.OutWidth, shape.Width);
                    TVector sum = TVector.Zero;
                    for (int row = top; row < bottom; row++)
                    {
                        // Row by row, so that rounding stays small where the part is the whole of a large image.
                        TVector rowSum = TVector.Zero;
                        byte* at = from + ((nint)row * shape.Width + left) * TPixel.Bytes;
                        for (int column = left; column < right; column++, at += TPixel.Bytes)
                            rowSum += TPixel.Load<TVector>(at);
                        sum += rowSum;
                    }
                    TPixel.Store(sum / TVector.Create((float)(bottom - top) * (right - left)), to);
                }
            }
        }
    }

    /// <summary>Each input gathers its share of the gradients of the parts that it is in.</summary>
    public static void Backward<TPixel>(in AdaptiveShape shape, byte* diffTarget, byte* diffSource, int firstPlane, int endPlane)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Backward<TPixel, Floats8x2>(shape, diffTarget, diffSource, firstPlane, endPlane);
        else
            Backward<TPixel, Floats16>(shape, diffTarget, diffSource, firstPlane, endPlane);
    }

    // bounds: planes, rows and columns are those of the shape; Part keeps within them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TPixel, TVector>(in AdaptiveShape shape, byte* diffTarget, byte* diffSource, int firstPlane, int endPlane)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        for (int plane = firstPlane; plane < endPlane; plane++)
        {
            byte* from = diffTarget + (nint)plane * shape.OutHeight * shape.OutWidth * TPixel.Bytes,
                to = diffSource + (nint)plane * shape.Height * shape.Width * TPixel.Bytes;
            for (int y = 0; y < shape.Height; y++)
            {
                (int top, int bottom) = Part(y, shape.Height, shape.OutHeight);
                for (int x = 0; x < shape.Width; x++, to += TPixel.Bytes)
                {
                    (int left, int right) = Part(x, shape.Width, shape.OutWidth);
                    TVector sum = TVector.Zero;
                    for (int row = top; row < bottom; row++)
                    {
                        int high = Length(row, shape.OutHeight, shape.Height);
                        TVector rowSum = TVector.Zero;
                        byte* at = from + ((nint)row * shape.OutWidth + left) * TPixel.Bytes;
                        for (int column = left; column < right; column++, at += TPixel.Bytes)
                            rowSum += TPixel.Load<TVector>(at)
                                / TVector.Create((float)high * Length(column, shape.OutWidth, shape.Width));
                        sum += rowSum;
                    }
                    TPixel.Store(sum, to);
                }
            }
        }
    }

    /// <summary>
    /// The part that belongs to pixel i of an axis: on the other axis, its first pixel and the one behind its last. It holds both ways
    /// round.
    /// </summary>
    public static (int First, int End) Part(int i, int size, int otherSize) =>
        ((int)((long)i * otherSize / size), (int)(((long)(i + 1) * otherSize + size - 1) / size));

    private static int Length(int i, int size, int otherSize) => Part(i, size, otherSize) is var (first, end) ? end - first : 0;
}
