using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Pooling;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// Max pooling by 3x3 or 2x2 with stride 2 of images in blocks of 16 channels by own kernels, with the gradient of a ReLU before it in the
/// same pass. Other windows are the library's, which is faster there. Min pooling, which the library has not, is by own kernels always.
/// </summary>
internal sealed partial class Planner
{
    private readonly Dictionary<Node, BlockedPool> _pools = [];

    private BlockedPool? BlockedPoolOf(Node node, Pool2d pool, Window window, Layout source, Layout target)
    {
        if (pool is not MaxPool2d || !BlockedMaxPooling.IsSupported || !source.IsBlockedBy(BlockedPool.Block)
            || !target.IsBlockedBy(BlockedPool.Block))
            return null;
        BlockedPool blocked = BlockedPoolOf(node, pool, window);
        return blocked.IsHalving ? blocked : null;
    }

    private BlockedPool BlockedPoolOf(Node node, Pool2d pool, Window window)
    {
        int blocks = (node.Input.Channels + BlockedPool.Block - 1) / BlockedPool.Block;
        return new((int)Batch * blocks, node.Input.Height, node.Input.Width, pool.Kernel.Height, pool.Kernel.Width, pool.Stride.Height,
            pool.Stride.Width,
            window.Before.Height, window.Before.Width, node.Output.Height, node.Output.Width);
    }

    private Tensor LowerMinPool(Node node, MinPool2d pool, Window window, PoolingForward operation)
    {
        Tensor source = As(node, InputOf(node), Blocked(node.Input), "reorder source"), target = NewTensor(node.Name, Blocked(node.Output));
        _forwards[node.Index] = operation with { Source = source.Layout, Target = target.Layout };
        LowerBlockedPool(node, BlockedPoolOf(node, pool, window), source, target);
        return target;
    }

    private void LowerBlockedPool(Node node, BlockedPool pool, Tensor source, Tensor target)
    {
        List<Use> uses = [new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write)];
        if (_options.GoesBack)
            uses.Add(new(Argument.Workspace, _workspaces[node.Index] =
                NewTensor($"{node.Name} argmax", Layout.Plain(ElementType.UInt8, pool.ArgmaxBytes)), Access.Write));
        Emit(node, "forward", new BlockedPoolingWork(pool, node.Layer is MinPool2d, IsBack: false, TakesReLU(node)), 0, [.. uses]);
        _pools[node] = pool;
    }

    /// <summary>A step behind a max pooling by the library, which takes a NaN for less than any number.</summary>
    private void PassNaNOn(Node node, Pool2d pool, Window window, Tensor source, Tensor target)
    {
        if (source.Layout.ChannelBlock is not { } block || target.Layout.ChannelBlock != block)
            throw new NotSupportedException($"{node.Layer} \"{node.Name}\": no NaN is looked for from {source.Layout} to {target.Layout}.");
        BlockedPool shape = BlockedPoolOf(node, pool, window) with { Planes = (int)Batch * ((node.Input.Channels + block - 1) / block) };
        Emit(node, "pass NaN on", new PoolingNaNWork(shape, block), 0, new(Argument.Source, source, Access.Read),
            new(Argument.Target, target, Access.ReadWrite));
    }

    /// <summary>Whether the gradient of the ReLU before a pooling is taken with the pooling's: the places of the maxima tell it.</summary>
    private bool TakesReLU(Node pool) => pool.Inputs[0] is { Layer: ReLU } input && !IsInterleaved(input) && _fusion.PoolOf(input) == pool;

    private void BackBlockedPool(Node node, BlockedPool pool, Tensor gradient, Layout layout)
    {
        Tensor result = NewTensor($"d {node.Inputs[0].Name}", layout);
        Emit(node, "backward", new BlockedPoolingWork(pool, node.Layer is MinPool2d, IsBack: true, TakesReLU(node)), 0,
            new(Argument.DiffTarget, gradient, Access.Read),
            new(Argument.Workspace, _workspaces[node.Index]!, Access.Read), new(Argument.DiffSource, result, Access.Write));
        Give(node.Inputs[0], result);
    }
}
