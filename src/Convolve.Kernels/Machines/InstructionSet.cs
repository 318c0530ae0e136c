namespace Convolve.Kernels.Machines;

/// <summary>What the CPU can do, as the kernel library sees it.</summary>
internal enum InstructionSet
{
    /// <summary>No vectors.</summary>
    Scalar,

    /// <summary>ARM64's vectors of 128 bits.</summary>
    AdvSimd,

    /// <summary>ARM64's scalable vectors.</summary>
    Sve,
    Sse41,
    Avx,
    Avx2,
    Avx512,
    Avx512Vnni,

    /// <summary>AVX-512 with native bfloat16.</summary>
    Avx512BFloat16,
}
