using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Mpi;

namespace Convolve.Cli.Ranks;

/// <summary>Open MPI's mpirun, which starts the ranks.</summary>
/// <param name="Path">The program.</param>
/// <param name="Major">Its version: 4 or 5.</param>
internal sealed record Mpirun(string Path, int Major)
{
    // Open MPI 5 maps this much for each rank.
    private const long SharedBytesPerRank = 16 << 20;
    private const string SharedMemory = "/dev/shm";

    /// <exception cref="UsageException">It is not installed, or another MPI's.</exception>
    public static Mpirun Find()
    {
        if (!OperatingSystem.IsLinux())
            throw new UsageException("--ranks needs Linux: it starts the processes with Open MPI.");
        string? path = Programs.Find("mpirun") ?? throw new UsageException(
            "--ranks needs Open MPI, and mpirun was not found. Install Debian's package: apt-get install openmpi-bin");
        string version = MpirunVersion.Read(path, "--version");
        string[] words = version.Split(' ');
        return version.Contains("(Open MPI)", StringComparison.Ordinal)
            && int.TryParse(words[^1].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) && major is 4 or 5
            ? new(path, major)
            : throw new UsageException(
                $"--ranks needs Open MPI 4 or 5, but {path} is \"{version}\". Install Debian's package openmpi-bin.");
    }

    /// <summary>Refuses a version in which the loss of a rank ends all.</summary>
    /// <exception cref="UsageException">It is one.</exception>
    public void RequireFaultTolerance()
    {
        if (Major < 5)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"{RankProcess.Elastic} needs Open MPI 5, and {Path} is Open MPI {Major}. Without it, the loss of a rank ends the run ") +
                "on all of them, and --resume goes on from the last checkpoint.");
    }

    /// <summary>What it is started with, up to the program of the ranks.</summary>
    /// <param name="hostFile">A file with a line for each host: its name and slots.</param>
    /// <param name="hosts">The same.</param>
    /// <param name="isSingle">Whether the ranks are all on this machine.</param>
    /// <param name="isElastic">Whether ranks may go on without others.</param>
    /// <param name="variables">For the environment of the ranks.</param>
    public IEnumerable<string> Arguments(string hostFile, IReadOnlyList<RankHost> hosts, bool isSingle, bool isElastic,
        IEnumerable<(string Name, string Value)> variables)
    {
        int ranks = hosts.Sum(host => host.Ranks);
        List<string> words =
            ["--hostfile", hostFile, "-np", ranks.ToString(CultureInfo.InvariantCulture), "--bind-to", "none"];
        if (isSingle)
        {
            // No network: some machines have none.
            words.AddRange(["--mca", "btl", Major == 4 ? "self,vader" : "self,sm"]);
            if (Major > 4 && FreeShared() < SharedBytesPerRank * ranks)
                words.AddRange(["--mca", "btl_sm_backing_directory", System.IO.Path.GetTempPath()]);
        }
        if (isElastic)
            words.AddRange(["--with-ft", "ulfm", "--mca", "pml", "ob1"]);
        if (IsRoot)
            words.Add("--allow-run-as-root");
        foreach ((string name, string value) in variables)
            words.AddRange(["-x", $"{name}={value}"]);
        return words;
    }

    /// <summary>Refuses to run as root where nobody asked for it, as mpirun does.</summary>
    /// <exception cref="UsageException">It does.</exception>
    public static void RequireUser()
    {
        if (IsRoot && Environment.GetEnvironmentVariable("OMPI_ALLOW_RUN_AS_ROOT") != "1" && !IsContainer)
            throw new UsageException(
                "mpirun doesn't run as root: a mistake could damage the system. Run as another user, or set OMPI_ALLOW_RUN_AS_ROOT=1.");
    }

    private static bool IsRoot => Environment.UserName == "root" || Environment.IsPrivilegedProcess;

    private static bool IsContainer => File.Exists("/.dockerenv") || File.Exists("/run/.containerenv")
        || Environment.GetEnvironmentVariable("container") is { Length: > 0 }
        || Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 };

    private static long FreeShared()
    {
        try
        {
            return new DriveInfo(SharedMemory).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return 0;
        }
    }
}

/// <summary>Programs of the system.</summary>
internal static class Programs
{
    /// <summary>The path of a program in PATH; null if it isn't there.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
