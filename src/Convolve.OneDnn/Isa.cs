using System.Runtime.InteropServices;
using Convolve.Kernels.Machines;

namespace Convolve.OneDnn;

/// <summary>dnnl_cpu_isa_t: each bit is a part of the processor, and means something else on each architecture.</summary>
internal static class Isa
{
    /// <summary>What an instruction set of the library is on an architecture.</summary>
    public static InstructionSet Of(int isa, Architecture architecture) => architecture switch
    {
        Architecture.X64 or Architecture.X86 => OfX64(isa),
        _ => (isa & 0x2) != 0 ? InstructionSet.Sve : InstructionSet.AdvSimd,
    };

    // avx2_vnni is 0xF, avx10_1_512 is 0x1EF: what is beyond bfloat16 has its bits too.
    private static InstructionSet OfX64(int isa) => isa switch
    {
        _ when (isa & 0xE7) == 0xE7 => InstructionSet.Avx512BFloat16,
        _ when (isa & 0x67) == 0x67 => InstructionSet.Avx512Vnni,
        _ when (isa & 0x27) == 0x27 => InstructionSet.Avx512,
        _ when (isa & 0x7) == 0x7 => InstructionSet.Avx2,
        _ when (isa & 0x3) == 0x3 => InstructionSet.Avx,
        _ => InstructionSet.Sse41,
    };
}
