using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Kernels.Winograd;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>A convolution by Winograd's way: slab by slab, first the weights of some filters, then all images with them.</summary>
internal sealed unsafe class WinogradRunnable : Runnable
{
    private readonly WinogradPass _pass;
    private readonly TeamTask _weights, _images;

    public WinogradRunnable(Step step, WinogradWork work, Binder binder)
    {
        Use? bias = step.Uses.FirstOrDefault(u => u.Argument == Argument.Bias);
        _pass = new(work.Shape, work.IsTransposed, work.Slope, step[Argument.Source].Layout.Type == ElementType.BFloat16)
        {
            Source = binder.Address(step[Argument.Source]),
            Target = binder.Address(step[Argument.Target]),
            Weights = binder.Address(step[Argument.Weights]),
            Bias = bias is null ? 0 : binder.Address(bias.Tensor),
            Scratch = binder.Arena.At(step.Scratchpad!.Offset, step.Scratchpad.Bytes),
        };
        (_weights, _images) = (new(new WeightsWork(_pass)), new(new ImagesWork(_pass)));
    }

    public override void Run()
    {
        for (_pass.Slab = 0; _pass.Slab < _pass.Slabs; _pass.Slab++)
        {
            ThreadTeam.Run(_weights);
            ThreadTeam.Run(_images);
        }
    }

    public override void Dispose()
    {
        _weights.Dispose();
        _images.Dispose();
    }

    private sealed class WeightsWork(WinogradPass pass) : ITeamWork
    {
        public void Run(int thread, int threads) => pass.RunWeights(thread, Whole(threads));
    }

    private sealed class ImagesWork(WinogradPass pass) : ITeamWork
    {
        public void Run(int thread, int threads) => pass.RunImages(thread, Whole(threads));
    }

    /// <summary>The size of the team, which scratch space was planned for.</summary>
    internal static int Whole(int threads) => threads == ThreadTeam.Threads
        ? threads
        : throw new InvalidOperationException(
        $"{threads} of {ThreadTeam.Threads} threads came. Raise OMP_THREAD_LIMIT, or ask for fewer threads.");
}

/// <summary>The gradient of a convolution's weights by Winograd's way.</summary>
internal sealed unsafe class WinogradGradientKernel(Step step, WinogradGradientWork work, Binder binder) : ITeamWork
{
    private readonly nint _source = binder.Address(step[Argument.Source]), _diffs = binder.Address(step[Argument.DiffTarget]);
    private readonly nint _weights = binder.Address(step[Argument.DiffWeights]);
    private readonly nint _bias = step.Uses.FirstOrDefault(u => u.Argument == Argument.DiffBias) is { } use ? binder.Address(use.Tensor)
        : 0;
    private readonly nint _scratch = binder.Arena.At(step.Scratchpad!.Offset, step.Scratchpad.Bytes);
    private readonly bool _isBFloat16 = step[Argument.Source].Layout.Type == ElementType.BFloat16;

    public void Run(int thread, int threads)
    {
        threads = WinogradRunnable.Whole(threads);
        if (_isBFloat16)
            Run<BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel>(thread, threads);
    }

    private void Run<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        if (work.Shape.Block == Floats16.Count)
            Run<TPixel, Floats16>(thread, threads);
        else
            Run<TPixel, Floats8>(thread, threads);
    }

    private void Run<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> =>
        WinogradGradient.Run<TPixel, TVector>(work.Shape, (byte*)_source, (byte*)_diffs, (float*)_weights, (float*)_bias,
            (float*)(_scratch + (nint)(thread * WinogradGradient.ThreadBytes(work.Shape))), thread, threads);
}
