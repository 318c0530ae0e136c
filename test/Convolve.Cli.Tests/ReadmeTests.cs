using System.Runtime.CompilerServices;

namespace Convolve.Cli.Tests;

/// <summary>What the README shows is what the repository holds.</summary>
public class ReadmeTests
{
    [Fact]
    public void The_first_snippet_is_the_first_sample()
    {
        string snippet = Snippets()[0];
        string[] sample = [.. File.ReadLines(Path.Combine(Root(), "samples/first.cs")).Where(l => !l.StartsWith("#:", StringComparison.Ordinal))];
        Assert.Equal(string.Join('\n', sample).Trim(), snippet.Trim());
    }

    [Fact]
    public void Every_file_that_it_links_is_there()
    {
        string[] links = [.. File.ReadAllText(Path.Combine(Root(), "README.md")).Split("](").Skip(1).Select(part => part.Split(')')[0]).Where(link => !link.StartsWith('#'))];
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Root(), link)), link));
    }

    [Fact]
    public void No_figure_is_still_to_come() =>
        Assert.DoesNotMatch("[A-Z]_TABLE", File.ReadAllText(Path.Combine(Root(), "README.md")));

    private static string[] Snippets() =>
        [.. File.ReadAllText(Path.Combine(Root(), "README.md")).Split("```csharp\n").Skip(1).Select(part => part.Split("```")[0])];

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
