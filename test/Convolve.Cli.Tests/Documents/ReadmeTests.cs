using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Convolve.Cli.Tests.Documents;

/// <summary>What the README shows is what the repository holds.</summary>
public class ReadmeTests
{
    [Fact]
    public void TheVersionIsTheNewestOfTheChangelog() =>
        Assert.Equal(Cli.RunAnywhere("--version").Output.Trim(), File.ReadLines(Path.Combine(Root(), "CHANGELOG.md"))
            .First(line => line.StartsWith("## ", StringComparison.Ordinal)).Split(' ')[1]);

    [Fact]
    public void The_first_snippet_is_the_first_sample()
    {
        string snippet = Snippets()[0];
        string[] sample = [.. File.ReadLines(Path.Combine(Root(), "samples/first.cs"))
            .Where(l => !l.StartsWith("#:", StringComparison.Ordinal))];
        Assert.Equal(string.Join('\n', sample).Trim(), snippet.Trim());
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("THIRD-PARTY-NOTICES.md")]
    public void Every_file_that_it_links_is_there(string page)
    {
        string[] links = [.. File.ReadAllText(Path.Combine(Root(), page)).Split("](").Skip(1).Select(part => part.Split(')', '#')[0])];
        Assert.NotEmpty(links);
        Assert.All(links.Where(link => link.Length > 0 && !link.StartsWith("https://", StringComparison.Ordinal)),
            link => Assert.True(Path.Exists(Path.Combine(Root(), link)), link));
    }

    [Fact]
    public void Every_package_and_library_has_its_license_in_the_notices()
    {
        string notices = File.ReadAllText(Path.Combine(Root(), "THIRD-PARTY-NOTICES.md"));
        // Packages by their projects' references, with the versions that are restored; libraries by what the launcher installs.
        Dictionary<string, string> versions = XDocument.Load(Path.Combine(Root(), "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(e => e.Attribute("Include")!.Value, e => e.Attribute("Version")!.Value);
        string[] shipped = [.. Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(file => XDocument.Load(file).Descendants("PackageReference")).Where(e => e.Attribute("PrivateAssets") is null)
            .Select(e => e.Attribute("Include")!.Value).Distinct()];
        string script = File.ReadAllText(Path.Combine(Root(), "scripts/common.sh"));
        string[] libraries = [.. Regex.Match(script, @"^libraries=\((.*)\)$", RegexOptions.Multiline).Groups[1].Value.Split(' ')
            .Where(name => name != "\"$kernel_package\""),
            .. Regex.Matches(script, @"kernel_package=(libdnnl[0-9.]+)").Select(match => match.Groups[1].Value)];
        Assert.True(shipped.Length >= 4 && libraries.Length >= 2);
        Assert.All(shipped, name => Assert.Matches($@"\[{Regex.Escape(name)}\]\([^)]*\) {Regex.Escape(versions[name])} \|", notices));
        Assert.All(libraries, name => Assert.Contains($"`{name}`", notices));
    }

    [Fact]
    public void No_figure_is_still_to_come() =>
        Assert.DoesNotMatch("[A-Z]_TABLE", File.ReadAllText(Path.Combine(Root(), "README.md")));

    private static string[] Snippets() =>
        [.. File.ReadAllText(Path.Combine(Root(), "README.md")).Split("```csharp\n").Skip(1).Select(part => part.Split("```")[0])];

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
