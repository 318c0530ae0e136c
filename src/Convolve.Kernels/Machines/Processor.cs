namespace Convolve.Kernels.Machines;

/// <summary>The processor that computes.</summary>
internal static class Processor
{
    /// <summary>As the system names it, or "unknown".</summary>
    public static string Name => Field("model name") ?? "unknown";

    /// <summary>Whether it multiplies bfloat16, which .NET doesn't say; false where the system doesn't say it either.</summary>
    public static bool HasBFloat16 => Field("flags")?.Split(' ').Contains("avx512_bf16") ?? false;

    private static string? Field(string name)
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))
                ?.Split(':', 2)[1].Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
