using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Normalization;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Winograd;

namespace Convolve.Planning;

/// <summary>A tensor that a step works on.</summary>
internal sealed record Use(Argument Argument, Tensor Tensor, Access Access);

/// <summary>What a step computes, as data; execution has one arm for each.</summary>
internal abstract record Work
{
    /// <summary>What runs it, such as "jit:avx512_core"; "own" for Convolve's kernels.</summary>
    public virtual string RunBy => "own";
}

/// <summary>A kernel of the library.</summary>
internal sealed record NativeWork(Operation Operation, string Implementation) : Work
{
    public override string RunBy => Implementation;
}

/// <summary>
/// Dropout or its gradient: source to target, masked and scaled; the mask is drawn again each time, from (seed, step, layer, element).
/// </summary>
/// <param name="Probability">The share that is zeroed.</param>
/// <param name="Layer">The index of the node, or its number in the whole network, which keys the mask.</param>
internal sealed record DropoutWork(float Probability, int Layer) : Work;

/// <summary>Softmax cross-entropy of the logits (source) and the gradient of its mean (target).</summary>
/// <param name="Classes">Logits of an image.</param>
/// <param name="Smoothing">The share of each label that is spread over all classes.</param>
internal sealed record LossWork(int Classes, float Smoothing) : Work;

/// <summary>
/// Copies channels between one tensor and several: each sample's run of bytes of every part, one behind the other in the whole.
/// </summary>
/// <param name="PartBytes">Bytes of one sample of each part.</param>
/// <param name="IsSplit">From the whole into the parts, and not the other way.</param>
internal sealed record ConcatWork(IReadOnlyList<long> PartBytes, bool IsSplit) : Work;

/// <summary>
/// Every rank's channels (source) to all ranks, put behind each other (target); or the gradient of these (diff target) to each rank's own
/// (diff source).
/// </summary>
/// <param name="Part">Elements of one sample that each rank has.</param>
/// <param name="Parts">Ranks.</param>
/// <param name="IsBack">Whether it is the gradient.</param>
/// <param name="IsSum">Whether each rank has a part of the gradient, and takes the sum; otherwise all have the same.</param>
internal sealed record GatherPartsWork(long Part, int Parts, bool IsBack, bool IsSum) : Work
{
    public override string RunBy => IsBack && !IsSum ? "own" : "exchange between ranks";
}

/// <summary>Plain bfloat16 images (source) to 4x4 patches as blocks of 16 channels (target).</summary>
internal sealed record SpaceToDepthWork(SpaceToDepthShape Shape) : Work;

/// <summary>A plain kernel (source) to the one that works on patches (target), or the gradient of the latter back to the former.</summary>
internal sealed record WeightsToDepthWork(SpaceToDepthShape Shape, bool IsBack) : Work;

/// <summary>Plain images or vectors (source) to lanes (target), or back: 16 images in the lanes of each vector.</summary>
internal sealed record InterleavedCopyWork(int Features, bool IsInterleaving) : Work;

/// <summary>Convolution, activation and pooling in lanes, in one pass.</summary>
internal sealed record InterleavedForwardWork(InterleavedStage Stage) : Work;

/// <summary>The gradients of such a stage; those of the weights as one sum a thread.</summary>
internal sealed record InterleavedBackwardWork(InterleavedStage Stage) : Work;

/// <summary>Adds up the threads' sums of the gradients of the weights.</summary>
internal sealed record InterleavedReduceWork(InterleavedConv Convolution) : Work;

/// <summary>A convolution, and its activation, with Winograd.</summary>
/// <param name="Shape">The convolution that runs.</param>
/// <param name="IsTransposed">Whether it takes a gradient back, with the layer's weights turned around.</param>
/// <param name="Slope">What negative results are multiplied by: 1 without activation, 0 for ReLU.</param>
internal sealed record WinogradWork(WinogradShape Shape, bool IsTransposed, float Slope) : Work
{
    public override string RunBy => "own winograd";
}

/// <summary>The gradient of such a convolution's weights and bias.</summary>
internal sealed record WinogradGradientWork(WinogradShape Shape) : Work
{
    public override string RunBy => "own winograd";
}

