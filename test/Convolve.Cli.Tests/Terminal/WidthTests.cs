using System.Text.RegularExpressions;
using Convolve.Cli.Terminal;
using Convolve.Testing;
using Convolve.Zoo;
using Convolve.Zoo.Experiments;

namespace Convolve.Cli.Tests.Terminal;

/// <summary>
/// Every screen at 80, 100, 120 and 200 columns and piped: no line is longer, no number is broken, and what matters is there.
/// </summary>
public class WidthTests(WidthTests.Runs runs) : IClassFixture<WidthTests.Runs>
{
    private const int Piped = 100;
    private static readonly int?[] Widths = [80, 100, 120, 200, null];

    public static TheoryData<string> Screens => new(
        "", "train --help", "evaluate --help", "lr-find --help", "sweep --help", "analyze --help", "scale --help", "report --help",
        "compare --help",
        "export --help", "reproduce --help", "summary --help", "info --help",
        "data --help", "data list --help", "data fetch --help", "data verify --help", "data preview --help", "summary", "summary lenet5",
        "summary lenet5 --plan",
        "scale alexnet-d2l --batch-size 4096 --nodes 1,2,64,1024 --bandwidth 10Gb --images-per-second 50",
        "summary resnet50", "summary googlenet", "info", "data list", "data verify fashion-mnist", "data verify folder:photos",
        "data preview fashion-mnist --images 2",
        "train lenet6 --data mnist", "train lenet5 --data mnist --optimizer adm", "evaluate nowhere", "reproduce mnist-lenet",
        "train --resume first-run-with-a-name", "evaluate first-run-with-a-name", "evaluate first-run-with-a-name --quiet",
        "report first-run-with-a-name",
        "compare first-run-with-a-name second");

    [Theory, MemberData(nameof(Screens))]
    public void Every_line_fits_and_no_number_is_broken(string screen)
    {
        HashSet<string> numbers = Numbers(runs.Show(1000, screen));
        foreach (int? width in Widths)
        {
            string text = runs.Show(width, screen);
            AssertFits(text, width ?? Piped);
            if (!Regex.IsMatch(screen, "^(evaluate|compare) f|^info$|googlenet")) // rates and free memory, and names that are too long
                Assert.Subset(numbers, Numbers(text).Except(Numbers($"{width ?? Piped}")).ToHashSet());
        }
    }

    [Theory]
    [InlineData("train lenet5 --data fashion-mnist --limit 60 --batch-size 20 --epochs 2 --out")]
    [InlineData("lr-find lenet5 --data fashion-mnist --limit 60 --batch-size 20 --steps 10")]
    [InlineData("train lenet5 --data fashion-mnist --limit 20 --batch-size 20 --optimizer adam --lr 0.005 --overfit-one-batch")]
    public void A_training_fits_80_columns_and_a_pipe(string screen)
    {
        foreach (int? width in (int?[])[80, null])
            AssertFits(runs.Show(width, screen.EndsWith("--out", StringComparison.Ordinal) ? $"{screen} run{width}" : screen),
                width ?? Piped);
    }

    [Fact]
    public void A_resumed_training_fits_at_every_width()
    {
        int epochs = 1;
        foreach (int? width in Widths)
        {
            string text = runs.Show(width, $"train --resume second --override --epochs {++epochs}");
            Assert.Contains(width is null ? "test accuracy" : $" {epochs}/{epochs} ", text, StringComparison.Ordinal);
            AssertFits(text, width ?? Piped);
        }
    }

    // What there is already isn't trained again, so each width shows the same figures.
    [Fact]
    public void The_result_of_an_experiment_fits_at_every_width()
    {
        AssertFits(runs.Show(80, "reproduce dropout --quick --precision f32 --out experiment"), 80);
        foreach (int? width in Widths)
        {
            string text = runs.Show(width, "reproduce --resume experiment");
            AssertFits(text, width ?? Piped);
            Assert.Matches(@"(?m)^figure +without +with dropout \.5$", text);
        }
    }

