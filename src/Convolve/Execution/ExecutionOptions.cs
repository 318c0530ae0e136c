using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>How a model runs.</summary>
public sealed record ExecutionOptions
{
    /// <summary>The number format; <see cref="Precision.Auto"/> by default.</summary>
    public Precision Precision { get; init; }

    /// <summary>Turns off Winograd convolutions, whose float32 rounding error is some ten times larger (3e-6 to 6e-6 a layer).</summary>
    public bool Exact { get; init; }

    /// <summary>Threads of the kernel team; 0, the default, means OMP_NUM_THREADS, or all cores.</summary>
    public int Threads { get; init; }

    /// <summary>The share of each label that training's loss spreads over all classes, in [0, 1); 0 by default.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>
    /// Parts of a training batch that are computed side by side, each on one thread, and summed in a fixed order; 1, the default, for whole
    /// batches on the whole team. Of more, the bits of a run depend on their number instead of the number of threads.
    /// </summary>
    internal int Shards { get; init; } = 1;

    /// <summary>Connects the ranks that each have a part of the network; null, the default, for a whole one.</summary>
    internal IGradientExchange? Exchange { get; init; }

    /// <summary>The threads that plans are made for.</summary>
    internal int PlanThreads => Shards > 1 ? 1 : ThreadTeam.Resolve(Threads);

    /// <summary>How much each class counts in training's loss, [classes], at least 0; null, the default, for equal weights.</summary>
    public IReadOnlyList<float>? ClassWeights { get; init; }
}
