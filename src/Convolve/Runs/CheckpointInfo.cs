using System.Text.Json.Serialization;
using Convolve.Execution;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>What a checkpoint has in addition to its tensors.</summary>
internal sealed record CheckpointInfo
{
    /// <summary>The newest form that is understood.</summary>
    public const int Newest = 1;

    public int Version { get; init; } = Newest;

    public required TrainingState State { get; init; }

    /// <summary>Steps of the optimizer, which Adam's means are corrected by.</summary>
    public required long Updates { get; init; }

    /// <summary>What the run is trained by, and the network, as recipe.json has it; null in checkpoints of before.</summary>
    public string? Recipe { get; init; }

    /// <summary>The optimizer's rule.</summary>
    public required string Rule { get; init; }

    /// <summary>The metric that a plateau schedule watches; null for other schedules.</summary>
    public WatchedMetric? Watched { get; init; }

    public required int StepsPerEpoch { get; init; }

    /// <summary>Lines of metrics.jsonl that were there.</summary>
    public required int MetricsLines { get; init; }

    /// <summary>The digest of the splits.</summary>
    public required string Data { get; init; }

    /// <summary>What the bits depend on in addition to the recipe.</summary>
    public required Arithmetic ComputedBy { get; init; }
}

/// <summary>How numbers are computed: for the same recipe, the same of this gives the same bits.</summary>
internal sealed record Arithmetic(int Threads, string Precision, string InstructionSet, string KernelLibrary)
{
    public static Arithmetic Of(Plan plan) =>
        new(plan.Options.Threads, plan.Options.Precision == Planning.Precision.BFloat16 ? "bfloat16" : "float32",
            Machine.InstructionSetName, Machine.KernelLibraryName);

    public override string ToString() =>
        $"{Precision} on {Threads} {(Threads == 1 ? "thread" : "threads")} with {KernelLibrary} for {InstructionSet}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(CheckpointInfo))]
internal sealed partial class CheckpointJsonContext : JsonSerializerContext;
