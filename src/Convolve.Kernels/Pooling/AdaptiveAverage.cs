using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Planes of 16 channels, [planes][height][width][16], and the size they are averaged to.</summary>
internal readonly record struct AdaptiveShape(int Planes, int Height, int Width, int OutHeight, int OutWidth);

/// <summary>Averages over parts of an image, as many as the output has pixels, and their gradients.</summary>
internal static unsafe class AdaptiveAverage
{
    /// <summary>Each output is the mean of its part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TPixel>(in AdaptiveShape shape, byte* source, byte* target, int firstPlane, int endPlane)
        where TPixel : struct, IPixel
    {
        byte* to = target + (nint)firstPlane * shape.OutHeight * shape.OutWidth * TPixel.Bytes;
        for (int plane = firstPlane; plane < endPlane; plane++)
        {
            byte* from = source + (nint)plane * shape.Height * shape.Width * TPixel.Bytes;
            for (int y = 0; y < shape.OutHeight; y++)
            {
                (int top, int bottom) = Part(y, shape.OutHeight, shape.Height);
                for (int x = 0; x < shape.OutWidth; x++, to += TPixel.Bytes)
                {
                    (int left, int right) = Part(x, shape.OutWidth, shape.Width);
                    Vector512<float> sum = Vector512<float>.Zero;
                    for (int row = top; row < bottom; row++)
                    {
                        // Row by row, so that rounding stays small where the part is the whole of a large image.
                        Vector512<float> rowSum = Vector512<float>.Zero;
                        byte* at = from + ((nint)row * shape.Width + left) * TPixel.Bytes;
                        for (int column = left; column < right; column++, at += TPixel.Bytes)
                            rowSum += TPixel.Load(at);
                        sum += rowSum;
                    }
                    TPixel.Store(sum / ((float)(bottom - top) * (right - left)), to);
                }
            }
        }
    }

    /// <summary>Each input gathers its share of the gradients of the parts that it lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TPixel>(in AdaptiveShape shape, byte* diffTarget, byte* diffSource, int firstPlane, int endPlane)
        where TPixel : struct, IPixel
    {
        byte* to = diffSource + (nint)firstPlane * shape.Height * shape.Width * TPixel.Bytes;
        for (int plane = firstPlane; plane < endPlane; plane++)
        {
            byte* from = diffTarget + (nint)plane * shape.OutHeight * shape.OutWidth * TPixel.Bytes;
            for (int y = 0; y < shape.Height; y++)
            {
                (int top, int bottom) = Part(y, shape.Height, shape.OutHeight);
                for (int x = 0; x < shape.Width; x++, to += TPixel.Bytes)
                {
                    (int left, int right) = Part(x, shape.Width, shape.OutWidth);
                    Vector512<float> sum = Vector512<float>.Zero;
                    for (int row = top; row < bottom; row++)
                    {
                        int high = Length(row, shape.OutHeight, shape.Height);
                        Vector512<float> rowSum = Vector512<float>.Zero;
                        byte* at = from + ((nint)row * shape.OutWidth + left) * TPixel.Bytes;
                        for (int column = left; column < right; column++, at += TPixel.Bytes)
                            rowSum += TPixel.Load(at) / ((float)high * Length(column, shape.OutWidth, shape.Width));
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
