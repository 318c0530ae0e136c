using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Convolve.Cli.Tests.Documents;

/// <summary>What docs/guide says was printed by the commands that it shows.</summary>
public class GuideTests
{
    private const double MostDifference = 0.04; // of an accuracy, between processors

    public static TheoryData<string> Pages =>
        [.. Directory.EnumerateFiles(Path.Combine(Root(), "docs/guide"), "*.md").Select(file => Path.GetFileNameWithoutExtension(file))];

    [Theory, MemberData(nameof(Pages))]
    public void Every_figure_of_the_text_was_printed(string page)
    {
        string[] parts = PartsOf(PageFile(page)), figures = [.. Regex.Matches(string.Concat(parts.Where((_, i) => i % 2 == 0)),
            @"(?<![\d.])\d+\.\d{3,}(?![\d.])").Select(m => m.Value)];
        string printed = string.Concat(parts.Where((_, i) => i % 2 == 1)) + File.ReadAllText(Path.Combine(Root(), "docs/results.md"));
        Assert.All(figures, figure => Assert.Contains(figure, printed, StringComparison.Ordinal));
        Assert.All(parts.Where((_, i) => i % 2 == 1), block => Assert.Matches(@"^\$ \S.*\n[^$]", block));
    }

    [Theory, MemberData(nameof(Pages))]
    public void Every_page_that_it_links_is_there(string page)
    {
        string folder = Path.Combine(Root(), "docs/guide"), text = File.ReadAllText(PageFile(page));
        string[] links = [.. Regex.Matches(text, @"\]\((?!https://)([^)#]+)[^)]*\)").Select(m => m.Groups[1].Value)];
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(folder, link)), link));
        if (page != "README")
            Assert.Contains($"]({page}.md)", File.ReadAllText(PageFile("README")), StringComparison.Ordinal);
    }

    [Theory, Trait("Category", "Slow"), MemberData(nameof(Pages))]
    public void The_commands_print_what_the_page_shows(string page)
    {
        using Cli cli = new();
        ProcessStartInfo start = new("bash", [Path.Combine(Root(), "scripts/guide.sh"), "--into", cli.Folder, page])
        {
            RedirectStandardError = true,
            Environment = { ["CONVOLVE"] = Path.Combine(AppContext.BaseDirectory, "Convolve.Cli") },
        };
        using Process script = Process.Start(start)!;
        string said = script.StandardError.ReadToEnd();
        script.WaitForExit();
        Assert.True(script.ExitCode == 0, said);
        string[] shown = PartsOf(PageFile(page)), now = PartsOf(cli.At($"{page}.md"));
        Assert.Equal(shown.Length, now.Length);
        for (int i = 0; i < now.Length; i++)
            if (i % 2 == 0)
                Assert.Equal(shown[i], now[i]);
            else
            {
                Assert.Equal(Commands(shown[i]), Commands(now[i]));
                double[] before = Accuracies(shown[i]), after = Accuracies(now[i]);
                Assert.Equal(before.Length, after.Length);
                Assert.All(before.Zip(after),
                    pair => Assert.InRange(pair.Second, pair.First - MostDifference, pair.First + MostDifference));
            }
    }

    // The text and the blocks of a page, in turn.
    private static string[] PartsOf(string file) =>
        [.. Regex.Split(File.ReadAllText(file), @"^```console\n|^```\n", RegexOptions.Multiline)];

    private static string[] Commands(string block) => [.. block.Split('\n').Where(line => line.StartsWith("$ ", StringComparison.Ordinal))];

    private static double[] Accuracies(string block) => [.. Regex.Matches(block, @"accuracy (0\.\d{4})")
        .Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];

    private static string PageFile(string page) => Path.Combine(Root(), "docs/guide", $"{page}.md");

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
