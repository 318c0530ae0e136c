using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Convolve.Kernels.Machines;

namespace Convolve.Mpi;

/// <summary>What a rank is about to do; all ranks must be about to do the same.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="Program">A digest of the program's files.</param>
/// <param name="Arithmetic">What the bits depend on: precision, kernel library and instruction set.</param>
/// <param name="Recipe">The recipe and the network, or a digest of them.</param>
/// <param name="Data">A digest of the images, their labels and splits.</param>
/// <param name="NeededBytes">Memory that this rank will take.</param>
/// <param name="FreeBytes">Memory that its host has available; 0 where the system doesn't say.</param>
/// <param name="Problem">Why it can't begin; empty if it can.</param>
internal sealed record RankReport(
    string Version, string Program, string Arithmetic, string Recipe, string Data, long NeededBytes, long FreeBytes, string Problem = "")
{
    /// <summary>The report of a rank that can't begin.</summary>
    public static RankReport Of(string problem) => new("", "", "", "", "", 0, 0, problem);

    /// <summary>Memory that this machine has available; 0 where the system doesn't say.</summary>
    public static long FreeMemory() => AvailableMemory.Read() ?? 0;

    /// <summary>A digest of this program: of its own libraries, or of the one file that it is.</summary>
    public static string ProgramDigest()
    {
        string[] files = [.. Directory.GetFiles(AppContext.BaseDirectory, "Convolve*.dll").Order(StringComparer.Ordinal)];
        if (files.Length == 0 && Environment.ProcessPath is { } program)
            files = [program];
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
            digest.AppendData(File.ReadAllBytes(file));
        return Convert.ToHexString(digest.GetHashAndReset());
    }

    public byte[] ToBytes()
    {
        using MemoryStream stream = new();
        using (BinaryWriter writer = new(stream, Encoding.UTF8))
        {
            foreach (string text in (string[])[Version, Program, Arithmetic, Recipe, Data, Problem])
                writer.Write(text);
            writer.Write(NeededBytes);
            writer.Write(FreeBytes);
        }
        return stream.ToArray();
    }

    public static RankReport Read(byte[] bytes)
    {
        using BinaryReader reader = new(new MemoryStream(bytes), Encoding.UTF8);
        string version = reader.ReadString(), program = reader.ReadString(), arithmetic = reader.ReadString();
        string recipe = reader.ReadString(), data = reader.ReadString(), problem = reader.ReadString();
        return new(version, program, arithmetic, recipe, data, reader.ReadInt64(), reader.ReadInt64(), problem);
    }

    /// <summary>The first reason why ranks can't train together, with rank, host and remedy; null if they can.</summary>
    /// <param name="reports">Of all ranks.</param>
    /// <param name="hosts">Where each is.</param>
    public static string? FindObstacle(IReadOnlyList<RankReport> reports, IReadOnlyList<string> hosts)
    {
        if (reports.FirstOrDefault(report => report.Problem.Length > 0) is { } failed)
        {
            // What is wrong everywhere is not a matter of ranks.
            int rank = reports.ToList().IndexOf(failed);
            return reports.All(report => report.Problem.Length > 0) ? failed.Problem : $"{Name(rank)}: {failed.Problem}";
        }
        RankReport first = reports[0];
        if (Find(report => report.Version != first.Version) is { } other)
            return $"{Name(other)} runs Convolve {reports[other].Version}, {Name(0)} runs {first.Version}. Install the same version on " +
                "all hosts.";
        if (Find(report => report.Program != first.Program) is { } built)
            return $"{Name(built)} runs another build of Convolve {first.Version} than {Name(0)}. Copy the same files to all hosts.";
        if (Find(report => report.Arithmetic != first.Arithmetic) is { } computing)
            return $"{Name(computing)} computes {reports[computing].Arithmetic}, {Name(0)} {first.Arithmetic}: that gives other bits. " +
                "Use hosts with the same processor and libraries, or switch off on all what one doesn't have.";
        if (Find(report => report.Recipe != first.Recipe) is { } differing)
            return $"{Name(differing)} has another recipe or network than {Name(0)}. Start all ranks with the same command line " +
                "and files.";
        if (Find(report => report.Data != first.Data) is { } fed)
            return $"{Name(fed)} has other images or labels than {Name(0)}. Copy the same data to all hosts.";
        foreach (IGrouping<string, int> host in Enumerable.Range(0, reports.Count).GroupBy(rank => hosts[rank]))
        {
            long needed = host.Sum(rank => reports[rank].NeededBytes), free = host.Min(rank => reports[rank].FreeBytes);
            if (free > 0 && needed > free)
                return $"{Name(host.First())}: {(host.Count() == 1 ? "it needs" : string.Create(CultureInfo.InvariantCulture,
                    $"the {host.Count()} ranks on this host need"))} {Format.Bytes(needed)} of memory, but only {Format.Bytes(free)} is " +
                    $"available. Use fewer ranks on it, or a smaller batch.";
        }
        return null;

        int? Find(Predicate<RankReport> isOther)
        {
            for (int rank = 1; rank < reports.Count; rank++)
                if (isOther(reports[rank]))
                    return rank;
            return null;
        }

        string Name(int rank) => string.Create(CultureInfo.InvariantCulture, $"Rank {rank} ({hosts[rank]})");
    }
}
