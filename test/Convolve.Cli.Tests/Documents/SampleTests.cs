using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Convolve.Cli.Tests.Documents;

/// <summary>The samples build as a user would build them.</summary>
public class SampleTests
{
    [Theory, Trait("Category", "Slow")]
    [InlineData("classify.cs")]
    [InlineData("first.cs")]
    [InlineData("resume.cs")]
    public void ItBuilds(string sample)
    {
        ProcessStartInfo start = new("dotnet", ["build", Path.Combine(Samples(), sample), "-v:quiet", "-nologo",
            "--disable-build-servers"])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process build = Process.Start(start)!;
        CliResult result = Cli.Finish(build);
        Assert.True(result.Status == 0, result.Output + result.Errors);
    }

    [Fact]
    public void AllOfThemAreBuilt() => Assert.Equal(["classify.cs", "first.cs", "resume.cs"],
        Directory.GetFiles(Samples(), "*.cs").Select(Path.GetFileName).Order(StringComparer.Ordinal));

    private static string Samples([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../samples"));
}
