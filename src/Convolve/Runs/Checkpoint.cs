using System.Globalization;
using System.Text.Json;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Inference;
using Convolve.Kernels.Memory;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>
/// One file from which a run resumes bit-identically: a model file of the weights as they are, with the optimizer's state, in plain OIHW
/// order as well, and the run's state in the metadata.
/// </summary>
internal static class Checkpoint
{
    private const string InfoKey = "convolve.checkpoint", AveragePrefix = "average/";

    /// <summary>The name of a file: by the epochs that are done, and the steps after them, so that the newest comes last.</summary>
    public static string NameOf(TrainingState state) => NameOf(state.Epoch, state.Step);

    /// <inheritdoc cref="NameOf(TrainingState)"/>
    public static string NameOf(int epoch, int step) =>
        string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch:D6}-step-{step:D8}{CheckpointFolder.Extension}");

    /// <summary>The size of each checkpoint of a run.</summary>
    public static long BytesOf(TrainingParts parts)
    {
        // A line for each epoch, the recipe, which is JSON in JSON in JSON, and some for the rest.
        string recipe = JsonEncodedText.Encode(RecipeJson.Write(parts.Recipe, parts.Graph)).ToString();
        long state = 2000 + 400L * parts.Recipe.Epochs + JsonEncodedText.Encode(recipe).EncodedUtf8Bytes.Length;
        return state + SealedTensors.BytesOf([.. Entries(parts).Select(e => e.Info)], parts.Classifier.Metadata);
    }

    /// <summary>The size of the best weights of a run.</summary>
    public static long ModelBytesOf(TrainingParts parts) =>
        SealedTensors.BytesOf([.. parts.KeptModel.Store.Plan.Slots.Select(ModelFile.TensorOf)], parts.Classifier.Metadata);

    /// <summary>Writes a file; on the executor thread.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public static void Write(string path, TrainingParts parts, CheckpointInfo info)
    {
        Dictionary<string,
            string> metadata =
            new(parts.Classifier.Metadata) { [InfoKey] = JsonSerializer.Serialize(info, CheckpointJsonContext.Default.CheckpointInfo) };
        Entry[] entries = [.. Entries(parts)];
        Dictionary<string, Entry> byName = entries.ToDictionary(e => e.Info.Name, StringComparer.Ordinal);
        SealedTensors.Write(path, [.. entries.Select(e => e.Info)], (tensor, sink) =>
            parts.KeptModel.Store.Read(byName[tensor.Name].Slot, byName[tensor.Name].Arena, plain => sink.WriteFloats(plain)), metadata);
    }

    /// <summary>Writes the weights of a checkpoint, or the mean that it has in their place, as a model file.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="path">The model file.</param>
    /// <param name="parts">The run.</param>
    /// <param name="epoch">Whose weights they are.</param>
    /// <exception cref="SafeTensorsException">A tensor is missing or damaged.</exception>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public static void ExportModel(SealedTensors file, string path, TrainingParts parts, int epoch)
    {
        TensorInfo[] tensors = [.. parts.KeptModel.Store.Plan.Slots.Select(ModelFile.TensorOf)];
        void Write(TensorInfo tensor, TensorSink sink)
        {
            float[] values = new float[tensor.ElementCount];
            file.ReadFloats(file.Contains(AveragePrefix + tensor.Name) ? AveragePrefix + tensor.Name : tensor.Name, values);
            sink.WriteFloats(values);
        }
        SafeTensors.Write(path, tensors, Write, FileDigest.AddTo(parts.ClassifierOf(epoch).Metadata, tensors, Write));
    }

    /// <summary>What a file says.</summary>
    /// <exception cref="RecipeException">It is of a later version.</exception>
    public static CheckpointInfo Describe(string path, SealedTensors file)
    {
        try
        {
            CheckpointInfo? info = file.Metadata.TryGetValue(InfoKey, out string? json)
                ? JsonSerializer.Deserialize(json, CheckpointJsonContext.Default.CheckpointInfo) : null;
            return info?.Version <= CheckpointInfo.Newest ? info : throw new JsonException();
        }
        catch (JsonException)
        {
            throw new RecipeException(
                $"{path} was written by another version of Convolve, probably a newer one. Resume the run with that version.");
        }
    }

    /// <summary>
    /// Puts the tensors of a file where they came from; on the executor thread. What the file has not, such as the velocity of a new
    /// momentum, begins at 0.
    /// </summary>
    /// <exception cref="RecipeException">The network has other parameters than the run's.</exception>
    /// <exception cref="SafeTensorsException">The file cannot be read.</exception>
    public static void Restore(string path, SealedTensors file, TrainingParts parts, CheckpointInfo info)
    {
        ParameterStore store = parts.KeptModel.Store;
        foreach (Entry entry in Entries(parts))
        {
            bool isWeight = entry.Arena == store.Weights;
            if (isWeight && !(file.Contains(entry.Info.Name) && file[entry.Info.Name].Equals(entry.Info)))
            {
                throw new RecipeException(
                    $"The network has {entry.Info}, but {path} has " +
                    $"{(file.Contains(entry.Info.Name) ? file[entry.Info.Name] : "none of that name")}. A run can't change its network's " +
                    $"parameters: start a new run.");
            }
            if (file.Contains(entry.Info.Name))
                store.Write(entry.Slot, entry.Arena,
                    (_, values) => Read(file, entry, isWeight || entry.Arena == parts.KeptAverage, values));
        }
        parts.Optimizer.Steps = info.Updates;
        if (!HasAverage(file, parts))
            parts.BeginAverage();
    }

    private static void Read(SealedTensors file, Entry entry, bool mustBeFinite, Span<float> values)
    {
        if (mustBeFinite)
            file.ReadWeights(entry.Info.Name, values);
        else
            file.ReadFloats(entry.Info.Name, values);
    }

    private static IEnumerable<Entry> Entries(TrainingParts parts)
    {
        ParameterStore store = parts.KeptModel.Store;
        for (int i = 0; i < store.Plan.Slots.Count; i++)
            yield return new(ModelFile.TensorOf(store.Plan.Slots[i]), i, store.Weights);
        for (int i = 0; parts.KeptAverage is not null && i < store.Plan.Slots.Count; i++)
            yield return new(ModelFile.TensorOf(store.Plan.Slots[i] with { Name = AveragePrefix + store.Plan.Slots[i].Name }), i,
                parts.KeptAverage);
        foreach ((string state, NativeBuffer arena) in parts.KeptStates)
        {
            for (int i = 0; i < store.Plan.Slots.Count; i++)
            {
                ParameterSlot slot = store.Plan.Slots[i];
                if (slot.IsLearned)
                    yield return new(ModelFile.TensorOf(slot with { Name = $"optimizer/{state}/{slot.Name}" }), i, arena);
            }
        }
    }

    // A file without it is of a run that had no mean until now.
    private static bool HasAverage(SealedTensors file, TrainingParts parts) =>
        file.Contains($"{AveragePrefix}{parts.KeptModel.Store.Plan.Slots[0].Name}");

    /// <summary>A tensor of the file, and where it is in memory.</summary>
    private sealed record Entry(TensorInfo Info, int Slot, NativeBuffer Arena);
}
