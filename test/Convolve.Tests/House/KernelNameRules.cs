using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Convolve.Tests.House;

/// <summary>Names of a library's kernels and layouts are printed and decide nothing: another library has others.</summary>
public partial class KernelNameRules
{
    [Theory]
    [InlineData("if (layout.Format == x)")]
    [InlineData("({ Format: \"acdb\" }, _) => 1,")]
    [InlineData("x => \"ABcd16b16a\"")]
    [InlineData("name.StartsWith(\"jit:uni\", StringComparison.Ordinal)")]
    [InlineData("bool isSlow = description.Implementation.Contains(word);")]
    [InlineData("int speed = description?.Implementation switch")]
    public void A_decision_by_a_name_is_found(string line) => Assert.Matches(Decision(), line);

    [Theory]
    [InlineData("NewTensor($\"{tensor.Storage.Name} as {wanted.Format}\", wanted);")]
    [InlineData("new NativeWork(operation, description.Implementation)")]
    [InlineData("info.Format.Read(folder)")]
    public void Printing_a_name_is_allowed(string line) => Assert.DoesNotMatch(Decision(), line);

    [Fact]
    public void Names_of_kernels_and_layouts_decide_nothing()
    {
        string[] wrong = [.. from file in Directory.EnumerateFiles(SourceFolder(), "*.cs", SearchOption.AllDirectories)
                             where !file.Contains("/obj/", StringComparison.Ordinal)
                             from line in File.ReadLines(file)
                             where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Decision().IsMatch(line)
                             select $"{Path.GetFileName(file)}: {line.Trim()}"];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }

    private static string SourceFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/Convolve"));

    // A layout's or a kernel's name as a literal, or a look into one.
    [GeneratedRegex("""
        "(?:[aA][bB]?[cC][bBdD]+e?[0-9a-d]*|AB[0-9]+[ab][^"]*|jit[^"]*|brg[^"]*|gemm[^"]*|ref(?::[^"]*)?)"|\{ ?Format:|\.Format (?:==|!=|is|switch)\b?|Implementation(?:\.| (?:==|!=|is|switch))
        """)]
    private static partial Regex Decision();
}
