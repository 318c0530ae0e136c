using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Lanes.Lanes;

namespace Convolve.Kernels.Lanes;

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
        if (IsWide)
            ForwardRow<Floats16, TFunction>(pool, slope, input, output, positions, row);
        else
            ForwardRow<Floats8, TFunction>(pool, slope, input, output, positions, row);
    }

    private static void ForwardRow<TVector, TFunction>(
        in LanesPool pool, float slope, LanesView input, LanesView output, byte* positions, int row)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
    {
        int outWidth = pool.OutWidth, outRow = outWidth * Width, outPlane = pool.OutHeight * outRow;
        bool two = pool.IsTwoByTwo, max = pool.Kind == LanesPoolKind.Max;
        for (int c = 0; c < pool.Channels; c++)
            for (int lane = 0; lane < Width; lane += TVector.Count)
            {
                float* y = (float*)(output.Origin + c * output.Plane + row * output.Row) + lane;
                byte* x = input.Origin + c * input.Plane + lane * sizeof(float), p = positions == null ? null : positions + c * outPlane + row * outRow + lane;
                float* upper = (float*)(x + 2 * row * input.Row), lower = (float*)(x + (2 * row + 1) * input.Row);
                if (!two)
                    AnyRow<TVector, TFunction>(pool, slope, x, input.Row, y, p, row);
                else if (max)
                    MaxRow<TVector, TFunction>(upper, lower, y, p, outWidth, slope);
                else
                    AverageRow<TVector, TFunction>(upper, lower, y, outWidth, slope);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaxRow<TVector, TFunction>(float* upper, float* lower, float* y, byte* positions, int columns, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
    {
        TVector slopes = TVector.Create(slope), nan = TVector.Create(float.NaN);
        for (float* end = y + columns * Width; y != end; y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            TVector a = TVector.Load(upper), b = TVector.Load(upper + Width);
            TVector c = TVector.Load(lower), d = TVector.Load(lower + Width);
            TVector best = TVector.Max(TVector.Max(a, b), TVector.Max(c, d));
            best = TVector.WhereUnordered(a, b, nan, TVector.WhereUnordered(c, d, nan, best));
            TFunction.Apply(best, slopes).Store(y);
            if (positions != null)
            {
                // The first that equals the maximum; a NaN equals nothing, and its gradient goes to the last.
                TVector position = TVector.WhereEqual(c, best, TVector.CreateBits(2), TVector.CreateBits(3));
                position = TVector.WhereEqual(b, best, TVector.CreateBits(1), position);
                position = TVector.WhereEqual(a, best, TVector.CreateBits(0), position);
                position.StoreBytes(positions);
                positions += Width;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AverageRow<TVector, TFunction>(float* upper, float* lower, float* y, int columns, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
    {
        TVector slopes = TVector.Create(slope), quarter = TVector.Create(0.25f);
        for (float* end = y + columns * Width; y != end; y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            TVector top = TFunction.Apply(TVector.Load(upper), slopes) + TFunction.Apply(TVector.Load(upper + Width), slopes);
            TVector low = TFunction.Apply(TVector.Load(lower), slopes) + TFunction.Apply(TVector.Load(lower + Width), slopes);
            ((top + low) * quarter).Store(y);
        }
    }

    /// <summary>Any window; the part of it inside the input is found for every position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AnyRow<TVector, TFunction>(in LanesPool pool, float slope, byte* x, nint inRow, float* y, byte* positions, int row)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
    {
        TVector slopes = TVector.Create(slope);
        int top = row * pool.StrideH - pool.PadTop, firstRow = Math.Max(0, -top), endRow = Math.Min(pool.KernelHeight, pool.Height - top);
        for (int column = 0, outWidth = pool.OutWidth; column < outWidth; column++, y += Width)
        {
            int left = column * pool.StrideW - pool.PadLeft;
            int firstColumn = Math.Max(0, -left), endColumn = Math.Min(pool.KernelWidth, pool.Width - left);
            if (pool.Kind == LanesPoolKind.Max)
            {
                TVector best = TVector.Create(float.NegativeInfinity);
                TVector position = TVector.CreateBits(firstRow * pool.KernelWidth + firstColumn);
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                    {
                        TVector next = TVector.Load(x + (top + i) * inRow + (left + j) * VectorBytes);
                        TVector wins = Wins(next, best);
                        best = TVector.Select(wins, next, best);
                        position = TVector.Select(wins, TVector.CreateBits(i * pool.KernelWidth + j), position);
                    }
                TFunction.Apply(best, slopes).Store(y);
                if (positions != null)
                {
                    position.StoreBytes(positions);
                    positions += Width;
                }
            }
            else
            {
                TVector sum = TVector.Zero;
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                        sum += TFunction.Apply(TVector.Load(x + (top + i) * inRow + (left + j) * VectorBytes), slopes);
                (sum * TVector.Create(Share(pool, endRow - firstRow, endColumn - firstColumn))).Store(y);
            }
        }
    }

    private static void BackwardGroup<TFunction>(
        in LanesPool pool, float slope, LanesView activations, LanesView output, byte* positions, LanesView diffDst, LanesView diffSrc)
        where TFunction : struct, ILanesFunction
    {
        if (IsWide)
            BackwardGroup<Floats16, TFunction>(pool, slope, activations, output, positions, diffDst, diffSrc);
        else
            BackwardGroup<Floats8, TFunction>(pool, slope, activations, output, positions, diffDst, diffSrc);
    }

    private static void BackwardGroup<TVector, TFunction>(
        in LanesPool pool, float slope, LanesView activations, LanesView output, byte* positions, LanesView diffDst, LanesView diffSrc)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
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
                AnyPlane<TVector, TFunction>(pool, slope, a + at, activations.Row, y + at, output.Row, p + lane, dy + at, diffDst.Row, dx + at, diffSrc.Row);
            }
        }
    }

    private static void TwoByTwoPlane<TVector, TFunction>(
        in LanesPool pool, float slope, byte* activations, nint activationRow, byte* y, nint outRow, byte* positions, byte* diff,
        nint diffRow, byte* result, nint resultRow)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
    {
        int rows = pool.OutHeight, columns = pool.OutWidth, covered = 2 * columns;
        for (int row = 0; row < rows; row++, diff += diffRow, y += outRow, positions += columns * Width)
        {
            float* upper = (float*)result, lower = (float*)(result + resultRow);
            for (int lane = 0; lane < Width; lane += TVector.Count)
            {
                float* d = (float*)diff + lane, top = upper + lane, bottom = lower + lane;
                if (pool.Kind == LanesPoolKind.Max)
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
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
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
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
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
        in LanesPool pool, float slope, byte* activations, nint activationRow, byte* y, nint outRow, byte* positions, byte* diff,
        nint diffRow, byte* result, nint resultRow)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, ILanesFunction
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
                bool max = pool.Kind == LanesPoolKind.Max;
                if (max)
                {
                    d = TFunction.Backward(d, TVector.Load(y + row * outRow + column * VectorBytes), slopes);
                    position = TVector.LoadBytes(positions);
                    positions += Width;
                }
                else
                {
                    d *= TVector.Create(Share(pool, endRow - firstRow, endColumn - firstColumn));
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
        if (pool.Kind == LanesPoolKind.Max || typeof(TFunction) == typeof(Identity))
            return;
        for (int row = 0; row < pool.Height; row++)
        {
            float* dx = (float*)(result + row * resultRow), a = (float*)(activations + row * activationRow);
            for (float* end = dx + pool.Width * Width; dx != end; dx += Width, a += Width)
                TFunction.Backward(TVector.Load(dx), TVector.Load(a), slopes).Store(dx);
        }
    }

    /// <summary>Where a later value replaces the best so far: where it is larger, and where it is NaN, as PyTorch has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Wins<TVector>(TVector next, TVector best) where TVector : unmanaged, IFloats<TVector> =>
        TVector.GreaterThan(next, best) | TVector.Unordered(next, next);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector At<TVector>(TVector position, TVector here, TVector d) where TVector : unmanaged, IFloats<TVector> =>
        TVector.WhereSameBits(position, here, d, TVector.Zero);

    private static float Share(in LanesPool pool, int rows, int columns) =>
        1f / (pool.Kind == LanesPoolKind.Average ? rows * columns : pool.KernelHeight * pool.KernelWidth);
}
