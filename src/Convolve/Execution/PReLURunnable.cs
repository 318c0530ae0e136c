using Convolve.Kernels.Contract;
using Convolve.Kernels.Elementwise;
using Convolve.Kernels.Lanes;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Learned slopes: planes by every thread, and backward the sum of the threads' gradients of the slopes.</summary>
internal sealed unsafe class PReLURunnable : Runnable, ITeamWork
{
    private readonly PReLUShape _shape;
    private readonly bool _isBack, _isBFloat16;
    private readonly nint _source, _diff, _slopes, _target, _diffSlopes, _sums;
    private readonly TeamTask _task;

    public PReLURunnable(Step step, PReLUWork work, Binder binder)
    {
        (_shape, _isBack, _isBFloat16) = (work.Shape, work.IsBack, step[Argument.Source].Layout.Type == ElementType.BFloat16);
        (_source, _slopes) = (binder.Address(step[Argument.Source]), binder.Address(step[Argument.Weights]));
        _target = binder.Address(step[_isBack ? Argument.DiffSource : Argument.Target]);
        if (_isBack)
        {
            (_diff, _diffSlopes) = (binder.Address(step[Argument.DiffTarget]), binder.Address(step[Argument.DiffWeights]));
            _sums = binder.Arena.At(step.Scratchpad!.Offset, step.Scratchpad.Bytes);
        }
        _task = new(this);
    }

    public override void Run()
    {
        ThreadTeam.Run(_task);
        if (!_isBack)
            return;
        int threads = ThreadTeam.Threads;
        for (int c = 0; c < _shape.Channels; c++)
        {
            double sum = 0;
            for (int t = 0; t < threads; t++)
                sum += ((double*)_sums)[(long)t * _shape.Slopes + c];
            ((float*)_diffSlopes)[c] = (float)sum;
        }
    }

    public override void Dispose() => _task.Dispose();

    void ITeamWork.Run(int thread, int threads)
    {
        WinogradRunnable.Whole(threads);
        if (_isBFloat16)
            Run<BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel>(thread, threads);
    }

    private void Run<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        if (Lanes.IsSupported && !Lanes.IsWide)
            Run<TPixel, Floats8>(thread, threads);
        else
            Run<TPixel, Floats16>(thread, threads);
    }

    private void Run<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int first = (int)((long)_shape.Planes * thread / threads), end = (int)((long)_shape.Planes * (thread + 1) / threads);
        if (_isBack)
            PReLUKernels.Backward<TPixel, TVector>(_shape, (byte*)_source, (byte*)_diff, (float*)_slopes, (byte*)_target,
                (double*)_sums + (long)thread * _shape.Slopes, first, end);
        else
            PReLUKernels.Forward<TPixel, TVector>(_shape, (byte*)_source, (float*)_slopes, (byte*)_target, first, end);
    }
}
