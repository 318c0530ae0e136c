using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Memory;

namespace Convolve.Kernels.Ceilings;

//     for each round:  24 sums += pairs of x * pairs of y
//
// Registers: the sums and two operands. Bound: the units that multiply bfloat16.

/// <summary>
/// Products of bfloat16 in registers, as machine code: .NET has no instruction for AVX512_BF16, which oneDNN's kernels use.
/// </summary>
internal sealed unsafe class BFloat16Loop : IDisposable
{
    /// <summary>Multiply-adds of a round: 24 registers of 16 sums of 2 products.</summary>
    public const long MultiplyAddsPerRound = Sums * 16 * 2;

    private const int Sums = 24, Bytes = 4096;
    private readonly LinuxPages _pages = new();
    private readonly nint _code;

    private BFloat16Loop(nint code) => _code = code;

    /// <summary>The loop; null where the processor or the system has nothing to run it.</summary>
    public static BFloat16Loop? TryCreate()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || !Avx512F.IsSupported
            || !Processor.HasBFloat16)
            return null;
        LinuxPages pages = new();
        nint code = pages.Take(Bytes);
        if (code == 0)
            return null;
        ReadOnlySpan<byte> written = Code();
        written.CopyTo(new Span<byte>((void*)code, Bytes));
        if (LinuxPages.MakeExecutable(code, Bytes))
            return new(code);
        pages.Release(code, Bytes);
        return null;
    }

    /// <summary>Multiplies and adds.</summary>
    /// <param name="rounds">At least 1.</param>
    public void Run(long rounds) => ((delegate* unmanaged<long, void>)_code)(rounds);

    public void Dispose() => _pages.Release(_code, Bytes);

    // As assembled by GNU as:  vpxord zmm24,zmm24,zmm24;  vpxord zmm25,zmm25,zmm25;  loop: 24 times vdpbf16ps zmmN,zmm25,zmm24;
    // dec rdi;  jnz loop;  vzeroupper;  ret. The number of a register is spread over two bytes, partly inverted.
    private static byte[] Code()
    {
        List<byte> code = [0x62, 0x01, 0x3d, 0x40, 0xef, 0xc0, 0x62, 0x01, 0x35, 0x40, 0xef, 0xc9];
        int loop = code.Count;
        for (int sum = 0; sum < Sums; sum++)
            code.AddRange([0x62, (byte)((~sum << 4 & 0x80) | (~sum & 0x10) | 0x02), 0x36, 0x40, 0x52, (byte)(0xc0 | (sum & 7) << 3)]);
        code.AddRange([0x48, 0xff, 0xcf, 0x0f, 0x85]);
        code.AddRange(BitConverter.GetBytes(loop - code.Count - sizeof(int)));
        code.AddRange([0xc5, 0xf8, 0x77, 0xc3]);
        return [.. code];
    }
}
