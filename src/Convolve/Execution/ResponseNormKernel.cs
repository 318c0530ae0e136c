using System.Runtime.InteropServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Normalization;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Response normalisation or its gradient; every thread has its tiles, and scratch space for one.</summary>
internal sealed unsafe class ResponseNormKernel : ITeamWork
{
    private readonly ResponseNormWork _work;
    private readonly bool _isBFloat16;
    private readonly nint _source, _diff, _target, _scratch;
    private readonly int _scratchFloats;

    public ResponseNormKernel(Step step, ResponseNormWork work, Binder binder)
    {
        (_work, _isBFloat16) = (work, step[Argument.Source].Layout.Type == ElementType.BFloat16);
        _source = binder.Address(step[Argument.Source]);
        _diff = work.IsBack ? binder.Address(step[Argument.DiffTarget]) : 0;
        _target = binder.Address(step[work.IsBack ? Argument.DiffSource : Argument.Target]);
        _scratch = binder.Arena.At(step.Scratchpad!.Offset, step.Scratchpad.Bytes);
        _scratchFloats = work.Shape.ScratchFloats(work.IsBack);
    }

    public void Run(int thread, int threads)
    {
        WinogradRunnable.Whole(threads);
        int tiles = _work.Shape.Tiles, first = (int)((long)tiles * thread / threads), end = (int)((long)tiles * (thread + 1) / threads);
        float* scratch = (float*)_scratch + (nint)thread * _scratchFloats;
        NativeMemory.Clear(scratch, (nuint)_scratchFloats * sizeof(float)); // other steps use it too
        if (_isBFloat16)
            Run<BFloat16Pixel>(scratch, first, end);
        else
            Run<SinglePixel>(scratch, first, end);
    }

    private void Run<TPixel>(float* scratch, int first, int end) where TPixel : struct, IPixel
    {
        if (_work.IsBack)
            ResponseNormKernels.Backward<TPixel>(_work.Shape, (byte*)_source, (byte*)_diff, _work.Slope, (byte*)_target, scratch, first,
                end);
        else
            ResponseNormKernels.Forward<TPixel>(_work.Shape, (byte*)_source, (byte*)_target, scratch, first, end);
    }
}