/// <summary>Batch normalization with the activation behind it; its statistics are the workspace.</summary>
/// <param name="Shape">The batch.</param>
/// <param name="Eps">What is added to the variance.</param>
/// <param name="Momentum">The share of the batch in the running averages.</param>
/// <param name="Slope">What negative results are multiplied by: 1 without activation, 0 for ReLU.</param>
/// <param name="IsTraining">Whether it measures the batch; else it takes the running averages.</param>
internal sealed record BatchNormWork(BatchNormShape Shape, float Eps, float Momentum, float Slope, bool IsTraining) : Work;

/// <summary>The gradients of such a step; without training that of its input alone.</summary>
internal sealed record BatchNormBackwardWork(BatchNormShape Shape, float Slope, bool IsTraining) : Work;

/// <summary>Softmax over the features of each vector, or its gradient.</summary>
internal sealed record SoftmaxWork(int Features, bool IsBack) : Work;

/// <summary>Local response normalization, or its gradient.</summary>
/// <param name="Shape">The batch.</param>
/// <param name="Slope">What the gradient is multiplied by where the source is not positive: 1 without an activation before it, 0 for
/// ReLU.</param>
/// <param name="IsBack">Whether it is the gradient.</param>
internal sealed record ResponseNormWork(ResponseNormShape Shape, float Slope, bool IsBack) : Work;

/// <summary>
/// Max or min pooling of blocks of 16 channels (source to target, and to workspace the places of what was chosen), or its gradient.
/// </summary>
/// <param name="Pool">The pooling.</param>
/// <param name="IsMin">Whether the smallest is chosen, and not the largest.</param>
/// <param name="IsBack">Whether the gradient is taken back.</param>
/// <param name="TakesReLU">Whether the gradient continues through the ReLU before the pooling.</param>
internal sealed record BlockedPoolingWork(BlockedPool Pool, bool IsMin, bool IsBack, bool TakesReLU) : Work
{
    public override string RunBy => "own pooling";
}

/// <summary>ReLU of numbers in any order, the padding of blocks included.</summary>
internal sealed record RectifierWork : Work;

/// <summary>The NaNs of a max pooling by the library, which drops them: from source to target, where a window has one.</summary>
/// <param name="Pool">The pooling, with planes of <paramref name="Block"/> channels.</param>
/// <param name="Block">Channels that are contiguous.</param>
internal sealed record PoolingNaNWork(BlockedPool Pool, int Block) : Work;

/// <summary>Channels of zeros after a tensor's own; for the gradient, what comes before them.</summary>
/// <param name="SourceBytes">Of one sample without the zeros.</param>
/// <param name="TargetBytes">Of one sample with them.</param>
/// <param name="IsBack">Whether it is the gradient.</param>
internal sealed record PadChannelsWork(long SourceBytes, long TargetBytes, bool IsBack) : Work;

/// <summary>Average pooling to a given size, or its gradient.</summary>
internal sealed record AdaptiveAverageWork(AdaptiveShape Shape, bool IsBack) : Work;

/// <summary>Weights, or their gradient, in another layout or type (source to target).</summary>
internal sealed record WeightsCopyWork : Work;

/// <summary>
/// The gradient of a convolution's weights, where some of its taps meet nothing but padding: those are 0, whatever the kernel gives them.
/// </summary>
/// <param name="Kernel">What computes it.</param>
/// <param name="Taps">Their numbers, row by row of the kernel.</param>
/// <param name="Area">The number of all taps.</param>
/// <remarks>
/// The bfloat16 kernels of oneDNN 2.6.3, 3.7.2 and 3.12.1 sum such taps from their scratchpad, unwritten, where the horizontal stride is at
/// least 2 and wider than the image.
/// </remarks>
internal sealed record UnseenTapsWork(Work Kernel, IReadOnlyList<int> Taps, int Area) : Work
{
    public override string RunBy => Kernel.RunBy;
}

/// <summary>The part of a training pass that a step belongs to.</summary>
internal enum Phase
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
internal sealed record Step(string Node, string Name, Phase Phase, Work Work, IReadOnlyList<Use> Uses, Storage? Scratchpad)
{
    /// <summary>The tensor of an argument.</summary>
    public Tensor this[Argument argument] => Uses.First(u => u.Argument == argument).Tensor;

    /// <summary>The name in messages, such as "conv1 backward weights".</summary>
    public string Label => $"{Node} {Name}";
}
