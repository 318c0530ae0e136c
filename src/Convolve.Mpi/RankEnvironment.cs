using System.Globalization;

namespace Convolve.Mpi;

/// <summary>What starts several processes of one run, such as mpirun and srun, tells each of them in its environment.</summary>
internal static class RankEnvironment
{
    /// <summary>Set by <c>--ranks</c>: what it started hears SIGUSR1 as a request to stop, and has no terminal.</summary>
    public const string Launcher = "CONVOLVE_RANK_OF";

    /// <summary>Whether <c>--ranks</c> started this process.</summary>
    public static bool IsLaunched => Text(Launcher) is not null;

    /// <summary>
    /// Processes that were started together: by mpirun, by srun or another starter with PMI, or by srun without it; 1 for one alone. The
    /// batch script of a Slurm job is one alone, whatever the job's size.
    /// </summary>
    public static int Size => Number("OMPI_COMM_WORLD_SIZE") ?? Number("PMI_SIZE") ?? Number("SLURM_STEP_NUM_TASKS") ?? 1;

    /// <summary>Which of them this is, as far as the starter says.</summary>
    public static int Rank =>
        Number("OMPI_COMM_WORLD_RANK") ?? Number("PMIX_RANK") ?? Number("PMI_RANK") ?? Number("SLURM_PROCID") ?? 0;

    /// <summary>How many of them are on this machine; 1 where the starter doesn't say.</summary>
    public static int LocalSize => Number("OMPI_COMM_WORLD_LOCAL_SIZE") ?? Number("MPI_LOCALNRANKS")
        ?? (Text("SLURM_STEP_TASKS_PER_NODE") ?? "").Split('(', ',')[0] switch
        {
            { Length: > 0 } tasks when int.TryParse(tasks, NumberStyles.None, CultureInfo.InvariantCulture, out int count) => count,
            _ => 1,
        };

    /// <summary>
    /// Threads of a rank that was not told a number: its share of the cores. A rank that was bound to some of the cores has them alone.
    /// </summary>
    public static int Threads => IsBound ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / Math.Max(1, LocalSize));

    private static bool IsBound => !IsLaunched && Allowed() is { } allowed && Online() is { } online && allowed < online;

    private static int? Allowed() => Line("/proc/self/status", "Cpus_allowed_list:") is { } list ? Count(list) : null;

    private static int? Online() => Line("/sys/devices/system/cpu/online", "") is { } list ? Count(list) : null;

    /// <summary>The numbers in a list such as 0-3,8.</summary>
    internal static int? Count(string list)
    {
        int count = 0;
        foreach (string range in list.Split(','))
        {
            string[] ends = range.Trim().Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last))
                return null;
            count += last - first + 1;
        }
        return count;
    }

    private static string? Line(string path, string beginning)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal))?[beginning.Length..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Text(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;

    private static string? Text(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? text : null;
}
