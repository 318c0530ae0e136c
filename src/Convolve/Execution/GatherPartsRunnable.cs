using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>What the ranks of a model-parallel run have of a tensor to all of them, or the gradient of the whole back to each.</summary>
internal sealed class GatherPartsRunnable : Runnable
{
    private readonly IGradientExchange _exchange;
    private readonly TeamTask _copy;
    private readonly TeamTask? _sum;
    private readonly nint[] _sent, _received;
    private readonly long _bytes;
    private readonly bool _isBack;

    public GatherPartsRunnable(Step step, GatherPartsWork work, Binder binder)
    {
        _exchange = binder.Exchange ?? throw new InvalidOperationException($"{step.Label}: the ranks aren't connected.");
        (int parts, int own) = (work.Parts, _exchange.Rank);
        _isBack = work.IsBack;
        Tensor part = step[_isBack ? Argument.DiffSource : Argument.Source], whole = step[_isBack ? Argument.DiffTarget : Argument.Target];
        long batch = part.Layout.Sizes[0], sample = work.Part * (part.Layout.Type == ElementType.BFloat16 ? sizeof(ushort) : sizeof(float));
        _bytes = batch * sample;
        NativeBuffer arena = binder.Arena;
        long at = step.Scratchpad!.Offset, place = (_bytes + 63) / 64 * 64;
        nint[] Places(int from) => [.. Enumerable.Range(0, parts).Select(i => arena.At(at + (from + i) * place, _bytes))];
        nint[] others = Places(0), sums = work.IsSum ? Places(parts) : [];
        nint mine = binder.Address(part);
        others[own] = mine;
        // Forward, the others' parts arrive there; back, what they get is taken from there, and theirs arrives behind it.
        (_sent, _received) = _isBack ? (others, sums) : ([.. Enumerable.Repeat(mine, parts)], others);
        _copy = new(new ConcatKernel(batch, binder.Address(whole), [.. others.Select(address => (address, sample))], _isBack));
        if (work.IsSum)
            _sum = new(new PartsSumKernel([new(mine, [.. sums.Where((_, i) => i != own)], _bytes / sizeof(float))]));
    }

    public override void Run()
    {
        if (!_isBack)
        {
            _exchange.Trade(_sent, _received, _bytes);
            ThreadTeam.Run(_copy);
            return;
        }
        ThreadTeam.Run(_copy);
        if (_sum is null)
            return;
        _exchange.Trade(_sent, _received, _bytes);
        ThreadTeam.Run(_sum);
    }

    public override void Dispose()
    {
        _copy.Dispose();
        _sum?.Dispose();
    }
}
