using System.Runtime.CompilerServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Elementwise;

//     for each number:  target = function(source);  or  diffSource = function'(kept) * diffTarget
//
// All tensors have one layout, whatever it is. What fills up blocks of channels stays 0.
// Registers: the function's constants. Bound: memory; the divisions of tanh and sigmoid, where numbers are in a cache.

/// <summary>An activation on its own, or its gradient.</summary>
internal sealed unsafe class ElementwiseKernel : TeamKernel
{
    private readonly ElementwiseFunction _function;
    private readonly Layout _layout;
    private readonly Argument _kept;
    private readonly bool _isBack, _isBFloat16, _keptIsBFloat16;

    public ElementwiseKernel(ElementwiseForward operation) : base("own elementwise", Speed.Tuned, FillsPadding(operation) ? 2 : 1)
    {
        Has(Argument.Source, operation.Data);
        Has(Argument.Target, operation.Data);
        (_function, _layout, _isBFloat16) = (operation.Function, operation.Data, operation.Data.Type == ElementType.BFloat16);
    }

    public ElementwiseKernel(ElementwiseBackward operation) : base("own elementwise", Speed.Tuned)
    {
        _kept = operation.Function.DerivesFromInput ? Argument.Source : Argument.Target;
        Has(_kept, operation.Data);
        Has(Argument.DiffTarget, operation.DiffData);
        Has(Argument.DiffSource, operation.DiffData);
        (_function, _layout, _isBack) = (operation.Function, operation.DiffData, true);
        (_isBFloat16, _keptIsBFloat16) = (_layout.Type == ElementType.BFloat16, operation.Data.Type == ElementType.BFloat16);
    }

    private static bool FillsPadding(ElementwiseForward operation) => operation.Function.Kind == ElementwiseKind.Logistic
        && operation.Data.IsBlockedBy(Pixel.Channels) && operation.Data.Sizes[1] % Pixel.Channels != 0;

    protected override void Run(int phase, int thread, int threads)
    {
        if (phase == 1)
            ClearPadding(thread, threads);
        else if (Floats16.IsSupported)
            Run<Floats16>(thread, threads);
        else
            Run<Floats8>(thread, threads);
    }

    private void Run<TVector>(int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        if (_isBFloat16 && (!_isBack || _keptIsBFloat16))
            Run<BFloat16Pixel, BFloat16Pixel, TVector>(thread, threads);
        else if (_isBFloat16)
            Run<BFloat16Pixel, SinglePixel, TVector>(thread, threads);
        else if (_isBack && _keptIsBFloat16)
            Run<SinglePixel, BFloat16Pixel, TVector>(thread, threads);
        else
            Run<SinglePixel, SinglePixel, TVector>(thread, threads);
    }

    // bounds: whole vectors up to the number of elements; the rest through a buffer.
    private void Run<TPixel, TKept, TVector>(int thread, int threads)
        where TPixel : struct, IPixel where TKept : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int bytes = TPixel.Bytes / Pixel.Channels, keptBytes = TKept.Bytes / Pixel.Channels;
        long all = _layout.Bytes / bytes, vectors = all / TVector.Count;
        long first = vectors * thread / threads * TVector.Count, end = vectors * (thread + 1) / threads * TVector.Count;
        byte* from = (byte*)At(_isBack ? Argument.DiffTarget : Argument.Source);
        byte* to = (byte*)At(_isBack ? Argument.DiffSource : Argument.Target), kept = _isBack ? (byte*)At(_kept) : null;
        Vectors<TPixel, TKept, TVector>(from + first * bytes, kept + first * keptBytes, to + first * bytes, end - first);
        int rest = (int)(all - vectors * TVector.Count);
        if (thread == threads - 1 && rest > 0)
        {
            byte* buffer = stackalloc byte[3 * 64];
            new Span<byte>(buffer, 3 * 64).Clear();
            long at = all - rest;
            new ReadOnlySpan<byte>(from + at * bytes, rest * bytes).CopyTo(new(buffer, 64));
            if (_isBack)
                new ReadOnlySpan<byte>(kept + at * keptBytes, rest * keptBytes).CopyTo(new(buffer + 64, 64));
            Vectors<TPixel, TKept, TVector>(buffer, buffer + 64, buffer + 128, TVector.Count);
            new ReadOnlySpan<byte>(buffer + 128, rest * bytes).CopyTo(new(to + at * bytes, rest * bytes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Vectors<TPixel, TKept, TVector>(byte* from, byte* kept, byte* to, long count)
        where TPixel : struct, IPixel where TKept : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int step = Pixel.Bytes<TPixel, TVector>(), keptStep = Pixel.Bytes<TKept, TVector>();
        ElementwiseFunction function = _function;
        if (_isBack)
            for (; count > 0; count -= TVector.Count, from += step, kept += keptStep, to += step)
                TPixel.Store(ElementwiseFunctions.Backward(function, TPixel.Load<TVector>(from), TKept.Load<TVector>(kept)), to);
        else
            for (; count > 0; count -= TVector.Count, from += step, to += step)
                TPixel.Store(ElementwiseFunctions.Apply(function, TPixel.Load<TVector>(from)), to);
    }

    // A number of a block that no channel has is 0, not what the function makes of it.
    private void ClearPadding(int thread, int threads)
    {
        int bytes = _isBFloat16 ? sizeof(ushort) : sizeof(float), channels = (int)_layout.Sizes[1], used = channels % Pixel.Channels;
        long area = _layout.Sizes[2] * _layout.Sizes[3], image = (channels + Pixel.Channels - 1) / Pixel.Channels * area * Pixel.Channels;
        for (long n = _layout.Sizes[0] * thread / threads; n < _layout.Sizes[0] * (thread + 1) / threads; n++)
            for (long pixel = 0; pixel < area; pixel++)
            {
                long at = (n + 1) * image - (area - pixel) * Pixel.Channels;
                new Span<byte>((byte*)At(Argument.Target) + (at + used) * bytes, (Pixel.Channels - used) * bytes).Clear();
            }
    }
}