    [Fact]
    public void A_download_fits_80_columns_and_a_pipe()
    {
        using MirrorServer server = new();
        server.Answer = request => MirrorServer.Serve(request,
            File.ReadAllBytes(Path.Combine("/usr/share/datasets/fashion-mnist", Path.GetFileName(request.Path))), "\"v1\"");
        foreach (int? width in (int?[])[80, null])
            AssertFits(runs.Show(width, $"data fetch fashion-mnist --data-dir own{width} --mirror {server.Address}data"), width ?? Piped);
    }

    [Fact]
    public void Columns_of_the_first_rank_are_at_every_width()
    {
        foreach (int? width in Widths)
        {
            Assert.All(NetworkCatalog.All, network =>
                Assert.Matches($@"(?m)^{Regex.Escape(network.Name)}( |$)", runs.Show(width, "summary")));
            AssertTitles(runs.Show(width, "summary resnet50"), "name", "layer", "output", "parameters", "multiply-adds");
            AssertTitles(runs.Show(width, "data list"), "set", "training", "test", "folder");
            AssertTitles(runs.Show(width, "data verify fashion-mnist"), "set", "file", "bytes", "state");
            AssertTitles(runs.Show(width, "evaluate first-run-with-a-name"), "class", "images", "precision", "recall", "F1", "split",
                "loss", "accuracy", "95 % interval");
        }
        Assert.Contains("Hidden at 80 columns: digest, path. Set COLUMNS higher, or use --json.\n",
            runs.Show(80, "data verify fashion-mnist"), StringComparison.Ordinal);
        Assert.DoesNotContain("Hidden", runs.Show(200, "data verify fashion-mnist"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_takes_its_width_from_COLUMNS_and_100_without()
    {
        using Cli cli = new();
        foreach (string? columns in (string?[])["80", null])
            AssertFits(cli.Run([("COLUMNS", columns)], "summary").Output, columns is null ? Piped : 80);
        Assert.Single(cli.Run([("COLUMNS", null)], "train", "lenet6", "--data", "mnist").Errors, '\n'); // an error in a log is one line
    }

    // The first lines come before anything is measured.
    [Fact]
    public void The_list_of_experiments_comes_at_once_and_its_times_one_by_one()
    {
        using Cli cli = new();
        using var process = cli.Start([("COLUMNS", "80")], "reproduce");
        List<string> lines = [];
        while (process.StandardOutput.ReadLine() is { } line && !line.StartsWith("On this machine", StringComparison.Ordinal))
            lines.Add(line);
        process.StandardOutput.ReadLine(); // the rest of the sentence
        Assert.Matches("^experiment +time +memory$", process.StandardOutput.ReadLine());
        string first = process.StandardOutput.ReadLine()!;
        process.Kill();
        AssertFits(string.Join('\n', lines), 80);
        Assert.All(ExperimentCatalog.All, e => Assert.Contains(lines, line => line.StartsWith(e.Name + " ", StringComparison.Ordinal)));
        AssertTitles(string.Join('\n', lines), "experiment", "runs", "published", "what it shows");
        Assert.Matches($@"^{ExperimentCatalog.All[0].Name} +[\d.]+ .+ [KMG]iB$", first);
    }

    [Fact]
    public void Many_arms_come_in_several_parts_each_with_the_first_column()
    {
        Table table = Output.Columns(["figure", .. Enumerable.Range(1, 9).Select(i => new Column($"an arm of name {i}#"))]);
        Output.Row(table, ["test accuracy", .. Enumerable.Range(1, 9).Select(i => $"0.{i}234 ± 0.0012")]);
        (List<(string Text, bool IsTitle)> lines, List<string> hidden) = table.Layout(60);
        Assert.Empty(hidden);
        Assert.All(lines, line => Assert.True(line.Text.Length <= 60));
        Assert.True(lines.Count(line => line.Text.StartsWith("figure", StringComparison.Ordinal)) > 1);
        string all = string.Join('\n', lines.Select(line => line.Text));
        Assert.All(Enumerable.Range(1, 9), i => Assert.Contains($"0.{i}234 ± 0.0012", all, StringComparison.Ordinal));
    }

    [Fact]
    public void Text_of_any_script_is_measured_in_columns_and_cannot_move_the_cursor()
    {
        Table table = Output.Columns("class", "images#");
        Output.Row(table, "手書き", "1");
        Output.Row(table, "a\nb\e[2J", "22");
        Assert.Equal(["class    images", "手書き        1", "a?b?[2J      22"], table.Layout(80).Lines.Select(line => line.Text));
    }

    [Theory]
    [InlineData("one two three", 8, "one two|three")]
    [InlineData("  one two three", 9, "  one two|  three")]
    [InlineData("it takes 270.0 KiB, and more", 16, "it takes|270.0 KiB, and|more")]
    [InlineData("to resume: convolve train --resume run", 20, "to resume:|convolve train --resume run")]
    [InlineData("see `convolve data verify x` for all", 20, "see|`convolve data verify x`|for all")]
    [InlineData("a/very/long/path/that/stays/whole", 10, "a/very/long/path/that/stays/whole")]
    public void Lines_break_between_words_and_commands_stay_whole(string text, int width, string lines) =>
        Assert.Equal(lines.Split('|'), TextFolding.Fold(text, width));

    private static void AssertTitles(string text, params string[] titles) =>
        Assert.All(titles, title => Assert.Matches($@"(?m)(^| ){Regex.Escape(title)}( |$)", text));

    // Commands and paths stay whole, so that they can be pasted.
    private static void AssertFits(string text, int width)
    {
        foreach (string line in text.Split('\n'))
        {
            Assert.True(TextFolding.Columns(line) <= width || Regex.IsMatch(line, @"^ *(`?convolve |\S*/\S*( |$))|  \S*/\S+$"),
                $"{line.Length} > {width}: {line}");
            Assert.Equal(line.TrimEnd(), line);
            Assert.DoesNotMatch(@"(?<![\d.])\d{1,3}(,\d{3})*,\d{1,2}(\s|$)", line);
            Assert.DoesNotContain('\u2026', line);
        }
    }

    private static HashSet<string> Numbers(string text) => [.. Regex.Matches(text, @"\d[\d,.]*\d|\d").Select(m => m.Value)];

    /// <summary>Two runs and a folder of pictures, in a folder of their own, which is the current one.</summary>
    public sealed class Runs : IDisposable
    {
        private readonly Cli _cli = new();
        private readonly string _before = Environment.CurrentDirectory;

        public Runs()
        {
            Environment.CurrentDirectory = _cli.Folder;
            foreach ((string run, string seed) in new[] { ("first-run-with-a-name", "0"), ("second", "1") })
                Assert.Equal(0, _cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "60", "--batch-size", "20", "--epochs",
                    "1", "--seed", seed, "--out", run, "--quiet").Status);
            foreach (string name in new[] { "cats", "dogs of a kind with a long name" })
            {
                Directory.CreateDirectory(_cli.At($"photos/{name}"));
                for (byte i = 0; i < 3; i++)
                    File.WriteAllBytes(_cli.At($"photos/{name}/{i}.png"),
                        Convolve.Imaging.PngEncoder.Encode([.. Enumerable.Range(0, 64).Select(p => (byte)(p + i + name.Length))], 1, 8, 8));
            }
        }

        public string Show(int? width, string screen)
        {
            CliResult result = InProcess.Run(width, screen.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            Assert.DoesNotContain("unexpected", result.Errors, StringComparison.Ordinal);
            return width is null ? result.Output : result.Output + result.Errors; // an error in a log is one line
        }

        public void Dispose()
        {
            Environment.CurrentDirectory = _before;
            _cli.Dispose();
        }
    }
}
