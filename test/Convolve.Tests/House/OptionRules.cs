using System.Text.RegularExpressions;

namespace Convolve.Tests.House;

/// <summary>
/// A message of the library stands by itself, in any program: only the command line knows its options, and adds them
/// (<see cref="Remedy"/>).
/// </summary>
public partial class OptionRules
{
    [Fact]
    public void No_text_of_the_library_names_an_option_of_the_command_line()
    {
        var wrong = from file in Sources.Of("src")
                    where !Sources.Name(file).StartsWith("src/Convolve.Cli/", StringComparison.Ordinal)
                    from line in NamingOptions(File.ReadLines(file))
                    select $"{Sources.Name(file)}:{line}";
        string[] list = [.. wrong.Order(StringComparer.Ordinal)];
        Assert.True(list.Length == 0, string.Join('\n', list));
    }

    [Theory]
    [InlineData("throw new RecipeException($\"{path} is used. See --out.\");", true)]
    [InlineData("string name = \"--out\";", true)]
    [InlineData("Say($\"{(any ? \"a\" : \"b\")}, or do without (--no-checkpoint)\");", true)]
    [InlineData("\"\"\"\nconvolve train --lr 0.1\n\"\"\"", true)]
    [InlineData("/// <summary>Such as \"--out\".</summary>", false)]
    [InlineData("while (--left > 0) // \"--out\"", false)]
    [InlineData("string rule = \"|---|--:|\", dash = \"a -- b\";", false)]
    public void Options_are_found_in_texts_alone(string code, bool isFound) => Assert.Equal(isFound, NamingOptions(code.Split('\n')).Any());

    private static IEnumerable<int> NamingOptions(IEnumerable<string> lines)
    {
        int number = 0;
        bool isRaw = false;
        foreach (string line in lines)
        {
            number++;
            string code = isRaw ? line : Comment().Replace(line, "");
            if (Option().Matches(code).Any(option => isRaw || code[..option.Index].Contains('"', StringComparison.Ordinal)))
                yield return number;
            isRaw ^= code.Split("\"\"\"").Length % 2 == 0;
        }
    }

    [GeneratedRegex(@"(?<![\w-])--[a-z]")]
    private static partial Regex Option();

    // Not the two slashes of an address.
    [GeneratedRegex(@"(?<!:)//.*")]
    private static partial Regex Comment();
}
