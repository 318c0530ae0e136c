using Convolve.Kernels.Contract;

namespace Convolve.Planning;

/// <summary>
/// A kernel of the library for each share of the batch, each on one thread: so the team's threads compute them as they do own work.
/// </summary>
/// <param name="Shares">One for each thread of the plan that has images.</param>
/// <param name="Implementation">Of each.</param>
internal sealed record SharesWork(IReadOnlyList<BatchShare> Shares, string Implementation) : Work
{
    public override string RunBy => $"{Implementation} by shares";

    /// <summary>Whether each share gives a part of a sum over the batch, which are then added up in the shares' order.</summary>
    public bool IsSum => Shares[0].Operation is InnerProductBackwardWeights;
}

/// <summary>What one thread computes of a batch.</summary>
/// <param name="Operation">On these images alone.</param>
/// <param name="FirstImage">Where they begin.</param>
/// <param name="Images">How many.</param>
/// <param name="ScratchpadAt">Where its scratchpad begins in that of the step.</param>
/// <param name="ScratchpadBytes">Of the kernel.</param>
/// <param name="PartAt">Where the step's scratchpad has its part of the sum, the weights' and behind it the bias's; the first share's is
/// the result.</param>
internal sealed record BatchShare(Operation Operation, int FirstImage, int Images, long ScratchpadAt, long ScratchpadBytes, long PartAt);
