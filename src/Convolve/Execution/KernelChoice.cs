namespace Convolve.Execution;

/// <summary>Which kernels compute.</summary>
internal enum KernelChoice
{
    /// <summary>oneDNN where it is installed, with own kernels for what they do faster; own kernels elsewhere.</summary>
    Auto,

    /// <summary>Own kernels alone: no native library is loaded.</summary>
    Managed,

    /// <summary>oneDNN alone, where Convolve has no kernel of its own kind (Winograd, batch-interleaved).</summary>
    OneDnn,
}
