namespace Convolve.Kernels.Machines;

/// <summary>The processor that computes.</summary>
internal static class Processor
{
    /// <summary>As the system names it, or "unknown".</summary>
    public static string Name
    {
        get
        {
            try
            {
                return File.ReadLines("/proc/cpuinfo")
                    .FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
            }
            catch (IOException)
            {
                return "unknown";
            }
        }
    }
}
