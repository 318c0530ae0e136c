using Convolve.OneDnn;

namespace Convolve.Planning;

/// <summary>What a step does with a tensor.</summary>
[Flags]
public enum Access
{
    Read = 1,
    Write = 2,
    ReadWrite = 3,
}

/// <summary>A tensor that a step works on.</summary>
public sealed record Use(Argument Argument, Tensor Tensor, Access Access);

/// <summary>What a step computes, as data; execution has one arm for each.</summary>
public abstract record Work;

/// <summary>A kernel of the library.</summary>
public sealed record NativeWork(Operation Operation, string Implementation) : Work;

/// <summary>Dropout or its gradient: source to target, masked and scaled; the mask is drawn anew each time, from (seed, step, layer, element).</summary>
/// <param name="Probability">The share that is zeroed.</param>
/// <param name="Layer">The index of the node, which keys the mask.</param>
public sealed record DropoutWork(float Probability, int Layer) : Work;

/// <summary>Softmax cross-entropy of the logits (source) and the gradient of its mean (target).</summary>
public sealed record LossWork(int Classes) : Work;

/// <summary>Copies channels between one tensor and several: each sample's run of bytes of every part, one behind the other in the whole.</summary>
/// <param name="PartBytes">Bytes of one sample of each part.</param>
/// <param name="IsSplit">From the whole into the parts, and not the other way.</param>
public sealed record ConcatWork(IReadOnlyList<long> PartBytes, bool IsSplit) : Work;

/// <summary>The part of a training pass that a step belongs to.</summary>
public enum Phase
{
    Forward,
    Loss,
    Backward,
}

/// <summary>One step of a plan.</summary>
/// <param name="Node">The name of the layer that it works for.</param>
/// <param name="Name">What it does, such as "forward" or "backward weights".</param>
/// <param name="Phase">When.</param>
/// <param name="Work">What it computes.</param>
/// <param name="Uses">The tensors it works on.</param>
/// <param name="Scratchpad">Memory that it needs while it runs.</param>
public sealed record Step(string Node, string Name, Phase Phase, Work Work, IReadOnlyList<Use> Uses, Storage? Scratchpad)
{
    /// <summary>The tensor of an argument.</summary>
    public Tensor this[Argument argument] => Uses.First(u => u.Argument == argument).Tensor;

    /// <summary>The name in messages, such as "conv1 backward weights".</summary>
    public string Label => $"{Node} {Name}";
}
