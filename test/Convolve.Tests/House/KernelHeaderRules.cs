using System.Text.RegularExpressions;

namespace Convolve.Tests.House;

/// <summary>A kernel's file tells its loops, the layout behind each pointer, what is held where, and what bounds its speed.</summary>
public partial class KernelHeaderRules
{
    private const string Vectors = "src/Convolve.Kernels/Vectors/"; // types and single functions, without loops

    [Theory]
    [InlineData("// Registers: the sums. Bound: memory.", true)]
    [InlineData("/// Two sums stay in registers. Memory is the bound: a plane is read twice.", true)]
    [InlineData("/// Forward is bound by memory.", true)]
    [InlineData("// bounds: planes and rows are those of the shape.", false)]
    [InlineData("    long bound = 3;", false)]
    public void A_bound_is_found(string line, bool isFound) => Assert.Equal(isFound, Bound().IsMatch(line));

    [Fact]
    public void Every_kernel_names_its_bound()
    {
        string[] wrong = [.. from file in Sources.Of("src/Convolve.Kernels")
                             where !Sources.Name(file).StartsWith(Vectors, StringComparison.Ordinal)
                             let lines = File.ReadAllLines(file)
                             where lines.Any(line => line.Contains("MethodImplOptions.AggressiveOptimization", StringComparison.Ordinal))
                                 && !lines.Any(line => Bound().IsMatch(line))
                             select Sources.Name(file)];
        Assert.True(wrong.Length == 0, $"Say at the top of these kernels what they loop over, in which layouts, and what bounds them: " +
            string.Join(", ", wrong));
    }

    // "bounds:" says why a method stays within its memory.
    [GeneratedRegex(@"^//.*\b(?:[Bb]ound\b|bounds\b(?!:))")]
    private static partial Regex Bound();
}
