namespace Convolve.Execution;

/// <summary>The number format in which the kernels compute.</summary>
public enum Precision
{
    /// <summary>The faster one of those that the CPU has natively.</summary>
    Auto,

    /// <summary>32-bit floats everywhere.</summary>
    Float32,

    /// <summary>bfloat16 activations and weight copies, float32 master weights, gradients and loss; only where the CPU has it natively.</summary>
    BFloat16,
}

/// <summary>How a model runs.</summary>
public sealed record ExecutionOptions
{
    /// <summary>The number format; <see cref="Precision.Auto"/> by default.</summary>
    public Precision Precision { get; init; }

    /// <summary>Turns off Winograd convolutions, whose float32 rounding differs in the fourth digit.</summary>
    public bool Exact { get; init; }

    /// <summary>Threads of the kernel team; 0, the default, means all cores. The first model of a process decides.</summary>
    public int Threads { get; init; }
}
