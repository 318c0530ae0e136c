using System.Text.RegularExpressions;

namespace Convolve.Tests.House;

/// <summary>
/// Kernels are written over <c>IFloats</c> and <c>IShorts</c>, so that one source makes the form for AVX-512 and the one for AVX2. Only
/// src/Convolve.Kernels/Vectors names the registers of the machine.
/// </summary>
public partial class VectorRules
{
    private const string Vectors = "src/Convolve.Kernels/Vectors/";

    /// <summary>Files and folders that name registers all the same, wherever they are, and why.</summary>
    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal)
    {
        ["/PixelPlanes.cs"] = "bytes, in a project without unsafe code or kernels",
        ["/CounterRandom.cs"] = "a generator of 32-bit integers, whose products have 64 bits",
        ["/DropoutKernel.cs"] = "masks made of the generator's integers",
        ["/LayoutTile.cs"] = "transposes squares of numbers of 16 and 32 bits by shuffles",
        ["/Pixels/"] = "bytes of pictures, and floats made of them",
    };

    [Theory]
    [InlineData("Vector512<float> sum = Vector512<float>.Zero;")]
    [InlineData("if (Vector256.IsHardwareAccelerated)")]
    [InlineData("(Vector128.Load(from) << 16).Store(to);")]
    public void A_register_is_found(string line) => Assert.Matches(Register(), line);

    [Fact]
    public void Only_the_vector_types_name_registers()
    {
        string[] wrong = [.. Users().Where(name => !Exceptions.Keys.Any(key => name.Contains(key, StringComparison.Ordinal)))];
        Assert.True(wrong.Length == 0, $"Write these kernels over IFloats<T>: {string.Join(", ", wrong)}");
    }

    [Fact]
    public void Every_exception_is_needed()
    {
        string[] users = [.. Users()];
        Assert.DoesNotContain(Exceptions.Keys, key => !users.Any(name => name.Contains(key, StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Users() =>
        from file in Sources.Of("src")
        let name = Sources.Name(file).Replace('\\', '/')
        where !name.StartsWith(Vectors, StringComparison.Ordinal) && File.ReadLines(file).Any(line => Register().IsMatch(line))
        select name;

    [GeneratedRegex(@"\bVector(?:128|256|512)\b")]
    private static partial Regex Register();
}
