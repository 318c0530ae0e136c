using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>'convolve train --profile': the parts are the whole, and the trace is one that viewers open.</summary>
public sealed class ProfileTests
{
    [Fact]
    public void The_time_of_a_run_is_divided_and_its_first_steps_are_a_trace()
    {
        using Cli cli = new();
        CliResult result = cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "2000", "--epochs", "2", "--profile",
            "--out", "run", "--json");
        Assert.True(result.Status == 0, result.Errors);
        JsonNode profile = result.Json["profile"]!;
        double all = (double)profile["seconds"]!;
        double[] parts = [.. new[] { "computing", "idle", "loading", "evaluation", "between" }
            .Select(part => (double)profile[$"{part}_seconds"]!)];
        Assert.Equal(all, parts.Sum(), 1e-5);
        Assert.All(parts, part => Assert.InRange(part, 0, all));
        Assert.True(all <= (double)result.Json["seconds"]! + .5);
        int steps = (int)profile["steps"]!;
        Assert.Equal(30, steps); // 1,800 of 2,000 images
        JsonArray layers = profile["layers"]!.AsArray();
        Assert.Equal(["conv1", "conv2", "fc1", "fc2", "fc3"],
            layers.Where(l => (double)l!["update_seconds"]! > 0).Select(l => (string)l!["name"]!));
        Assert.All(layers.Where(l => (double)l!["update_seconds"]! > 0), l => Assert.True((double)l!["forward_seconds"]! > 0
            && (double)l["backward_seconds"]! > 0));

        JsonArray events = JsonNode.Parse(File.ReadAllText(cli.At("run/trace.json")))!["traceEvents"]!.AsArray();
        JsonNode[] spans = [.. events.Where(e => (string)e!["ph"]! == "X").Select(e => e!)];
        JsonNode[] whole = [.. spans.Where(e => (string)e["cat"]! == "step")];
        Assert.Equal(Enumerable.Range(1, steps).Select(i => $"step {i}"), whole.Select(e => (string)e["name"]!));
        foreach (JsonNode step in whole)
        {
            (double start, double end) = ((double)step["ts"]!, (double)step["ts"]! + (double)step["dur"]!);
            JsonNode[] within = [.. spans.Where(e => e != step && (int)e["args"]!["step"]! == (int)step["args"]!["step"]!
                && (string)e["cat"]! != "evaluation")];
            Assert.Equal(["load", "update"], new[] { within[0], within[^1] }.Select(e => (string)e["name"]!));
            Assert.Contains(within, e => (string)e["name"]! == "fc1 backward weights" && (string)e["cat"]! == "backward");
            double last = start;
            foreach (JsonNode span in within)
            {
                Assert.InRange((double)span["ts"]!, last - .01, end);
                Assert.InRange((double)span["args"]!["idle_us"]!, 0, (double)span["dur"]! + .01);
                last = (double)span["ts"]! + (double)span["dur"]!;
            }
            Assert.InRange(last, start, end + .01);
        }
    }

    [Fact]
    public void People_get_a_table_and_the_same_weights_as_without()
    {
        using Cli cli = new();
        string[] train = ["train", "lenet5", "--data", "fashion-mnist", "--limit", "600", "--epochs", "1"];
        CliResult result = cli.Run([.. train, "--profile", "--out", "profiled"]);
        Assert.True(result.Status == 0, result.Errors);
        Assert.Matches(@"\nlayer +forward +backward +update +ms a step +share\nconv1 +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ %\n",
            result.Output);
        Assert.Matches(@"\nloading data +[0-9.]+ +[0-9.]+ +[0-9.]+ %\n", result.Output);
        Assert.Contains($"trace       profiled{Path.DirectorySeparatorChar}trace.json: all steps, for https://ui.perfetto.dev or " +
            "chrome://tracing\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, cli.Run([.. train, "--out", "plain"]).Status);
        Assert.Equal(File.ReadAllBytes(cli.At("plain/model.safetensors")), File.ReadAllBytes(cli.At("profiled/model.safetensors")));
        Assert.False(File.Exists(cli.At("plain/trace.json")));
    }
}
