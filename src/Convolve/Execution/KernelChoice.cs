namespace Convolve.Execution;

/// <summary>Which kernels compute.</summary>
internal enum KernelChoice
{
    /// <summary>oneDNN where it is installed, and own kernels elsewhere.</summary>
    Auto,

    /// <summary>Own kernels alone: no native library is loaded.</summary>
    Managed,

    /// <summary>oneDNN for every operation that it has.</summary>
    OneDnn,
}
