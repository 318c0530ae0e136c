using System.Runtime.InteropServices;
using Convolve.Kernels.Machines;

namespace Convolve.OneDnn.Tests;

public class IsaTests
{
    // dnnl_cpu_isa_t on x64; the library's own bits elsewhere, where 7 is SVE of 256 bits.
    [Theory]
    [InlineData(0x1, Architecture.X64, nameof(InstructionSet.Sse41))]
    [InlineData(0x3, Architecture.X64, nameof(InstructionSet.Avx))]
    [InlineData(0x7, Architecture.X64, nameof(InstructionSet.Avx2))]
    [InlineData(0xf, Architecture.X64, nameof(InstructionSet.Avx2))]
    [InlineData(0x1f, Architecture.X64, nameof(InstructionSet.Avx2))]
    [InlineData(0x27, Architecture.X64, nameof(InstructionSet.Avx512))]
    [InlineData(0x67, Architecture.X64, nameof(InstructionSet.Avx512Vnni))]
    [InlineData(0xe7, Architecture.X64, nameof(InstructionSet.Avx512BFloat16))]
    [InlineData(0x1ef, Architecture.X64, nameof(InstructionSet.Avx512BFloat16))]
    [InlineData(0xfef, Architecture.X64, nameof(InstructionSet.Avx512BFloat16))]
    [InlineData(0x0, Architecture.Arm64, nameof(InstructionSet.AdvSimd))]
    [InlineData(0x1, Architecture.Arm64, nameof(InstructionSet.AdvSimd))]
    [InlineData(0x7, Architecture.Arm64, nameof(InstructionSet.Sve))]
    [InlineData(0x17, Architecture.Arm64, nameof(InstructionSet.Sve))]
    public void A_number_of_the_library_is_read_by_the_architecture(int isa, Architecture architecture, string expected) =>
        Assert.Equal(Enum.Parse<InstructionSet>(expected), Isa.Of(isa, architecture));
}
