using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Convolve.Execution;
using Convolve.Kernels.Memory;

namespace Convolve.Training;

/// <summary>Gives all processes of a run what the first one has: it alone reads and writes the run's folder.</summary>
internal static class RankStart
{
    private const int MostBytes = 1 << 30;

    /// <summary>The run's state, the weights and what the optimizer keeps; on the executor thread.</summary>
    public static void Share(IGradientExchange exchange, TrainingParts parts, TrainingState state)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(state, RankJsonContext.Default.TrainingState);
        byte[] sizes = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(sizes, json.Length);
        BinaryPrimitives.WriteInt64LittleEndian(sizes.AsSpan(sizeof(long)), parts.Optimizer.Steps);
        exchange.Broadcast(sizes);
        if (exchange.Rank > 0)
            json = new byte[BinaryPrimitives.ReadInt64LittleEndian(sizes)];
        exchange.Broadcast(json);
        if (exchange.Rank > 0)
        {
            state.GoOnAs(JsonSerializer.Deserialize(json, RankJsonContext.Default.TrainingState)!);
            parts.Optimizer.Steps = BinaryPrimitives.ReadInt64LittleEndian(sizes.AsSpan(sizeof(long)));
        }
        if (parts.Whole is { } whole)
        {
            whole.Scatter();
            return;
        }
        foreach ((_, NativeBuffer arena) in parts.Optimizer.States)
            Share(exchange, arena);
        if (parts.Average is { } average)
            Share(exchange, average.Arena);
        ShareWeights(exchange, parts);
    }

    /// <summary>The weights alone; on the executor thread.</summary>
    public static void ShareWeights(IGradientExchange exchange, TrainingParts parts)
    {
        if (parts.Whole is { } whole)
        {
            whole.Scatter(weightsOnly: true);
            return;
        }
        Share(exchange, parts.Model.Store.Weights);
        parts.Model.Store.MarkChanged();
    }

    private static void Share(IGradientExchange exchange, NativeBuffer arena)
    {
        for (long from = 0; from < arena.Bytes; from += MostBytes)
            exchange.Broadcast(arena.Span<byte>(from, (int)Math.Min(MostBytes, arena.Bytes - from)));
    }
}

/// <summary>The record of a process that leaves the run's folder to the first one; it ends where that one would.</summary>
internal sealed class FollowingRecord(TrainingParts parts) : ITrainingRecord
{
    public void EndEpoch(TrainingState state, EpochProgress done) => parts.RequireFinite(done.Epoch);

    public void RestoreBest(TrainingState state)
    {
    }

    public void Dispose()
    {
    }
}

[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class RankJsonContext : JsonSerializerContext;
