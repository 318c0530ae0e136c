using System.Text.Json;
using System.Text.Json.Serialization;

namespace Convolve.Bench;

/// <summary>A measurement could not be taken.</summary>
public sealed class MeasurementException(string message) : Exception(message);

/// <summary>What one process measured: the line of JSON that every side prints.</summary>
internal sealed record Sample
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Of the whole benchmark, from 1.</summary>
    public int Round { get; init; }

    /// <summary>Time of a training step, the median of the process.</summary>
    public double TrainMs { get; init; }

    /// <summary>Time of an inference step, the median of the process.</summary>
    public double? InferMs { get; init; }

    /// <summary>The largest resident memory of the process until the end of training.</summary>
    public long? TrainPeakBytes { get; init; }

    /// <summary>What Convolve says a training takes.</summary>
    public long? TrainEstimateBytes { get; init; }

    /// <summary>What the process grew by.</summary>
    public long? TrainGrowthBytes { get; init; }

    /// <summary>The share of an epoch's time that went into loading data.</summary>
    public double? DataShare { get; init; }

    /// <summary>The share of a training step that local response normalization takes, forward and backward.</summary>
    public double? ResponseNormShare { get; init; }

    public double? Loss { get; init; }

    public int Threads { get; init; }

    public string Library { get; init; } = "";

    /// <summary>Of the bare kernels.</summary>
    public IReadOnlyList<KernelTime>? Kernels { get; init; }

    /// <summary>What other processes took of all cores' time meanwhile.</summary>
    public double OthersShare { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>One bare kernel.</summary>
internal sealed record KernelTime(string Name, double Ms, double Gflops, string Implementation);
