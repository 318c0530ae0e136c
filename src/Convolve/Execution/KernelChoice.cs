namespace Convolve.Execution;

/// <summary>Which kernels compute.</summary>
internal enum KernelChoice
{
    /// <summary>Own kernels, and oneDNN where it is installed and faster.</summary>
    Auto,

    /// <summary>Own kernels alone: no native library is loaded.</summary>
    Managed,

    /// <summary>oneDNN for every operation that it has.</summary>
    OneDnn,
}
