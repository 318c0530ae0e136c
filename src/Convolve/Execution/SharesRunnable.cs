using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>A kernel of the library for each thread's images; then, where they are parts of a sum, the sum.</summary>
internal sealed class SharesRunnable : Runnable
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
            _sum = new(SumOf(step, work, binder));
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
                (buffer, offset) = (binder.Arena, step.Scratchpad!.Offset + PlaceOf(step, share, use.Argument));
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

    /// <summary>Adds the parts of a gradient to the first share's.</summary>
    private static PartsSumKernel SumOf(Step step, SharesWork work, Binder binder)
    {
        List<GradientParts> sums = [];
        foreach (Argument argument in new[] { Argument.DiffWeights, Argument.DiffBias })
        {
            if (step.Uses.FirstOrDefault(use => use.Argument == argument) is not { } use)
                continue;
            long bytes = use.Tensor.Layout.Bytes;
            nint[] others = [.. work.Shares.Skip(1)
                .Select(share => binder.Arena.At(step.Scratchpad!.Offset + PlaceOf(step, share, argument), bytes))];
            sums.Add(new(binder.Address(use.Tensor), others, bytes / sizeof(float)));
        }
        return new([.. sums]);
    }

    private static long PlaceOf(Step step, BatchShare share, Argument argument) =>
        share.PartAt + (argument == Argument.DiffBias ? (step[Argument.DiffWeights].Layout.Bytes + 63) / 64 * 64 : 0);
}
