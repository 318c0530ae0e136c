using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Convolve.Execution;

namespace Convolve.Bench;

/// <summary>Where and from what the figures come.</summary>
/// <param name="Variables">Of the environment, those that may change the figures.</param>
internal sealed partial record Host(
    string Processor, int Cores, string InstructionSet, long MemoryBytes, string OperatingSystem, string Dotnet, string Commit,
    string Variables)
{
    // The benchmark itself decides on these for its children.
    private static readonly string[] Own = ["OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS"];
    private static readonly string[] Prefixes = ["OMP_", "GOMP_", "DNNL_", "ONEDNN_", "OPENBLAS_", "MKL", "MALLOC_", "DOTNET_Tiered",
        "DOTNET_GC"];

    public static Host Read(string root) => new(
        Machine.ProcessorName, Environment.ProcessorCount, Machine.InstructionSetName, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription, Environment.Version.ToString(), ReadCommit(root),
        string.Join(' ', ReadVariables()));

    /// <summary>For a file's name, such as "amd-epyc-2-cores".</summary>
    public string Slug
    {
        get
        {
            string plain = Noise().Replace(Processor.Split('@')[0], " ");
            string words = string.Join('-', plain.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
            return string.Create(CultureInfo.InvariantCulture, $"{words}-{Cores}-cores");
        }
    }

    [GeneratedRegex(@"\((R|TM)\)|\b(CPU|Processor|with|\d+-Core)\b|[^A-Za-z0-9]+", RegexOptions.IgnoreCase)]
    private static partial Regex Noise();

    private static string ReadCommit(string root)
    {
        try
        {
            string hash = Child.Run("git", ["-C", root, "rev-parse", "--short", "HEAD"], 1).Trim();
            // Earlier results are no change of what is measured.
            string changes = Child.Run("git", ["-C", root, "status", "--porcelain", "--", ".", ":!bench/results"], 1).Trim();
            return changes.Length == 0 ? hash : $"{hash} with uncommitted changes";
        }
        catch (MeasurementException)
        {
            return "unknown";
        }
    }

    private static IEnumerable<string> ReadVariables() =>
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        where Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) && !Own.Contains(name)
        orderby name
        select $"{name}={variable.Value}";
}
