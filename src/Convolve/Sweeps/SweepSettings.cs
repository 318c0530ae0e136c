using System.Text.Json;
using System.Text.Json.Serialization;
using Convolve.Files;

namespace Convolve.Sweeps;

/// <summary>What a sweep is: saved in its folder before the first run, so that it can be resumed and read again.</summary>
internal sealed record SweepSettings
{
    /// <summary>The file's name in the folder of a sweep.</summary>
    public const string FileName = "sweep.json";

    /// <summary>What was typed.</summary>
    public required string Command { get; init; }

    /// <summary>When it was started (UTC), as yyyy-MM-dd HH:mm.</summary>
    public required string Date { get; init; }

    /// <summary>What all arms have in common, as typed: network, data, options.</summary>
    public required IReadOnlyList<string> Common { get; init; }

    /// <summary>The settings that vary.</summary>
    public required IReadOnlyList<string> Axes { get; init; }

    /// <summary>The values of each arm.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Values { get; init; }

    /// <summary>Runs of each arm.</summary>
    public required int Seeds { get; init; }

    /// <summary>The seed of the first run of each arm; the others follow.</summary>
    public ulong FirstSeed { get; init; }

    /// <summary>Whether the worse half of the arms stops after each round.</summary>
    public bool Halves { get; init; }

    /// <summary>The arms.</summary>
    [JsonIgnore]
    public IReadOnlyList<SweepArm> Arms => [.. Values.Select((values, i) => new SweepArm(i + 1, Axes, values))];

    /// <summary>The seeds of each arm.</summary>
    [JsonIgnore]
    public IReadOnlyList<ulong> AllSeeds => [.. Enumerable.Range(0, Seeds).Select(i => FirstSeed + (ulong)i)];

    /// <summary>Writes the file into a folder.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName),
        JsonSerializer.Serialize(this, SweepContext.Default.SweepSettings) + "\n");

    /// <summary>Reads the file of a folder.</summary>
    /// <exception cref="RecipeException">There is none, or it cannot be read.</exception>
    public static SweepSettings Read(string folder)
    {
        string file = Path.Combine(folder, FileName);
        try
        {
            SweepSettings settings = JsonSerializer.Deserialize(File.ReadAllText(file), SweepContext.Default.SweepSettings)
                ?? throw new JsonException("it is empty");
            return settings switch
            {
                { Seeds: < 1 } => throw new JsonException("seeds are 1 or more"),
                { Values.Count: 0 } => throw new JsonException("it has no arms"),
                _ when settings.Values.Any(values => values.Count != settings.Axes.Count || values.Contains(null!)) =>
                    throw new JsonException("an arm doesn't have a value for each axis"),
                _ => settings,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new RecipeException(
                $"{folder} is not a sweep's folder: can't read {file} ({e.Message.TrimEnd('.')}). Pass a folder that " +
                $"`{ProgramName.Current} sweep` created.");
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SweepSettings))]
internal sealed partial class SweepContext : JsonSerializerContext;
