namespace Convolve.Planning;

/// <summary>The number format in which the kernels compute.</summary>
public enum Precision
{
    /// <summary>The faster one of those that the CPU has natively.</summary>
    Auto,

    /// <summary>32-bit floats everywhere.</summary>
    Float32,

    /// <summary>
    /// bfloat16 activations and weight copies (Winograd convolutions compute in float32 between them), float32 master weights, gradients
    /// and loss; only where the CPU has it natively.
    /// </summary>
    BFloat16,
}
