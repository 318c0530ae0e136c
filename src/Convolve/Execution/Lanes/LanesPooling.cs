using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static Convolve.Execution.Lanes.Lanes;

namespace Convolve.Execution.Lanes;

/// <summary>Pooling and activation together, forward and backward.</summary>
/// <remarks>
/// A max pooling with an activation takes the maximum first and activates it: the same values at a fraction of the work, because the
/// activations never fall. It needs no scratch, and neither do the others.
/// </remarks>
internal static unsafe class LanesPooling
{
    /// <summary>Activation, then pooling: lanes [C, H, W] to lanes [C, OutHeight, OutWidth].</summary>
    /// <param name="activation">Applied to the maximum, or to every value before the average. A leaky slope is not negative.</param>
    /// <param name="src">The values before the activation.</param>
    /// <param name="argmax">Receives where in its window each maximum is; may be null, and is for averages.</param>
    public static void Forward(
        in LanesPool pool, LanesActivation activation, float slope, float* src, float* dst, byte* argmax, int first, int count)
    {
        for (int group = first; group < first + count; group++)
        {
            LanesView input = LanesView.Dense(src, group, pool.Channels, pool.Height, pool.Width);
            LanesView output = LanesView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth);
            byte* positions = Positions(pool, argmax, group);
            for (int row = 0; row < pool.OutHeight; row++)
                ForwardRow(pool, activation, slope, input, output, positions, row);
        }
    }

    /// <summary>
    /// The gradient before the activation from the gradient after the pooling. With a max pooling the pooled output tells the
    /// activation's derivative; an average reads <paramref name="activations"/>.
    /// </summary>
    /// <param name="activations">The values between activation and average; null for a max pooling or where there is no activation.</param>
    /// <param name="dst">The pooled output; null for an average.</param>
    public static void Backward(
        in LanesPool pool, LanesActivation activation, float slope, float* activations, float* dst, byte* argmax, float* diffDst,
        float* diffSrc, int first, int count)
    {
        for (int group = first; group < first + count; group++)
            BackwardGroup(
                pool, activation, slope, LanesView.Dense(activations, group, pool.Channels, pool.Height, pool.Width),
                LanesView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth), Positions(pool, argmax, group),
                LanesView.Dense(diffDst, group, pool.Channels, pool.OutHeight, pool.OutWidth),
                LanesView.Dense(diffSrc, group, pool.Channels, pool.Height, pool.Width));
    }

    /// <summary>Where a group's maxima are kept.</summary>
    internal static byte* Positions(in LanesPool pool, byte* argmax, int group) =>
        argmax == null ? null : argmax + (long)group * pool.OutFeatures * Width;

    internal static void ForwardRow(
        in LanesPool pool, LanesActivation activation, float slope, LanesView input, LanesView output, byte* positions, int row)
    {
        switch (activation)
        {
            case LanesActivation.None: ForwardRow<Identity>(pool, slope, input, output, positions, row); break;
            case LanesActivation.ReLU: ForwardRow<Rectify>(pool, slope, input, output, positions, row); break;
            case LanesActivation.LeakyReLU: ForwardRow<LeakyRectify>(pool, slope, input, output, positions, row); break;
            case LanesActivation.Tanh: ForwardRow<HyperbolicTangent>(pool, slope, input, output, positions, row); break;
            case LanesActivation.Sigmoid: ForwardRow<Logistic>(pool, slope, input, output, positions, row); break;
        }
    }

    internal static void BackwardGroup(
        in LanesPool pool, LanesActivation activation, float slope, LanesView activations, LanesView output, byte* positions,
        LanesView diffDst, LanesView diffSrc)
    {
        switch (activation)
        {
            case LanesActivation.None:
                BackwardGroup<Identity>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.ReLU:
                BackwardGroup<Rectify>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.LeakyReLU:
                BackwardGroup<LeakyRectify>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.Tanh:
                BackwardGroup<HyperbolicTangent>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.Sigmoid:
                BackwardGroup<Logistic>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
        }
    }

    private static void ForwardRow<TFunction>(
        in LanesPool pool, float slope, LanesView input, LanesView output, byte* positions, int row)
        where TFunction : struct, ILanesFunction
    {
        int outWidth = pool.OutWidth, outRow = outWidth * Width, outPlane = pool.OutHeight * outRow;
        bool two = pool.IsTwoByTwo, max = pool.Kind == LanesPoolKind.Max;
        for (int c = 0; c < pool.Channels; c++)
        {
            float* y = (float*)(output.Origin + c * output.Plane + row * output.Row);
            byte* x = input.Origin + c * input.Plane, p = positions == null ? null : positions + c * outPlane + row * outRow;
            if (!two)
                AnyRow<TFunction>(pool, slope, x, input.Row, y, p, row);
            else if (max)
                MaxRow<TFunction>((float*)(x + 2 * row * input.Row), (float*)(x + (2 * row + 1) * input.Row), y, p, outWidth, slope);
            else
                AverageRow<TFunction>((float*)(x + 2 * row * input.Row), (float*)(x + (2 * row + 1) * input.Row), y, outWidth, slope);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaxRow<TFunction>(float* upper, float* lower, float* y, byte* positions, int columns, float slope)
        where TFunction : struct, ILanesFunction
    {
        Vector512<float> slopes = Vector512.Create(slope), nan = Vector512.Create(float.NaN);
        for (float* end = y + columns * Width; y != end; y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            Vector512<float> a = Vector512.Load(upper), b = Vector512.Load(upper + Width);
            Vector512<float> c = Vector512.Load(lower), d = Vector512.Load(lower + Width);
            Vector512<float> best = Avx512F.Max(Avx512F.Max(a, b), Avx512F.Max(c, d));
            best = Vector512.ConditionalSelect(Avx512F.CompareUnordered(a, b) | Avx512F.CompareUnordered(c, d), nan, best);
            TFunction.Apply(best, slopes).Store(y);
            if (positions != null)
            {
                // The first that equals the maximum; a NaN equals nothing, and its gradient goes to the last.
                Vector512<int> position = Vector512.ConditionalSelect(
                    Vector512.Equals(c, best).AsInt32(), Vector512.Create(2), Vector512.Create(3));
                position = Vector512.ConditionalSelect(Vector512.Equals(b, best).AsInt32(), Vector512<int>.One, position);
                position = Vector512.ConditionalSelect(Vector512.Equals(a, best).AsInt32(), Vector512<int>.Zero, position);
                Avx512F.ConvertToVector128Byte(position).Store(positions);
                positions += Width;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AverageRow<TFunction>(float* upper, float* lower, float* y, int columns, float slope)
        where TFunction : struct, ILanesFunction
    {
        Vector512<float> slopes = Vector512.Create(slope), quarter = Vector512.Create(0.25f);
        for (float* end = y + columns * Width; y != end; y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            Vector512<float> top = TFunction.Apply(Vector512.Load(upper), slopes) + TFunction.Apply(Vector512.Load(upper + Width), slopes);
            Vector512<float> low = TFunction.Apply(Vector512.Load(lower), slopes) + TFunction.Apply(Vector512.Load(lower + Width), slopes);
            ((top + low) * quarter).Store(y);
        }
    }

    /// <summary>Any window; the part of it inside the input is found for every position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AnyRow<TFunction>(in LanesPool pool, float slope, byte* x, nint inRow, float* y, byte* positions, int row)
        where TFunction : struct, ILanesFunction
    {
        Vector512<float> slopes = Vector512.Create(slope);
        int top = row * pool.StrideH - pool.PadTop, firstRow = Math.Max(0, -top), endRow = Math.Min(pool.KernelHeight, pool.Height - top);
        for (int column = 0, outWidth = pool.OutWidth; column < outWidth; column++, y += Width)
        {
            int left = column * pool.StrideW - pool.PadLeft;
            int firstColumn = Math.Max(0, -left), endColumn = Math.Min(pool.KernelWidth, pool.Width - left);
            if (pool.Kind == LanesPoolKind.Max)
            {
                Vector512<float> best = Vector512.Create(float.NegativeInfinity);
                Vector512<int> position = Vector512.Create(firstRow * pool.KernelWidth + firstColumn);
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                    {
                        Vector512<float> next = Vector512.Load((float*)(x + (top + i) * inRow + (left + j) * VectorBytes));
                        Vector512<float> wins = Wins(next, best);
                        best = Vector512.ConditionalSelect(wins, next, best);
                        position = Vector512.ConditionalSelect(wins.AsInt32(), Vector512.Create(i * pool.KernelWidth + j), position);
                    }
                TFunction.Apply(best, slopes).Store(y);
                if (positions != null)
                {
                    Avx512F.ConvertToVector128Byte(position).Store(positions);
                    positions += Width;
                }
            }
            else
            {
                Vector512<float> sum = Vector512<float>.Zero;
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                        sum += TFunction.Apply(Vector512.Load((float*)(x + (top + i) * inRow + (left + j) * VectorBytes)), slopes);
                (sum * Vector512.Create(Share(pool, endRow - firstRow, endColumn - firstColumn))).Store(y);
            }
        }
    }

    private static void BackwardGroup<TFunction>(
        in LanesPool pool, float slope, LanesView activations, LanesView output, byte* positions, LanesView diffDst, LanesView diffSrc)
        where TFunction : struct, ILanesFunction
    {
        bool two = pool.IsTwoByTwo;
        for (int c = 0; c < pool.Channels; c++)
        {
            byte* y = output.Origin + c * output.Plane, dy = diffDst.Origin + c * diffDst.Plane;
            byte* dx = diffSrc.Origin + c * diffSrc.Plane, a = activations.Origin + c * activations.Plane;
            byte* p = positions + (long)c * pool.OutHeight * pool.OutWidth * Width;
            if (!two)
                AnyPlane<TFunction>(pool, slope, a, activations.Row, y, output.Row, p, dy, diffDst.Row, dx, diffSrc.Row);
            else
                TwoByTwoPlane<TFunction>(pool, slope, a, activations.Row, y, output.Row, p, dy, diffDst.Row, dx, diffSrc.Row);
        }
    }

    private static void TwoByTwoPlane<TFunction>(
        in LanesPool pool, float slope, byte* activations, nint activationRow, byte* y, nint outRow, byte* positions, byte* diff,
        nint diffRow, byte* result, nint resultRow)
        where TFunction : struct, ILanesFunction
    {
        int rows = pool.OutHeight, columns = pool.OutWidth, covered = 2 * columns;
        for (int row = 0; row < rows; row++, diff += diffRow, y += outRow, positions += columns * Width)
        {
            float* upper = (float*)result, lower = (float*)(result + resultRow);
            if (pool.Kind == LanesPoolKind.Max)
                MaxRowBackward<TFunction>((float*)diff, (float*)y, positions, upper, lower, columns, slope);
            else
                AverageRowBackward<TFunction>(
                    (float*)diff, (float*)activations, (float*)(activations + activationRow), upper, lower, columns, slope);
            new Span<float>(upper + covered * Width, (pool.Width - covered) * Width).Clear();
            new Span<float>(lower + covered * Width, (pool.Width - covered) * Width).Clear();
            result += 2 * resultRow;
            activations += 2 * activationRow;
        }
        for (int row = 2 * rows; row < pool.Height; row++, result += resultRow)
            new Span<float>(result, pool.Width * Width).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaxRowBackward<TFunction>(
        float* diff, float* y, byte* positions, float* upper, float* lower, int columns, float slope)
        where TFunction : struct, ILanesFunction
    {
        Vector512<float> slopes = Vector512.Create(slope);
        for (float* end = diff + columns * Width; diff != end; diff += Width, y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            Vector512<float> d = TFunction.Backward(Vector512.Load(diff), Vector512.Load(y), slopes);
            Vector512<int> position = Avx512F.ConvertToVector512Int32(Vector128.Load(positions));
            At(position, Vector512<int>.Zero, d).Store(upper);
            At(position, Vector512<int>.One, d).Store(upper + Width);
            At(position, Vector512.Create(2), d).Store(lower);
            At(position, Vector512.Create(3), d).Store(lower + Width);
            positions += Width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AverageRowBackward<TFunction>(
        float* diff, float* upperActivation, float* lowerActivation, float* upper, float* lower, int columns, float slope)
        where TFunction : struct, ILanesFunction
    {
        Vector512<float> slopes = Vector512.Create(slope), quarter = Vector512.Create(0.25f);
        Vector512<float> a = default, b = default, c = default, e = default;
        for (float* end = diff + columns * Width; diff != end; diff += Width, upper += 2 * Width, lower += 2 * Width)
        {
            Vector512<float> d = Vector512.Load(diff) * quarter;
            if (typeof(TFunction) != typeof(Identity))
            {
                (a, b) = (Vector512.Load(upperActivation), Vector512.Load(upperActivation + Width));
                (c, e) = (Vector512.Load(lowerActivation), Vector512.Load(lowerActivation + Width));
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
    private static void AnyPlane<TFunction>(
        in LanesPool pool, float slope, byte* activations, nint activationRow, byte* y, nint outRow, byte* positions, byte* diff,
        nint diffRow, byte* result, nint resultRow)
        where TFunction : struct, ILanesFunction
    {
        Vector512<float> slopes = Vector512.Create(slope);
        for (int row = 0; row < pool.Height; row++)
            new Span<float>(result + row * resultRow, pool.Width * Width).Clear();
        int outHeight = pool.OutHeight, outWidth = pool.OutWidth;
        for (int row = 0; row < outHeight; row++)
        {
            int top = row * pool.StrideH - pool.PadTop;
            int firstRow = Math.Max(0, -top), endRow = Math.Min(pool.KernelHeight, pool.Height - top);
            for (int column = 0; column < outWidth; column++)
            {
                int left = column * pool.StrideW - pool.PadLeft;
                int firstColumn = Math.Max(0, -left), endColumn = Math.Min(pool.KernelWidth, pool.Width - left);
                Vector512<float> d = Vector512.Load((float*)(diff + row * diffRow + column * VectorBytes));
                Vector512<int> position = default;
                bool max = pool.Kind == LanesPoolKind.Max;
                if (max)
                {
                    d = TFunction.Backward(d, Vector512.Load((float*)(y + row * outRow + column * VectorBytes)), slopes);
                    position = Avx512F.ConvertToVector512Int32(Vector128.Load(positions));
                    positions += Width;
                }
                else
                {
                    d *= Vector512.Create(Share(pool, endRow - firstRow, endColumn - firstColumn));
                }
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                    {
                        float* target = (float*)(result + (top + i) * resultRow + (left + j) * VectorBytes);
                        Vector512<float> part = max ? At(position, Vector512.Create(i * pool.KernelWidth + j), d) : d;
                        (Vector512.Load(target) + part).Store(target);
                    }
            }
        }
        if (pool.Kind == LanesPoolKind.Max || typeof(TFunction) == typeof(Identity))
            return;
        for (int row = 0; row < pool.Height; row++)
        {
            float* dx = (float*)(result + row * resultRow), a = (float*)(activations + row * activationRow);
            for (float* end = dx + pool.Width * Width; dx != end; dx += Width, a += Width)
                TFunction.Backward(Vector512.Load(dx), Vector512.Load(a), slopes).Store(dx);
        }
    }

    /// <summary>Where a later value replaces the best so far: where it is larger, and where it is NaN, as PyTorch has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Wins(Vector512<float> next, Vector512<float> best) =>
        Vector512.GreaterThan(next, best) | Avx512F.CompareUnordered(next, next);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> At(Vector512<int> position, Vector512<int> here, Vector512<float> d) =>
        Vector512.ConditionalSelect(Vector512.Equals(position, here).AsSingle(), d, Vector512<float>.Zero);

    private static float Share(in LanesPool pool, int rows, int columns) =>
        1f / (pool.Kind == LanesPoolKind.Average ? rows * columns : pool.KernelHeight * pool.KernelWidth);
}
