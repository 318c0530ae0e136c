using System.Runtime.CompilerServices;

namespace Convolve.Tests.House;

/// <summary>
/// Lines of C# sources and prose are at most 140 columns. The text of raw strings may be longer, and so may tables, links and examples in
/// Markdown.
/// </summary>
public class LineRules
{
    private const int Most = 140;
    private static readonly string[] Folders = ["src", "test", "bench", "samples", "findings", "docs"];

    [Fact]
    public void Lines_are_at_most_140_columns()
    {
        string root = Root();
        var files = Folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(root))
            .Where(file => !Path.GetRelativePath(root, file).Split('/').Any(part => part is "bin" or "obj" or "results" or "node_modules"));
        var wrong = from file in files
                    let lines = LongLines(file)
                    from line in lines
                    select $"{Path.GetRelativePath(root, file)}:{line}";
        string[] list = [.. wrong.Order(StringComparer.Ordinal)];
        Assert.True(list.Length == 0, string.Join('\n', list));
    }

    // docs/results.md is written by `convolve reproduce --results`.
    private static IEnumerable<int> LongLines(string file) => Path.GetExtension(file) switch
    {
        ".cs" => Numbers(File.ReadLines(file), "\"\"\"", _ => false),
        ".md" when Path.GetFileName(file) != "results.md" => Numbers(File.ReadLines(file), "```", MayBeLong),
        _ => [],
    };

    // A table, a link on its own, or an indented or fenced example, whose commands can be pasted.
    private static bool MayBeLong(string line) =>
        line.StartsWith('|') || line.StartsWith("    ", StringComparison.Ordinal) || line.Contains("](", StringComparison.Ordinal);

    private static IEnumerable<int> Numbers(IEnumerable<string> lines, string fence, Func<string, bool> mayBeLong)
    {
        int number = 0;
        bool isFenced = false;
        foreach (string line in lines)
        {
            number++;
            bool wasFenced = isFenced;
            isFenced ^= line.Split(fence).Length % 2 == 0;
            if (line.Length > Most && !wasFenced && !isFenced && !mayBeLong(line))
                yield return number;
        }
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
