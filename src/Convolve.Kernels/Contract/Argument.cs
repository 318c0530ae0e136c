namespace Convolve.Kernels.Contract;

/// <summary>A tensor that a kernel reads or writes.</summary>
internal enum Argument
{
    Source,
    Target,
    Weights,
    Bias,
    Workspace,
    Scratchpad,
    DiffSource,
    DiffTarget,
    DiffWeights,
    DiffBias,

    /// <summary>The first of many sources; the next ones follow.</summary>
    FirstSource = 1024,
}
