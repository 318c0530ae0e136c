using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each channel, window:  dx at the maximum = function'(y) * dy;  or  all dx of the window += share * dy, then dx *= function'(a)
//
// dy, y     [channel][row][column][16]  float32, at the pooled size; dx and the activations a as well, at the input's
// positions [channel][row][column][16]  bytes: the number of the maximum within its window, row by row
// Registers: the gradient of a window. Bound: the write of dx, once where windows are 2 x 2 and once more a window elsewhere.

/// <summary>The gradients of a group of images before the activation.</summary>
internal static unsafe class InterleavedPoolingBackward
{
    // bounds: a window is written only where it overlaps the input; dy, y and positions have a place for each output.
    public static void Group<TFunction>(
        in InterleavedPool pool, float slope, InterleavedView activations, InterleavedView output, byte* positions, InterleavedView diffDst,
        InterleavedView diffSrc)
        where TFunction : struct, IInterleavedFunction
    {
        if (IsWide)
            Group<Floats16, TFunction>(pool, slope, activations, output, positions, diffDst, diffSrc);
        else
            Group<Floats8, TFunction>(pool, slope, activations, output, positions, diffDst, diffSrc);
    }

    private static void Group<TVector, TFunction>(
        in InterleavedPool pool, float slope, InterleavedView activations, InterleavedView output, byte* positions, InterleavedView diffDst,
        InterleavedView diffSrc)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        bool two = pool.IsTwoByTwo;
        for (int c = 0; c < pool.Channels; c++)
        {
            byte* y = output.Origin + c * output.Plane, dy = diffDst.Origin + c * diffDst.Plane;
            byte* dx = diffSrc.Origin + c * diffSrc.Plane, a = activations.Origin + c * activations.Plane;
            byte* p = positions + (long)c * pool.OutHeight * pool.OutWidth * Width;
            if (two)
            {
                TwoByTwoPlane<TVector, TFunction>(pool, slope, a, activations.Row, y, output.Row, p, dy, diffDst.Row, dx, diffSrc.Row);
                continue;
            }
            for (int row = 0; row < pool.Height; row++)
                new Span<float>(dx + row * diffSrc.Row, pool.Width * Width).Clear();
            for (int lane = 0; lane < Width; lane += TVector.Count)
            {
                nint at = lane * sizeof(float);
                AnyPlane<TVector, TFunction>(
                    pool, slope, a + at, activations.Row, y + at, output.Row, p + lane, dy + at, diffDst.Row, dx + at, diffSrc.Row);
            }
        }
    }

    private static void TwoByTwoPlane<TVector, TFunction>(
        in InterleavedPool pool, float slope, byte* activations, nint activationRow, byte* y, nint outRow, byte* positions, byte* diff,
        nint diffRow, byte* result, nint resultRow)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        int rows = pool.OutHeight, columns = pool.OutWidth, covered = 2 * columns;
        for (int row = 0; row < rows; row++, diff += diffRow, y += outRow, positions += columns * Width)
        {
            float* upper = (float*)result, lower = (float*)(result + resultRow);
            for (int lane = 0; lane < Width; lane += TVector.Count)
            {
                float* d = (float*)diff + lane, top = upper + lane, bottom = lower + lane;
                if (pool.Kind == InterleavedPoolKind.Max)
                    MaxRowBackward<TVector, TFunction>(d, (float*)y + lane, positions + lane, top, bottom, columns, slope);
                else
                    AverageRowBackward<TVector, TFunction>(
                        d, (float*)activations + lane, (float*)(activations + activationRow) + lane, top, bottom, columns, slope);
            }
            new Span<float>(upper + covered * Width, (pool.Width - covered) * Width).Clear();
            new Span<float>(lower + covered * Width, (pool.Width - covered) * Width).Clear();
            result += 2 * resultRow;
            activations += 2 * activationRow;
        }
        for (int row = 2 * rows; row < pool.Height; row++, result += resultRow)
            new Span<float>(result, pool.Width * Width).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaxRowBackward<TVector, TFunction>(
        float* diff, float* y, byte* positions, float* upper, float* lower, int columns, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        TVector slopes = TVector.Create(slope);
        for (float* end = diff + columns * Width; diff != end; diff += Width, y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            TVector d = TFunction.Backward(TVector.Load(diff), TVector.Load(y), slopes);
            TVector position = TVector.LoadBytes(positions);
            At(position, TVector.CreateBits(0), d).Store(upper);
            At(position, TVector.CreateBits(1), d).Store(upper + Width);
            At(position, TVector.CreateBits(2), d).Store(lower);
            At(position, TVector.CreateBits(3), d).Store(lower + Width);
            positions += Width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AverageRowBackward<TVector, TFunction>(
        float* diff, float* upperActivation, float* lowerActivation, float* upper, float* lower, int columns, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        TVector slopes = TVector.Create(slope), quarter = TVector.Create(0.25f);
        TVector a = default, b = default, c = default, e = default;
        for (float* end = diff + columns * Width; diff != end; diff += Width, upper += 2 * Width, lower += 2 * Width)
        {
            TVector d = TVector.Load(diff) * quarter;
            if (typeof(TFunction) != typeof(Identity))
            {
                (a, b) = (TVector.Load(upperActivation), TVector.Load(upperActivation + Width));
                (c, e) = (TVector.Load(lowerActivation), TVector.Load(lowerActivation + Width));
                upperActivation += 2 * Width;
                lowerActivation += 2 * Width;
            }
            TFunction.Backward(d, a, slopes).Store(upper);
            TFunction.Backward(d, b, slopes).Store(upper + Width);
            TFunction.Backward(d, c, slopes).Store(lower);
            TFunction.Backward(d, e, slopes).Store(lower + Width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AnyPlane<TVector, TFunction>(
        in InterleavedPool pool, float slope, byte* activations, nint activationRow, byte* y, nint outRow, byte* positions, byte* diff,
        nint diffRow, byte* result, nint resultRow)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        TVector slopes = TVector.Create(slope);
        int outHeight = pool.OutHeight, outWidth = pool.OutWidth;
        for (int row = 0; row < outHeight; row++)
        {
            int top = row * pool.StrideH - pool.PadTop;
            int firstRow = Math.Max(0, -top), endRow = Math.Min(pool.KernelHeight, pool.Height - top);
            for (int column = 0; column < outWidth; column++)
            {
                int left = column * pool.StrideW - pool.PadLeft;
                int firstColumn = Math.Max(0, -left), endColumn = Math.Min(pool.KernelWidth, pool.Width - left);
                TVector d = TVector.Load(diff + row * diffRow + column * VectorBytes);
                TVector position = default;
                bool max = pool.Kind == InterleavedPoolKind.Max;
                if (max)
                {
                    d = TFunction.Backward(d, TVector.Load(y + row * outRow + column * VectorBytes), slopes);
                    position = TVector.LoadBytes(positions);
                    positions += Width;
                }
                else
                {
                    d *= TVector.Create(InterleavedPooling.Share(pool, endRow - firstRow, endColumn - firstColumn));
                }
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                    {
                        float* target = (float*)(result + (top + i) * resultRow + (left + j) * VectorBytes);
                        TVector part = max ? At(position, TVector.CreateBits(i * pool.KernelWidth + j), d) : d;
                        (TVector.Load(target) + part).Store(target);
                    }
            }
        }
        if (pool.Kind == InterleavedPoolKind.Max || typeof(TFunction) == typeof(Identity))
            return;
        for (int row = 0; row < pool.Height; row++)
        {
            float* dx = (float*)(result + row * resultRow), a = (float*)(activations + row * activationRow);
            for (float* end = dx + pool.Width * Width; dx != end; dx += Width, a += Width)
                TFunction.Backward(TVector.Load(dx), TVector.Load(a), slopes).Store(dx);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector At<TVector>(TVector position, TVector here, TVector d) where TVector : unmanaged, IFloats<TVector> =>
        TVector.WhereSameBits(position, here, d, TVector.Zero);
}
