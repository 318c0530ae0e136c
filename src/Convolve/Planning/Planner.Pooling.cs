using Convolve.Graphs;
using Convolve.Kernels.Pooling;
using Convolve.Layers;
using Convolve.OneDnn;

namespace Convolve.Planning;

/// <summary>Max pooling of images in blocks of 16 channels by own kernels, with the gradient of a ReLU before it in the same pass.</summary>
public sealed partial class Planner
{
    private readonly Dictionary<Node, BlockedPool> _pools = [];

    private BlockedPool? BlockedPoolOf(Node node, Pool2d pool, Window window, Layout source, Layout target)
    {
        if (pool is not MaxPool2d || !BlockedMaxPooling.IsSupported || source.Format != "aBcd16b" || target.Format != "aBcd16b"
            || (long)pool.Kernel.Height * pool.Kernel.Width > BlockedPool.MostPlaces)
            return null;
        int blocks = (node.Input.Channels + BlockedPool.Block - 1) / BlockedPool.Block;
        return new((int)Batch * blocks, node.Input.Height, node.Input.Width, pool.Kernel.Height, pool.Kernel.Width, pool.Stride.Height, pool.Stride.Width,
            window.Before.Height, window.Before.Width, node.Output.Height, node.Output.Width);
    }

    private void LowerBlockedPool(Node node, BlockedPool pool, Tensor source, Tensor target)
    {
        List<Use> uses = [new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write)];
        if (_options.IsTraining)
            uses.Add(new(Argument.Workspace, _workspaces[node.Index] = NewTensor($"{node.Name} argmax", _library.Plain(ElementType.UInt8, pool.ArgmaxBytes)), Access.Write));
        Emit(node, "forward", new MaxPoolingWork(pool, IsBack: false), 0, [.. uses]);
        _pools[node] = pool;
    }

    private void BackBlockedPool(Node node, BlockedPool pool, Tensor gradient, Layout layout, bool isRectified)
    {
        Tensor result = NewTensor($"d {node.Inputs[0].Name}", layout);
        List<Use> uses = [new(Argument.DiffTarget, gradient, Access.Read), new(Argument.Workspace, _workspaces[node.Index]!, Access.Read)];
        if (isRectified)
            uses.Add(new(Argument.Target, _outputs[node.Index]!, Access.Read));
        uses.Add(new(Argument.DiffSource, result, Access.Write));
        Emit(node, "backward", new MaxPoolingWork(pool, IsBack: true), 0, [.. uses]);
        Give(node.Inputs[0], result);
    }
}
