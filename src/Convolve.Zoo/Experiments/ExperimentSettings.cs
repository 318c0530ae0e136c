using System.Text.Json;
using System.Text.Json.Serialization;
using Convolve.Files;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Zoo.Experiments;

/// <summary>How an experiment is run: saved in its folder, so that it can be resumed and read again.</summary>
internal sealed record ExperimentSettings
{
    /// <summary>The file's name in the folder of an experiment.</summary>
    public const string FileName = "experiment.json";

    // What --quick leaves of a network by its cost, so that it ends in a minute or two.
    private const long LargeMultiplyAdds = 50_000_000;

    /// <summary>Of <see cref="ExperimentCatalog"/>.</summary>
    public required string Experiment { get; init; }

    /// <summary>What was typed, or would have been.</summary>
    public required string Command { get; init; }

    /// <summary>When it was started (UTC), as yyyy-MM-dd HH:mm.</summary>
    public required string Date { get; init; }

    /// <summary>Whether to use few images and epochs, to finish in a minute or two.</summary>
    public bool Quick { get; init; }

    /// <summary>Runs of each arm, with the seeds from 0 on.</summary>
    public required int Seeds { get; init; }

    /// <summary>At most this many epochs of each run; null for as many as the experiment has.</summary>
    public int? Epochs { get; init; }

    /// <summary>The kernels' number format, in place of the recipe's; null for that.</summary>
    public Precision? Precision { get; init; }

    /// <summary>Threads of the kernels, in place of the recipe's; null for that.</summary>
    public int? Threads { get; init; }

    /// <summary>Whether the figures are not those of the experiment, because it was cut short.</summary>
    [JsonIgnore]
    public bool IsCut => Quick || Epochs is not null;

    /// <summary>The recipe of one run.</summary>
    public Recipe For(ExperimentArm arm, int seed)
    {
        Recipe recipe = arm.Recipe with
        {
            Seed = (ulong)seed,
            Precision = Precision ?? arm.Recipe.Precision,
            Threads = Threads ?? arm.Recipe.Threads
        };
        if (Epochs is { } most)
            recipe = recipe with { Epochs = Math.Min(recipe.Epochs, most) };
        if (!Quick)
            return recipe;
        bool isLarge = NetworkCatalog.Create(recipe.Network, options: arm.NetworkOptions).MultiplyAdds > LargeMultiplyAdds;
        return recipe with { Epochs = isLarge ? 1 : Math.Min(recipe.Epochs, 2), Limit = isLarge ? 1024 : 10_000 };
    }

    /// <summary>The folder of one run within the experiment's.</summary>
    public static string FolderOf(ExperimentArm arm, int seed) =>
        FormattableString.Invariant($"{string.Concat(arm.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'))}-seed{seed}");

    /// <summary>Writes the file into a folder.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Write(string folder) =>
        AtomicFile.WriteText(Path.Combine(folder, FileName),
            JsonSerializer.Serialize(this, SettingsContext.Default.ExperimentSettings) + "\n");

    /// <summary>Reads the file of a folder.</summary>
    /// <exception cref="RecipeException">There is none, or it cannot be read.</exception>
    public static ExperimentSettings Read(string folder)
    {
        string file = Path.Combine(folder, FileName);
        try
        {
            ExperimentSettings settings = JsonSerializer.Deserialize(File.ReadAllText(file), SettingsContext.Default.ExperimentSettings)
                ?? throw new JsonException("it is empty");
            return settings switch
            {
                { Experiment: null } or { Command: null } or { Date: null } => throw new JsonException("a text is null"),
                { Seeds: < 1 } or { Epochs: < 1 } or { Threads: < 0 } =>
                throw new JsonException("seeds and epochs are 1 or more, threads 0 or more"),
                _ => settings,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new RecipeException(
                $"{folder} is not an experiment's folder: can't read {file} ({e.Message.TrimEnd('.')}). Pass a folder that " +
                $"`{ProgramName.Current} reproduce` created.");
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExperimentSettings))]
internal sealed partial class SettingsContext : JsonSerializerContext;
