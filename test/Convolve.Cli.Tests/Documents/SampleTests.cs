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
    [InlineData("web.cs")]
    public void ItBuilds(string sample) => Dotnet(".", "build", Path.Combine(Samples(), sample), "-v:quiet", "-nologo",
        "--disable-build-servers");

    [Fact, Trait("Category", "Slow")]
    public void Own_images_and_networks_are_trained()
    {
        string folder = Directory.CreateTempSubdirectory("convolve-samples-").FullName;
        try
        {
            Photos.Write(folder, countOfClass: 40);
            File.WriteAllText(Path.Combine(folder, "photos", Photos.Label, "bad.png"), "no picture");
            string images = Dotnet(folder, "run", Path.Combine(Samples(), "own-images.cs"), "--", "photos", "photo.png");
            Assert.Matches($"""
                ^left out: .*bad.png.*
                \d+ pictures to train on, \d+ to choose the best epoch, \d+ to test; classes: horizontal, vertical
                test accuracy (100.0|[789]\d.\d) ?% on \d+ pictures after [0-9.]+ s
                photo.png: {Photos.Label} [0-9.]+ %
                $
                """, images);
            File.Delete(Path.Combine(folder, "photos", Photos.Label, "bad.png"));
            Assert.Matches("""
                ^mine: [0-9,]+ parameters, [0-9,]+ multiply-adds for a picture
                (epoch \d: loss \d.\d+, validation accuracy [0-9.]+ ?%
                ){3}test accuracy [0-9.]+ ?%
                $
                """, Dotnet(folder, "run", Path.Combine(Samples(), "own-network.cs"), "--", "photos"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void All_of_them_are_built_or_run() => Assert.Equal(
        ["classify.cs", "first.cs", "own-images.cs", "own-network.cs", "resume.cs", "web.cs"],
        Directory.GetFiles(Samples(), "*.cs").Select(Path.GetFileName).Order(StringComparer.Ordinal));

    // The first one builds the library.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static string Dotnet(string folder, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        CliResult result = Cli.Finish(process, Patience);
        Assert.True(result.Status == 0, result.Output + result.Errors);
        return result.Output;
    }

    private static string Samples([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../samples"));
}
