using System.Runtime.CompilerServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Elementwise;

//     for each number:  target = first source + the second + ...
//
// All tensors have one layout, whatever it is. Registers: a sum. Bound: memory.

/// <summary>Adds tensors of one layout, in their order.</summary>
internal sealed unsafe class SumKernel : TeamKernel
{
    private readonly Sum _operation;

    public SumKernel(Sum operation) : base("own sum", Speed.Tuned)
    {
        for (int i = 0; i < operation.Count; i++)
            Has(Argument.FirstSource + i, operation.Data);
        Has(Argument.Target, operation.Data);
        _operation = operation;
    }

    protected override void Run(int phase, int thread, int threads)
    {
        if (Floats16.IsSupported)
            Run<Floats16>(thread, threads);
        else
            Run<Floats8>(thread, threads);
    }

    private void Run<TVector>(int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        if (_operation.Data.Type == ElementType.BFloat16)
            Run<BFloat16Pixel, TVector>(thread, threads);
        else
            Run<SinglePixel, TVector>(thread, threads);
    }

    // bounds: whole vectors up to the number of elements, and the rest one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int bytes = TPixel.Bytes / Pixel.Channels, step = Pixel.Bytes<TPixel, TVector>();
        long all = _operation.Data.Bytes / bytes, vectors = all / TVector.Count;
        int count = _operation.Count;
        byte** sources = stackalloc byte*[count];
        for (int i = 0; i < count; i++)
            sources[i] = (byte*)At(Argument.FirstSource + i);
        byte* target = (byte*)At(Argument.Target);
        for (long v = vectors * thread / threads; v < vectors * (thread + 1) / threads; v++)
        {
            TVector sum = TPixel.Load<TVector>(sources[0] + v * step);
            for (int i = 1; i < count; i++)
                sum += TPixel.Load<TVector>(sources[i] + v * step);
            TPixel.Store(sum, target + v * step);
        }
        if (thread < threads - 1)
            return;
        for (long at = vectors * TVector.Count; at < all; at++)
        {
            float sum = 0;
            for (int i = 0; i < count; i++)
                sum += bytes == sizeof(float) ? ((float*)sources[i])[at] : BFloat16.ToSingle(((ushort*)sources[i])[at]);
            if (bytes == sizeof(float))
                ((float*)target)[at] = sum;
            else
                ((ushort*)target)[at] = BFloat16.FromSingle(sum);
        }
    }
}
