using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;

namespace Convolve.Planning;

internal sealed partial class Planner
{
    private const long CacheLine = 64;

    // Of a network in lanes everything else is small too, and the library's threads wait for each other within its kernels. A kernel for
    // each thread's images waits for nobody, so that fewer threads may compute them all (decisions/0015). Large layers stay whole: each
    // thread would read all weights.
    private bool TryEmitShares(string node, string name, Operation operation, KernelDescription whole, Use[] uses)
    {
        if (_lanes.Count == 0 || _options.Threads == 1 || whole.RunsInShares)
            return false;
        List<BatchShare> shares = [];
        long scratchpad = 0;
        string implementation = "";
        long weightBytes = PartBytes(uses, Argument.DiffWeights), biasBytes = PartBytes(uses, Argument.DiffBias);
        for (int thread = 0; thread < _options.Threads; thread++)
        {
            int first = (int)(Batch * thread / _options.Threads), count = (int)(Batch * (thread + 1) / _options.Threads) - first;
            if (count == 0)
                continue;
            if (ShareOf(operation, uses, count) is not { } share
                || ThreadTeam.OnOneThread(() => _library.Describe(share)) is not { } description
                || description.Speed < whole.Speed)
                return false;
            long partAt = scratchpad + Lines(description.ScratchpadBytes);
            shares.Add(new(share, first, count, scratchpad, description.ScratchpadBytes, partAt));
            scratchpad = shares.Count == 1 ? partAt : partAt + weightBytes + biasBytes;
            implementation = description.Implementation;
        }
        _steps.Add(new(node, name, _phase, new SharesWork(shares, implementation), uses,
            scratchpad > 0 ? new($"{node} {name} scratchpad", Region.Arena, scratchpad) : null));
        return true;
    }

    // The same operation on fewer images; null where it has no rows of images.
    private Operation? ShareOf(Operation operation, Use[] uses, int images)
    {
        Layout Of(Argument argument) => uses.First(use => use.Argument == argument).Tensor.Layout;
        Layout? Rows(Layout whole) => whole.IsPlain && whole.Sizes[0] == Batch ? Layout.Plain(whole.Type, [images, .. whole.Sizes.Skip(1)])
            : null;
        InnerProductForward? Product(InnerProductForward whole) => Rows(whole.Source) is { } source && Rows(whole.Target) is { } target
            ? whole with { Source = source, Target = target } : null;
        switch (operation)
        {
            case InnerProductForward whole when Product(whole) is { } share:
                return share with { Weights = Of(Argument.Weights) };
            case InnerProductBackwardData whole when Product(whole.Forward) is { } forward:
                return new InnerProductBackwardData(forward.Source, Of(Argument.Weights), forward.Target, forward);
            case InnerProductBackwardWeights whole when Product(whole.Forward) is { } forward:
                return new InnerProductBackwardWeights(forward.Source, Of(Argument.DiffWeights), whole.DiffBias, forward.Target, forward);
            case ElementwiseForward whole when Rows(whole.Data) is { } data:
                return whole with { Data = data };
            case ElementwiseBackward whole when Rows(whole.Data) is { } data && Rows(whole.DiffData) is { } diff:
                return whole with { Data = data, DiffData = diff };
            default:
                return null;
        }
    }

    private static long PartBytes(Use[] uses, Argument argument) => uses.FirstOrDefault(use => use.Argument == argument) is { } use
        ? Lines(use.Tensor.Layout.Bytes) : 0;

    private static long Lines(long bytes) => (bytes + CacheLine - 1) / CacheLine * CacheLine;
}
