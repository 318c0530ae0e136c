namespace Convolve.Planning;

/// <summary>All that a run takes of the machine's memory: what the plans need, and what the process needs in addition.</summary>
/// <param name="PlanBytes">Weights, gradients, optimizer state, copies, activations, kept pictures: exact.</param>
/// <param name="LoaderBytes">Of the order of the images and of the buffers that each thread makes an input in.</param>
/// <param name="EvaluationBytes">Of the logits of the test, and of the best weights of a run without a folder.</param>
/// <param name="RuntimeBytes">What else a run adds to the process: compiled code, kernels of the library, stacks, the heap of short-lived
/// objects. Fitted to measurements of one machine (docs/analyzing.md).</param>
/// <param name="ProcessBytes">Resident memory just before the plans, measured in this process: the program, its libraries, the
/// data.</param>
internal sealed record MemoryBudget(long PlanBytes, long LoaderBytes, long EvaluationBytes, long RuntimeBytes, long ProcessBytes)
{
    /// <summary>What the process grows by.</summary>
    public long GrowthBytes => PlanBytes + LoaderBytes + EvaluationBytes + RuntimeBytes;

    /// <summary>The peak of the process.</summary>
    public long TotalBytes => ProcessBytes + GrowthBytes;
}
