using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>A kernel of the library for each thread's images; then, where they are parts of a sum, the sum.</summary>
internal sealed unsafe class SharesRunnable : Runnable
{
    private readonly Kernel[] _kernels;
    private readonly TeamTask _products;
    private readonly TeamTask? _sum;

    public SharesRunnable(Step step, SharesWork work, Binder binder)
    {
        _kernels = new Kernel[work.Shares.Count];
        try
        {
            for (int i = 0; i < _kernels.Length; i++)
            {
                BatchShare share = work.Shares[i];
                _kernels[i] = ThreadTeam.OnOneThread(() => KernelLibrary.Current.Compile(share.Operation, step.Label));
                foreach (Use use in step.Uses)
                    Bind(_kernels[i], step, share, use, isPart: i > 0, binder);
                if (step.Scratchpad is { } scratchpad)
                    _kernels[i].BindScratchpad(binder.Arena, scratchpad.Offset + share.ScratchpadAt, share.ScratchpadBytes);
            }
        }
        catch
        {
            Array.ForEach(_kernels, kernel => kernel?.Dispose());
            throw;
        }
        _products = new(new Products(_kernels));
        if (work.IsSum && _kernels.Length > 1)
            _sum = new(new PartsSum(step, work, binder));
    }

    public override void Run()
    {
        ThreadTeam.Run(_products);
        if (_sum is not null)
            ThreadTeam.Run(_sum);
    }

    public override void Dispose()
    {
        _products.Dispose();
        _sum?.Dispose();
        Array.ForEach(_kernels, kernel => kernel.Dispose());
    }

    private static void Bind(Kernel kernel, Step step, BatchShare share, Use use, bool isPart, Binder binder)
    {
        var (buffer, offset) = binder.Locate(use.Tensor);
        Layout layout = use.Tensor.Layout;
        switch (use.Argument)
        {
            case Argument.Source or Argument.Target or Argument.DiffSource or Argument.DiffTarget:
                long imageBytes = layout.Bytes / layout.Sizes[0];
                layout = Layout.Plain(layout.Type, [share.Images, .. layout.Sizes.Skip(1)]);
                offset += share.FirstImage * imageBytes;
                break;
            case Argument.DiffWeights or Argument.DiffBias when isPart:
                (buffer, offset) = (binder.Arena, step.Scratchpad!.Offset + PartsSum.PlaceOf(step, share, use.Argument));
                break;
        }
        kernel.Bind(use.Argument, layout, buffer, offset);
    }

    /// <summary>The products of each share.</summary>
    private sealed class Products(Kernel[] kernels) : ITeamWork
    {
        public void Run(int thread, int threads)
        {
            if (thread < kernels.Length)
                kernels[thread].Execute();
        }
    }

    /// <summary>Adds the parts of a gradient to the first share's, in the shares' order.</summary>
    private sealed class PartsSum : ITeamWork
    {
        private readonly List<(nint Sum, nint[] Parts, long Floats)> _sums = [];

        public PartsSum(Step step, SharesWork work, Binder binder)
        {
            foreach (Argument argument in new[] { Argument.DiffWeights, Argument.DiffBias })
            {
                if (step.Uses.FirstOrDefault(use => use.Argument == argument) is not { } use)
                    continue;
                long bytes = use.Tensor.Layout.Bytes;
                nint[] parts = [.. work.Shares.Skip(1)
                    .Select(share => binder.Arena.At(step.Scratchpad!.Offset + PlaceOf(step, share, argument), bytes))];
                _sums.Add((binder.Address(use.Tensor), parts, bytes / sizeof(float)));
            }
        }

        public static long PlaceOf(Step step, BatchShare share, Argument argument) =>
            share.PartAt + (argument == Argument.DiffBias ? (step[Argument.DiffWeights].Layout.Bytes + 63) / 64 * 64 : 0);

        // bounds: a share is whole vectors below the number of floats, and the last one the rest up to it.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int thread, int threads)
        {
            foreach (var (address, parts, floats) in _sums)
            {
                float* sum = (float*)address;
                long vectors = floats / Vector256<float>.Count, from = vectors * thread / threads * Vector256<float>.Count;
                long to = vectors * (thread + 1) / threads * Vector256<float>.Count, end = thread == threads - 1 ? floats : to;
                foreach (nint part in parts)
                {
                    float* other = (float*)part;
                    for (long i = from; i < to; i += Vector256<float>.Count)
                        (Vector256.Load(sum + i) + Vector256.Load(other + i)).Store(sum + i);
                    for (long i = to; i < end; i++)
                        sum[i] += other[i];
                }
            }
        }
    }
}
