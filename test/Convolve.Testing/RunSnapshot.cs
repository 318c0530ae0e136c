using System.Text.Json.Nodes;
using Convolve.Formats;

namespace Convolve.Testing;

/// <summary>All of a run folder that the same recipe must make the same: the newest checkpoint's tensors and state, the best weights, the
/// log, the table, the curves for TensorBoard. Times are left out.</summary>
public static class RunSnapshot
{
    private static readonly string[] Times = ["images_per_second", "seconds", "data_seconds", "elapsed", "epoch_elapsed", "data_wait",
        "measured_memory_bytes"];

    /// <summary>What there is, by name, as text.</summary>
    public static SortedDictionary<string, string> Of(string run)
    {
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        string newest = Directory.GetFiles(Path.Combine(run, "checkpoint"), "*.safetensors").Max(StringComparer.Ordinal)!;
        all["checkpoint"] = Path.GetFileName(newest);
        using (SafeTensorsFile file = SafeTensorsFile.Open(newest))
        {
            foreach (TensorInfo tensor in file.Tensors.Where(t => !t.Name.StartsWith("convolve.", StringComparison.Ordinal)))
            {
                byte[] bytes = new byte[tensor.ByteCount];
                file.ReadBytes(tensor.Name, bytes);
                all[$"{tensor}"] = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));
            }
            foreach ((string key, string text) in file.Metadata)
                all[$"metadata: {key}"] = key == "convolve.checkpoint" ? WithoutTimes(JsonNode.Parse(text)!).ToJsonString() : text;
        }
        all["model"] =
            Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(run, "model.safetensors"))));
        int number = 0;
        foreach (JsonObject line in MetricsLog.Read(Path.Combine(run, "metrics.jsonl")))
            all[$"log {number++}"] = WithoutTimes(line).ToJsonString();
        string[][] table = [.. File.ReadLines(Path.Combine(run, "metrics.csv")).Select(line => line.Split(','))];
        foreach (string[] row in table)
            all[$"table {row[0]}"] = string.Join(',', row.Where((_, column) => !Times.Contains(table[0][column])));
        foreach ((long step, string tag, float value) in EventReader.ScalarsOfRun(run)
            .Where(s => !s.Tag.Contains("speed/", StringComparison.Ordinal)))
            all.Add($"curve {tag} {step}", $"{value:R}");
        return all;
    }

    private static JsonNode WithoutTimes(JsonNode node)
    {
        if (node is JsonObject json)
            foreach (string time in Times)
                json.Remove(time);
        foreach (JsonNode? child in node switch { JsonObject o => o.Select(p => p.Value), JsonArray a => a, _ => [] })
            if (child is not null)
                WithoutTimes(child);
        return node;
    }
}
