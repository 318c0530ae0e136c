namespace Convolve.Kernels.Threads;

/// <summary>How long a job keeps the executor thread. While a longer one runs, shorter ones are served between its steps.</summary>
internal enum JobKind
{
    /// <summary>One batch, or a read or write of parameters: runs to its end.</summary>
    Short,

    /// <summary>A whole split, batch by batch: serves short jobs in between.</summary>
    Evaluation,

    /// <summary>A training, step by step: serves evaluations and short jobs in between.</summary>
    Training,
}
