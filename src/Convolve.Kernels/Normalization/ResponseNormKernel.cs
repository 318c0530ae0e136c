using System.Runtime.InteropServices;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>Response normalization or its gradient; every thread has its tiles, and scratch space for one.</summary>
internal sealed unsafe class ResponseNormKernel(ResponseNormShape shape, bool isBack, bool isBFloat16) : ITeamWork
{
    private readonly int _scratchFloats = shape.ScratchFloats(isBack);

    public nint Source { get; init; }

    /// <summary>The gradient behind the layer, where the pass goes back.</summary>
    public nint Diff { get; init; }

    public nint Target { get; init; }

    /// <summary>Room for the shape's scratch floats, for each thread.</summary>
    public nint Scratch { get; init; }

    /// <summary>Of the activation before the layer, whose gradient is taken along: 1 for none.</summary>
    public float Slope { get; init; }

    public void Run(int thread, int threads)
    {
        ThreadTeam.RequireWhole(threads);
        int tiles = shape.Tiles, first = (int)((long)tiles * thread / threads), end = (int)((long)tiles * (thread + 1) / threads);
        float* scratch = (float*)Scratch + (nint)thread * _scratchFloats;
        NativeMemory.Clear(scratch, (nuint)_scratchFloats * sizeof(float)); // other steps use it too
        if (isBFloat16)
            Run<BFloat16Pixel>(scratch, first, end);
        else
            Run<SinglePixel>(scratch, first, end);
    }

    private void Run<TPixel>(float* scratch, int first, int end) where TPixel : struct, IPixel
    {
        if (isBack)
            ResponseNormKernels.Backward<TPixel>(shape, (byte*)Source, (byte*)Diff, Slope, (byte*)Target, scratch, first,
                end);
        else
            ResponseNormKernels.Forward<TPixel>(shape, (byte*)Source, (byte*)Target, scratch, first, end);
    }
}
