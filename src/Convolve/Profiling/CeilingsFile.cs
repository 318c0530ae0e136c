using System.Text.Json;
using System.Text.Json.Serialization;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Kernels.Threads;

namespace Convolve.Profiling;

/// <summary>The ceilings of this machine that were measured before, in a file of the user's cache folder.</summary>
internal static class CeilingsFile
{
    private const string FileName = "ceilings.json";

    /// <summary>Where they are kept.</summary>
    public static string Usual => Path.Combine(SystemPaths.Cache, FileName);

    /// <summary>Those of this processor and number of threads; null where there are none, or the file is damaged.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">Of the team; 0 for what is usual.</param>
    public static Ceilings? Read(string path, int threads) => All(path).FirstOrDefault(ceilings =>
        ceilings.Processor == Machine.ProcessorName && ceilings.Threads == ThreadTeam.Resolve(threads)
        && ceilings.RegisterBits == Machine.OwnKernelBits);

    /// <summary>Keeps ceilings, in place of earlier ones of the same processor and number of threads.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public static void Write(string path, Ceilings ceilings)
    {
        DurableFolder.Create(Path.GetDirectoryName(Path.GetFullPath(path))!);
        AtomicFile.WriteText(path, JsonSerializer.Serialize([.. All(path).Where(other => !IsSame(other, ceilings)), ceilings],
            CeilingsContext.Default.CeilingsArray) + "\n");
    }

    private static bool IsSame(Ceilings one, Ceilings other) =>
        (one.Processor, one.Threads, one.RegisterBits) == (other.Processor, other.Threads, other.RegisterBits);

    private static Ceilings[] All(string path)
    {
        try
        {
            return [.. (JsonSerializer.Deserialize(File.ReadAllText(path), CeilingsContext.Default.CeilingsArray) ?? [])
                .Where(ceilings => ceilings is { Float32FlopsPerSecond: > 0, Float32OneThread: > 0, Reads.Count: > 0 }
                    && ceilings.Reads.All(read => read is { Bytes: > 0, BytesPerSecond: > 0 }))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return []; // it is measured again
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(Ceilings[]))]
internal sealed partial class CeilingsContext : JsonSerializerContext;
