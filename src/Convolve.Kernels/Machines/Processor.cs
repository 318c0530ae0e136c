using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Microsoft.Win32;

namespace Convolve.Kernels.Machines;

/// <summary>The processor that computes.</summary>
internal static class Processor
{
    private const string Unknown = "unknown", CpuInfo = "/proc/cpuinfo";
    private const string WindowsKey = @"HKEY_LOCAL_MACHINE\HARDWARE\DESCRIPTION\System\CentralProcessor\0";
    private const int BrandLeaf = unchecked((int)0x80000000), BrandLeaves = 3;

    // Who made an ARM core, and the names of those that ARM itself designed, by the numbers of MIDR_EL1.
    private static readonly Dictionary<string, string> Makers = new()
    {
        ["0x41"] = "ARM",
        ["0x42"] = "Broadcom",
        ["0x43"] = "Cavium",
        ["0x46"] = "Fujitsu",
        ["0x48"] = "HiSilicon",
        ["0x4e"] = "NVIDIA",
        ["0x51"] = "Qualcomm",
        ["0x53"] = "Samsung",
        ["0x61"] = "Apple",
        ["0x6d"] = "Microsoft",
        ["0xc0"] = "Ampere",
    };

    private static readonly Dictionary<string, string> ArmCores = new()
    {
        ["0xd03"] = "Cortex-A53",
        ["0xd04"] = "Cortex-A35",
        ["0xd05"] = "Cortex-A55",
        ["0xd07"] = "Cortex-A57",
        ["0xd08"] = "Cortex-A72",
        ["0xd09"] = "Cortex-A73",
        ["0xd0a"] = "Cortex-A75",
        ["0xd0b"] = "Cortex-A76",
        ["0xd0c"] = "Neoverse N1",
        ["0xd0d"] = "Cortex-A77",
        ["0xd40"] = "Neoverse V1",
        ["0xd41"] = "Cortex-A78",
        ["0xd44"] = "Cortex-X1",
        ["0xd49"] = "Neoverse N2",
        ["0xd4f"] = "Neoverse V2",
    };

    /// <summary>As the system or it itself names it, or "unknown".</summary>
    public static string Name { get; } = Find() is { Length: > 0 } name ? name : Unknown;

    /// <summary>Whether it multiplies bfloat16, which .NET doesn't say: AVX512_BF16 of leaf 7.1.</summary>
    public static bool HasBFloat16 => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7
        && X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax & 1 << 5) != 0;

    private static string? Find()
    {
        if (OperatingSystem.IsLinux())
            return OfLinux();
        if (Brand() is { } brand)
            return brand;
        if (OperatingSystem.IsWindows())
            return Registry.GetValue(WindowsKey, "ProcessorNameString", null) is string { Length: > 0 } name ? name.Trim()
                : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        if (OperatingSystem.IsMacOS())
            return SystemProgram.Output("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string").Trim();
        return null;
    }

    private static string? OfLinux()
    {
        try
        {
            return FromCpuInfo(File.ReadLines(CpuInfo));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The name in Linux's /proc/cpuinfo; ARM64 has numbers there in place of a name. Null if it has neither.</summary>
    internal static string? FromCpuInfo(IEnumerable<string> lines)
    {
        Dictionary<string, string> first = [];
        foreach (string line in lines)
            if (line.Split(':', 2) is [{ } key, { } value])
                first.TryAdd(key.Trim(), value.Trim());
        if (first.TryGetValue("model name", out string? name))
            return name;
        if (!first.TryGetValue("CPU implementer", out string? maker) || !first.TryGetValue("CPU part", out string? part))
            return null;
        string core = maker == "0x41" && ArmCores.TryGetValue(part, out string? known) ? known : part;
        return $"{Makers.GetValueOrDefault(maker, $"ARM64 by {maker}")} {core}";
    }

    // x86 processors spell their name out, whatever the system: three times four registers of four letters.
    private static string? Brand()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(BrandLeaf, 0).Eax - BrandLeaf < BrandLeaves + 1)
            return null;
        Span<int> letters = stackalloc int[4 * BrandLeaves];
        for (int leaf = 0; leaf < BrandLeaves; leaf++)
        {
            (int a, int b, int c, int d) = X86Base.CpuId(BrandLeaf + 2 + leaf, 0);
            ((ReadOnlySpan<int>)[a, b, c, d]).CopyTo(letters[(4 * leaf)..]);
        }
        string name = Encoding.ASCII.GetString(MemoryMarshal.AsBytes(letters)).Trim('\0', ' ');
        return name.Length == 0 ? null : name;
    }
}
