namespace Convolve.Tests.House;

/// <summary>
/// Usings are in the order in which `dotnet format style` puts them: System first, then by name, then static ones, then aliases. The build
/// checks everything else that it would, and `dotnet format whitespace`, which `./dev check` runs, doesn't look at the order.
/// </summary>
public class UsingRules
{
    [Theory]
    [InlineData("src")]
    [InlineData("test")]
    [InlineData("bench")]
    public void Usings_are_sorted(string folder) => Assert.Empty(Sources.Of(folder).Where(file => !IsSorted(File.ReadLines(file)))
        .Select(Sources.Name));

    [Theory]
    [InlineData("System|System.IO|Convolve|static System.Math|A = System.Int32", true)]
    [InlineData("Convolve|System", false)]
    [InlineData("Convolve.Data|Convolve", false)]
    [InlineData("Convolve.Zoo.Data|Convolve.ZooData", true)]
    [InlineData("static System.Math|System.IO", false)]
    [InlineData("A = System.Int32|static System.Math", false)]
    public void Another_order_is_found(string usings, bool isSorted) =>
        Assert.Equal(isSorted, IsSorted(usings.Split('|').Select(name => $"using {name};")));

    private static bool IsSorted(IEnumerable<string> lines)
    {
        (int Kind, string Name)[] usings = [.. lines.SkipWhile(line => line.Length == 0 || line.StartsWith("//", StringComparison.Ordinal))
            .TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal)).Select(line => Key(line["using ".Length..^1]))];
        return usings.Order(Comparer<(int Kind, string Name)>.Create((a, b) =>
            a.Kind != b.Kind ? a.Kind - b.Kind : string.CompareOrdinal(a.Name, b.Name))).SequenceEqual(usings);
    }

    // A space, which sorts before all letters, in place of the dot: a namespace comes before those whose names begin alike.
    private static (int Kind, string Name) Key(string text)
    {
        int kind = text.Contains('=', StringComparison.Ordinal) ? 4 : text.StartsWith("static ", StringComparison.Ordinal) ? 2 : 0;
        string name = kind == 2 ? text["static ".Length..] : text;
        bool isSystem = name == "System" || name.StartsWith("System.", StringComparison.Ordinal);
        return (isSystem ? kind : kind + 1, name.Replace('.', ' ').ToUpperInvariant());
    }
}
