using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Elementwise;

/// <summary>Learned slopes: planes by every thread, and backward the sum of the threads' gradients of the slopes.</summary>
internal sealed unsafe class PReLURunnable : Runnable, ITeamWork
{
    private readonly PReLUShape _shape;
    private readonly bool _isBack, _isBFloat16;
    private readonly TeamTask _task;

    public PReLURunnable(PReLUShape shape, bool isBack, bool isBFloat16)
    {
        (_shape, _isBack, _isBFloat16) = (shape, isBack, isBFloat16);
        _task = new(this);
    }

    public nint Source { get; init; }

    public nint Slopes { get; init; }

    /// <summary>The images, or their gradient.</summary>
    public nint Target { get; init; }

    /// <summary>Of the backward pass: the gradient of what is behind.</summary>
    public nint Diff { get; init; }

    /// <summary>Of the backward pass: the gradient of the slopes.</summary>
    public nint DiffSlopes { get; init; }

    /// <summary>Of the backward pass: room for a float64 sum of each slope, for each thread.</summary>
    public nint Sums { get; init; }

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
                sum += ((double*)Sums)[(long)t * _shape.Slopes + c];
            ((float*)DiffSlopes)[c] = (float)sum;
        }
    }

    public override void Dispose() => _task.Dispose();

    void ITeamWork.Run(int thread, int threads)
    {
        ThreadTeam.RequireWhole(threads);
        if (_isBFloat16)
            Run<BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel>(thread, threads);
    }

    private void Run<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Run<TPixel, Floats8>(thread, threads);
        else
            Run<TPixel, Floats16>(thread, threads);
    }

    private void Run<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int first = (int)((long)_shape.Planes * thread / threads), end = (int)((long)_shape.Planes * (thread + 1) / threads);
        if (_isBack)
            PReLUKernels.Backward<TPixel, TVector>(_shape, (byte*)Source, (byte*)Diff, (float*)Slopes, (byte*)Target,
                (double*)Sums + (long)thread * _shape.Slopes, first, end);
        else
            PReLUKernels.Forward<TPixel, TVector>(_shape, (byte*)Source, (float*)Slopes, (byte*)Target, first, end);
    }
}
