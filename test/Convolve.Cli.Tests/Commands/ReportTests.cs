using System.Text.Json.Nodes;
using Convolve.Imaging;
using Convolve.Kernels;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Two runs on pictures whose classes have names that are markup.</summary>
public sealed class ReportedRuns : IDisposable
{
    public static readonly string[] Classes = ["<script>alert(1)<", "it's \"a&b\"", "plain"];

    public ReportedRuns()
    {
        byte[] pixels = new byte[28 * 28];
        CounterRandom random = new(1, RandomPurpose.Test);
        foreach (string part in (string[])["train", "test"])
        {
            for (int i = 0; i < 240; i++)
            {
                for (int p = 0; p < pixels.Length; p++)
                    pixels[p] = (byte)random.NextInt32(256);
                pixels.AsSpan(i % 3 * 200, 180).Fill(250);
                string folder = Cli.At($"set/{part}/{Classes[i % 3]}");
                Directory.CreateDirectory(folder);
                File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), PngEncoder.Encode(pixels, 1, 28, 28));
            }
        }
        foreach ((string run, string rate) in new[] { ("first", "0.05"), ("second", "1e-9") })
        {
            CliResult result = Cli.Run("train", "lenet5", "--data", "folder:set", "--epochs", "5", "--batch-size", "10", "--lr", rate,
                "--out", run);
            Assert.True(result.Status == 0, result.Errors);
            Assert.Contains($"\nreport        {run}/report.html\n", result.Output, StringComparison.Ordinal);
        }
    }

    public Cli Cli { get; } = new();

    public void Dispose() => Cli.Dispose();
}

/// <summary>'convolve report' and 'convolve compare'.</summary>
public sealed class ReportTests(ReportedRuns runs) : IClassFixture<ReportedRuns>
{
    private readonly Cli _cli = runs.Cli;

    [Fact]
    public void AReportIsOneFileThatNeedsNothing()
    {
        string page = File.ReadAllText(_cli.At("first/report.html"));
        string[] sections = ["Training", "Classes", "Calibration", "Pictures", "Network", "Recipe and environment"];
        Assert.All(sections, section => Assert.Contains($"<h2>{section}", page, StringComparison.Ordinal));
        AssertAlone(page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;", page, StringComparison.Ordinal);
        Assert.Contains("it&#39;s &quot;a&amp;b&quot;", page, StringComparison.Ordinal);
        Assert.Contains("src=\"data:image/png;base64,", page, StringComparison.Ordinal);
        Assert.Contains($"<dt>run folder</dt><dd><code>{_cli.At("first")}</code></dd>", page, StringComparison.Ordinal);
        Assert.Contains("<dt>trained by</dt><dd><code>convolve train ", page, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.Contains("@media print", page, StringComparison.Ordinal);
    }

    [Fact]
    public void AReportIsWrittenAnewWhereItIsAskedFor()
    {
        CliResult report = _cli.Run("report", "first", "--out", "again.html", "--json");
        Assert.True(report.Status == 0, report.Errors);
        Assert.Equal(["run", "report", "split", "accuracy", "problem"], report.Json.Select(p => p.Key));
        Assert.Equal((_cli.At("again.html"), "test", null),
            ((string)report.Json["report"]!, (string)report.Json["split"]!, (string?)report.Json["problem"]));
        Assert.Equal((double)_cli.Run("evaluate", "first", "--json").Json["accuracy"]!, (double)report.Json["accuracy"]!);
        AssertAlone(File.ReadAllText(_cli.At("again.html")));
        AssertRefused("--out: expected a file, got \"\". See 'convolve report --help'.", "report", "first", "--out", "");
        Assert.Equal(2, _cli.Run("report", "nowhere").Status);
        CliResult unwritable = _cli.Run("report", "first", "--out", "no/such/folder.html");
        Assert.Equal(2, unwritable.Status);
        Assert.StartsWith("convolve: --out no/such/folder.html: the folder ", unwritable.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutThePicturesAReportHasWhatTheRunKnows()
    {
        Directory.Move(_cli.At("set"), _cli.At("elsewhere"));
        try
        {
            CliResult report = _cli.Run("report", "second", "--out", "bare.html", "--json");
            Assert.Equal(0, report.Status);
            Assert.Contains("convolve: the report has no predictions or pictures: ", report.Errors, StringComparison.Ordinal);
            Assert.NotNull(report.Json["problem"]);
            string page = File.ReadAllText(_cli.At("bare.html"));
            AssertAlone(page);
            Assert.Contains("<h2>Training", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<h2>Pictures", page, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Move(_cli.At("elsewhere"), _cli.At("set"));
        }
    }

    [Fact]
    public void RunsAreComparedOnTheSamePictures()
    {
        CliResult compared = _cli.Run("compare", "first", "second", "--json");
        Assert.True(compared.Status == 0, compared.Errors);
        JsonObject json = compared.Json;
        JsonObject[] both = [.. json["runs"]!.AsArray().Select(r => r!.AsObject())];
        Assert.Equal((true, 2), ((bool)json["one_dataset"]!, both.Length));
        Assert.Contains(json["differences"]!.AsArray(), d => (string)d!["name"]! == "optimizer.learning_rate");
        Assert.Null(both[0]["p"]);
        int onlyFirst = (int)both[1]["only_first_right"]!, onlySecond = (int)both[1]["only_this_right"]!, images = (int)both[1]["images"]!;
        Assert.Equal((double)both[1]["accuracy"]! - (double)both[0]["accuracy"]!, (double)both[1]["difference"]!, 1e-12);
        Assert.Equal((onlySecond - onlyFirst) / (double)images, (double)both[1]["difference"]!, 1e-12);
        Assert.True(onlyFirst > 10 + onlySecond, $"{onlyFirst} {onlySecond}"); // the second hardly learns
        Assert.InRange((double)both[1]["p"]!, 0, 0.01);
        foreach (JsonObject run in both)
            Assert.Equal((double)_cli.Run("evaluate", (string)run["run"]!, "--json").Json["accuracy"]!, (double)run["accuracy"]!);
        AssertAlone(File.ReadAllText(_cli.At("compare.html")));
    }

    [Fact]
    public void AComparisonIsATableOfTwoOrMore()
    {
        CliResult compared = _cli.Run("compare", "first", "second", "first", "--out", "three.html");
        Assert.Equal((0, ""), (compared.Status, compared.Errors));
        Assert.Contains("optimizer.learning_rate", compared.Output, StringComparison.Ordinal);
        Assert.Contains("McNemar's exact test", compared.Output, StringComparison.Ordinal);
        Assert.Contains("comparison  three.html\n", compared.Output, StringComparison.Ordinal);
        Assert.Equal(2, _cli.Run("compare", "first").Status);
        Assert.Equal(2, _cli.Run("compare", "first", "nowhere").Status);
    }

    // A page of its own: nothing is fetched, nothing is run.
    private static void AssertAlone(string page)
    {
        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.OrdinalIgnoreCase);
        string rest = page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)https?://|<script|<link|<iframe|@import|url\\((?!#)|\\son[a-z]+=", rest);
        Assert.All(rest.Split(" src=\"").Skip(1), source => Assert.StartsWith("data:", source, StringComparison.Ordinal));
    }

    private void AssertRefused(string message, params string[] arguments)
    {
        CliResult result = _cli.Run(arguments);
        Assert.Equal((2, "", $"convolve: {message}\n"), (result.Status, result.Output, result.Errors));
    }
}
