using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Experiments, listed and run in small.</summary>
public class ReproduceTests
{
    [Fact]
    public void TheListHasTimeAndMemoryOfEachExperiment()
    {
        CliResult result = Cli.RunAnywhere("reproduce", "--json");
        Assert.True(result.Status == 0, result.Errors);
        JsonArray all = result.Json["experiments"]!.AsArray();
        Assert.Contains(all, e => (string)e!["name"]! == "mnist-lenet5");
        Assert.All(all, e =>
        {
            Assert.Contains($"\n{(string)e!["name"]!} ", "\n" + result.Errors, StringComparison.Ordinal);
            if (e["arms"] is null)
                return; // trains nothing
            Assert.InRange((double)e["expected_seconds"]!, 0.1, 1e6);
            Assert.InRange((long)e["expected_memory_bytes"]!, 100_000, 100_000_000_000);
        });
    }

    [Fact]
    public void AQuickRunPutsTheArmsSideBySideAndSaysThatItIsQuick()
    {
        using Cli cli = new();
        CliResult result = cli.Run("reproduce", "dropout", "--quick", "--seeds", "2", "--precision", "f32", "--out", "here", "--json");
        Assert.True(result.Status == 0, result.Errors);
        JsonObject json = result.Json;
        Assert.True((bool)json["quick"]!);
        Assert.Equal(["without", "with dropout .5"], json["arms"]!.AsArray().Select(a => (string)a!["name"]!));
        foreach (JsonNode? arm in json["arms"]!.AsArray())
        {
            double[] accuracies = [.. arm!["runs"]!.AsArray().Select(r => (double)r!["test_accuracy"]!)];
            Assert.Equal(accuracies.Average(), (double)arm["test_accuracy"]!, 1e-12);
            Assert.True(accuracies.All(a => a > 0.5));
            Assert.True((double)arm["test_accuracy_half_interval"]! >= 0);
        }
        Assert.Equal(json.ToJsonString(), JsonNode.Parse(File.ReadAllText(cli.At("here/result.json")))!.ToJsonString());
        double[][] arms = [.. json["arms"]!.AsArray()
            .Select(a => a!["runs"]!.AsArray().Select(r => (double)r!["test_accuracy"]!).ToArray())];
        Assert.Equal(arms[1].Zip(arms[0], (second, first) => second - first).Average(), (double)json["test_difference"]!, 1e-12);
        Assert.Equal(["curves.svg", "experiment.json", "result.json", "with-dropout--5-seed0", "with-dropout--5-seed1", "without-seed0",
            "without-seed1"],
            Directory.GetFileSystemEntries(cli.At("here")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("--quick trains on few images", result.Errors, StringComparison.Ordinal);
        Assert.Contains("\nThe run was cut short: its figures say nothing about the experiment, so differences are not shown.\n",
            result.Errors, StringComparison.Ordinal);
        Assert.Matches(@"\nfigure +without +with dropout \.5\n", result.Errors);
        CliResult again = cli.Run("reproduce", "dropout", "--quick", "--out", "here");
        Assert.Equal(
            (2, "convolve: here is not empty, and runs are not overwritten. Choose another folder with --out, delete it, or resume the " +
                "experiment in it: --resume here.\n"),
            (again.Status, again.Errors));
        Assert.EndsWith(", float32", (string)json["machine"]!, StringComparison.Ordinal);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(cli.At("here/without-seed1/report.html")),
            StringComparison.OrdinalIgnoreCase);
        Assert.Empty(json["changed"]!.AsArray());
        // A page that tells of another experiment, which ran elsewhere, and of this one.
        File.WriteAllText(cli.At("page.md"), "# Results\n\n## dropout\n\nAn old one.\n\n## relu-vs-tanh\n\nOf elsewhere.\n\n- 1\n");
        string recipe = cli.At("here/without-seed1/recipe.json");
        File.WriteAllText(recipe, File.ReadAllText(recipe).Replace("\"momentum\": 0.9", "\"momentum\": 0.8", StringComparison.Ordinal));
        CliResult page = cli.Run("reproduce", "--results", ".", "--out", "page.md");
        Assert.True(page.Status == 0, page.Errors);
        Assert.EndsWith("2 experiments, page.md; unchanged: relu-vs-tanh\n", page.Output, StringComparison.Ordinal);
        string text = File.ReadAllText(cli.At("page.md"));
        Assert.Contains("\n\n## relu-vs-tanh\n\nOf elsewhere.\n\n- 1\n\n## dropout\n\nLeNet-5 with and without dropout.", text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("An old one", text, StringComparison.Ordinal);
        Assert.Contains("**Run before these settings of the experiment changed: optimizer.momentum: 0.8, then 0.9.**", text,
            StringComparison.Ordinal);
        Assert.Contains("\n    convolve reproduce dropout --quick --seeds 2 --precision f32\n", text, StringComparison.Ordinal);
        Assert.Contains("**Quick run ", text, StringComparison.Ordinal);
        Assert.Contains("\n| | without | with dropout .5 |\n|---|--:|--:|\n| test accuracy | ", text, StringComparison.Ordinal);
        Assert.Contains("](page/dropout.svg)", text, StringComparison.Ordinal);
        Assert.StartsWith("<svg", File.ReadAllText(cli.At("page/dropout.svg")), StringComparison.Ordinal);
    }

    [Fact]
    public void AnInterruptedExperimentGoesOnWithWhatIsMissing()
    {
        using Cli cli = new();
        Assert.Equal(0, cli.Run("reproduce", "dropout", "--quick", "--out", "here", "--quiet").Status);
        string whole = File.ReadAllText(cli.At("here/result.json"));
        // As a kill in the second arm leaves it.
        File.Delete(cli.At("here/result.json"));
        string metrics = cli.At("here/with-dropout--5-seed0/metrics.jsonl");
        File.WriteAllLines(metrics, File.ReadAllLines(metrics)[..1]);
        DateTime first = File.GetLastWriteTimeUtc(cli.At("here/without-seed0/metrics.jsonl"));
        CliResult refused = cli.Run("reproduce", "dropout", "--resume", "here");
        Assert.Equal((2, "convolve: --resume uses the settings that the experiment was started with: remove " +
            "NAME.\n"), (refused.Status, refused.Errors));
        CliResult rest = cli.Run("reproduce", "--resume", "here", "--json");
        Assert.True(rest.Status == 0, rest.Errors);
        Assert.Equal(first, File.GetLastWriteTimeUtc(cli.At("here/without-seed0/metrics.jsonl")));
        Assert.Equal(Accuracies(JsonNode.Parse(whole)!), Accuracies(rest.Json));
        CliResult none = cli.Run("reproduce", "--resume", "nowhere");
        Assert.Equal(2, none.Status);
        Assert.StartsWith("convolve: nowhere is not an experiment's folder: ", none.Errors, StringComparison.Ordinal);

        static double[] Accuracies(JsonNode result) => [.. result["arms"]!.AsArray().Select(a => (double)a!["test_accuracy"]!)];
    }

    [Fact]
    public void WhatIsTypedForAListHasNoMeaning()
    {
        CliResult result = Cli.RunAnywhere("reproduce", "--seeds", "3");
        Assert.Equal((2, "convolve: without NAME, the experiments are only listed: remove --seeds.\n"), (result.Status, result.Errors));
    }

    [Fact]
    public void AFolderThatCannotBeReadIsLeftOutOfThePage()
    {
        using Cli cli = new();
        Assert.Equal(0, cli.Run("reproduce", "fashion-rooflines", "--out", "here", "--quiet").Status);
        Directory.CreateDirectory(cli.At("bad"));
        File.WriteAllText(cli.At("bad/result.json"), "{}");
        File.WriteAllText(cli.At("bad/experiment.json"),
            """{"experiment":"dropout","command":"convolve reproduce dropout","date":"2026-11-01 10:00","seeds":0}""");
        CliResult result = cli.Run("reproduce", "--results", ".", "--out", "page.md", "--json");
        Assert.Equal(1, result.Status);
        Assert.StartsWith("convolve: skipped ./bad: ./bad is not an experiment's folder: ", result.Errors, StringComparison.Ordinal);
        Assert.Equal("""["./bad"]""", result.Json["unread"]!.ToJsonString());
        Assert.Contains("\n## fashion-rooflines\n", File.ReadAllText(cli.At("page.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutResultsMakesNoPage()
    {
        using Cli cli = new();
        CliResult result = cli.Run("reproduce", "--results", ".");
        Assert.Equal(
            (2, "convolve: No finished experiment found under .. Run one with: convolve reproduce NAME --out ./NAME\n"),
            (result.Status, result.Errors));
        Assert.False(File.Exists(cli.At("results.md")));
    }

    [Fact]
    public void AnExperimentThatTrainsNothingHasAResultToo()
    {
        using Cli cli = new();
        CliResult result = cli.Run("reproduce", "fashion-rooflines", "--out", "here", "--json");
        Assert.True(result.Status == 0, result.Errors);
        JsonNode? products = Assert.Single(result.Json["figures"]!.AsArray(), f => (string)f!["name"]! == "multiply-adds per image");
        Assert.Equal((938_000_000.0, 938_146_176.0), ((double)products!["published"]!, (double)products["measured"]!));
        Assert.Equal(0, cli.Run("reproduce", "--results", ".", "--out", "page.md").Status);
        Assert.Contains("\n    convolve reproduce fashion-rooflines\n", File.ReadAllText(cli.At("page.md")), StringComparison.Ordinal);
        Assert.Contains("\n| multiply-adds per image | 938,000,000 | 938,146,176 | +146,176 |\n", File.ReadAllText(cli.At("page.md")),
            StringComparison.Ordinal);
        CliResult quick = cli.Run("reproduce", "fashion-rooflines", "--quick", "--out", "quick");
        Assert.True(quick.Status == 0, quick.Errors);
        Assert.Contains("+146,176", quick.Output, StringComparison.Ordinal);
        CliResult seeds = cli.Run("reproduce", "fashion-rooflines", "--seeds", "3");
        Assert.Equal((2, "convolve: fashion-rooflines only counts and measures, without training: remove --seeds.\n"),
            (seeds.Status, seeds.Errors));
    }

    [Fact]
    public void AnUnknownExperimentIsToldTheNearest()
    {
        CliResult result = Cli.RunAnywhere("reproduce", "mnist-lenet");
        Assert.Equal(2, result.Status);
        Assert.StartsWith("convolve: Unknown experiment \"mnist-lenet\". Did you mean mnist-lenet5? Use one of mnist-lenet5, ",
            result.Errors, StringComparison.Ordinal);
    }
}
