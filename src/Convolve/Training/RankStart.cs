using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Training.Division;

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

/// <summary>The record of rank 0 of a run whose ranks each have a part of the network: the others serve while it saves.</summary>
internal sealed class JoiningRecord(ITrainingRecord record, WholeNetwork whole) : ITrainingRecord
{
    public bool IsDue(TrainingState state, int stepsPerEpoch) => whole.Ask(record.IsDue(state, stepsPerEpoch));

    public void Save(TrainingState state)
    {
        record.Save(state);
        whole.Release();
    }

    public void EndEpoch(TrainingState state, EpochProgress done)
    {
        record.EndEpoch(state, done);
        whole.Release();
    }

    public void EndStep(int step, long update, double loss, double rate) => record.EndStep(step, update, loss, rate);

    public void FlushSteps() => record.FlushSteps();

    public void RestoreBest(TrainingState state)
    {
        record.RestoreBest(state);
        whole.Release();
    }

    public void Log(TrainingResult result) => record.Log(result);

    public void Dispose() => record.Dispose();
}

/// <summary>The record of the other ranks.</summary>
internal sealed class ServingRecord(TrainingParts parts, WholeNetwork whole) : ITrainingRecord
{
    public bool IsDue(TrainingState state, int stepsPerEpoch) => whole.Ask(false);

    public void Save(TrainingState state)
    {
        parts.RequireFinite(state.Epoch);
        whole.Serve();
    }

    public void EndEpoch(TrainingState state, EpochProgress done)
    {
        parts.RequireFinite(done.Epoch);
        whole.Serve();
    }

    public void RestoreBest(TrainingState state) => whole.Serve();

    public void Dispose()
    {
    }
}

[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class RankJsonContext : JsonSerializerContext;
