using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Convolve.Cli.Tests.Packages;

/// <summary>What a .NET developer does with the packages works, outside of the repository.</summary>
[Trait("Category", "Slow")]
public sealed partial class PackageTests(Feed feed, ITestOutputHelper output) : IClassFixture<Feed>
{
    // As downloaded.
    private const long MostLibraryBytes = 2_000_000, MostAheadOfTimeBytes = 25_000_000;
    private static readonly TimeSpan Start = TimeSpan.FromMinutes(2);

    // Written by the package's own README.
    private static readonly string Predicting = Feed.ReadmeSnippet(1);

    [Theory]
    [InlineData("Convolve", "Convolve.dll,Convolve.Imaging.dll,Convolve.Kernels.dll")]
    [InlineData("Convolve.Keras", "Convolve.Keras.dll")]
    [InlineData("Convolve.Onnx", "Convolve.Onnx.dll")]
    [InlineData("Convolve.OnnxRuntime", "Convolve.OnnxRuntime.dll")]
    [InlineData("Convolve.Serving", "Convolve.Serving.dll")]
    [InlineData("Convolve.OneDnn", "Convolve.OneDnn.dll")]
    [InlineData("Convolve.Zoo", "Convolve.Zoo.dll")]
    public void A_library_has_its_assemblies_with_docs_and_symbols(string name, string assemblies)
    {
        string package = $"{name}.{feed.Version}.nupkg";
        string[] files = feed.FilesOf(package), names = assemblies.Split(',');
        Assert.Equal(names.Concat(names.Select(n => Path.ChangeExtension(n, ".xml"))).Order(StringComparer.Ordinal),
            files.Where(f => f.StartsWith("lib/net10.0/", StringComparison.Ordinal)).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal));
        Assert.Equal(names.Select(n => Path.ChangeExtension(n, ".pdb")).Order(StringComparer.Ordinal),
            feed.FilesOf(Path.ChangeExtension(package, ".snupkg")).Where(f => f.EndsWith(".pdb", StringComparison.Ordinal))
            .Select(Path.GetFileName).Order(StringComparer.Ordinal));
        long bytes = new FileInfo(feed.At($"feed/{package}")).Length,
            unpacked = names.Sum(n => (long)feed.Read(package, $"lib/net10.0/{n}").Length);
        output.WriteLine($"{package}: {bytes:N0} bytes, its assemblies {unpacked:N0}");
        Assert.InRange(bytes, 1, MostLibraryBytes);
    }

    [Theory]
    [InlineData("Convolve", "Google.Protobuf,SkiaSharp,SkiaSharp.NativeAssets.Linux.NoDependencies")]
    [InlineData("Convolve.Keras", "Convolve,PureHDF")]
    [InlineData("Convolve.Onnx", "Convolve,Google.Protobuf")]
    [InlineData("Convolve.OnnxRuntime", "Convolve,Microsoft.ML.OnnxRuntime.Managed")]
    [InlineData("Convolve.Serving", "Convolve")]
    [InlineData("Convolve.OneDnn", "Convolve")]
    [InlineData("Convolve.Zoo", "Convolve")]
    [InlineData("Convolve.Tool", "")]
    public void A_package_says_what_it_is_and_needs(string name, string needs)
    {
        string package = $"{name}.{feed.Version}.nupkg";
        XElement metadata = XDocument.Load(new MemoryStream(feed.Read(package, $"{name}.nuspec"))).Root!.Elements().First();
        XNamespace space = metadata.Name.Namespace;
        Assert.Equal(("MIT", "expression"), (metadata.Element(space + "license")!.Value,
            metadata.Element(space + "license")!.Attribute("type")!.Value));
        Assert.Equal((name, feed.Version, "icon.png", "README.md"), (Text("id"), Text("version"), Text("icon"), Text("readme")));
        Assert.StartsWith($"# {name}\n", File(package, "README.md"), StringComparison.Ordinal);
        Assert.NotEmpty(feed.Read(package, "icon.png"));
        Assert.Contains("SkiaSharp", File(package, "THIRD-PARTY-NOTICES.md"), StringComparison.Ordinal);
        Assert.Contains("image-classification", Text("tags"), StringComparison.Ordinal);
        Assert.True(Text("description").Length > 40);
        XElement[] dependencies = [.. metadata.Descendants(space + "dependency").OrderBy(d => d.Attribute("id")!.Value,
            StringComparer.Ordinal)];
        Assert.Equal(needs, string.Join(',', dependencies.Select(d => d.Attribute("id")!.Value)));
        // They see each other's internals.
        Assert.All(dependencies.Where(d => d.Attribute("id")!.Value.StartsWith("Convolve", StringComparison.Ordinal)),
            d => Assert.Equal($"[{feed.Version}]", d.Attribute("version")!.Value));

        string Text(string element) => metadata.Element(space + element)!.Value;
    }

    [Fact]
    public void A_project_gets_the_settings_of_the_runtime_that_kernels_need_and_no_more()
    {
        JsonObject settings = Settings("train");
        foreach (string setting in new[] { "System.GC.Concurrent", "System.Runtime.TieredCompilation.QuickJitForLoops",
            "System.Runtime.TieredPGO" })
            Assert.False((bool)settings[setting]!, setting);
        Assert.False(System.IO.File.Exists(feed.At("train/bin/Debug/net10.0/Convolve.OneDnn.dll")));
        feed.Create("own", "Convolve", Predicting,
            "<TieredPGO>true</TieredPGO><ConcurrentGarbageCollection>true</ConcurrentGarbageCollection>");
        Feed.Require(feed.Dotnet("build", feed.At("own")));
        Assert.Equal((true, true), ((bool)Settings("own")["System.GC.Concurrent"]!, (bool)Settings("own")["System.Runtime.TieredPGO"]!));
    }

    [Fact]
    public void OneDnn_is_used_where_its_package_is_and_only_there()
    {
        feed.Create("without", "Convolve", Predicting);
        feed.Create("with", "Convolve.OneDnn", Predicting);
        Predicts(feed.Dotnet("run", "--project", feed.At("without")));
        Predicts(feed.Dotnet("run", "--project", feed.At("with")));
        (string, string)[] asked = [("CONVOLVE_KERNELS", "onednn")];
        Predicts(feed.RunWith(asked, "dotnet", "run", "--project", feed.At("with")));
        CliResult refused = feed.RunWith(asked, "dotnet", "run", "--project", feed.At("without"));
        Assert.NotEqual(0, refused.Status);
        Assert.Contains("This program was built without oneDNN. Add the package to its project: dotnet add package Convolve.OneDnn",
            refused.Errors, StringComparison.Ordinal);
    }

    // Where JSON by reflection is off.
    [Fact]
    public void A_file_is_a_program()
    {
        System.IO.File.WriteAllText(feed.At("app.cs"), $"#:package Convolve@{feed.Version}\n{Predicting}");
        Predicts(feed.Dotnet("run", feed.At("app.cs")));
    }

    [Theory]
    [InlineData("web", "Convolve", "AddSingleton(_ => ImageClassifier.Load(\"model.safetensors\"))")]
    [InlineData("serving", "Convolve.Serving", "AddConvolve(options => options.Path = \"model.safetensors\")")]
    public async Task A_web_service_predicts(string name, string package, string registration)
    {
        feed.Create(name, package, $$"""
            using Convolve;

            WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
            builder.Services.{{registration}};
            WebApplication app = builder.Build();
            app.MapPost("/predict", async (HttpRequest request, ImageClassifier classifier, CancellationToken cancellation) =>
            {
                Prediction prediction = await classifier.PredictAsync(request.Body, cancellation);
                return new { prediction.Label, prediction.Confidence };
            });
            app.Run();
            """, sdk: "Microsoft.NET.Sdk.Web");
        Feed.Require(feed.Dotnet("build", feed.At(name)));
        using Process service = feed.Start(feed.At("."), [], "dotnet", feed.At($"{name}/bin/Debug/net10.0/{name}.dll"), "--urls",
            "http://127.0.0.1:0");
        try
        {
            using CancellationTokenSource patience = new(Start);
            string? address = null;
            while (address is null && await service.StandardOutput.ReadLineAsync(patience.Token) is { } line)
                address = Listening().Match(line) is { Success: true } match ? match.Groups[1].Value : null;
            using HttpClient client = new();
            using HttpResponseMessage response = await client.PostAsync(new Uri($"{address}/predict"),
                new ByteArrayContent(System.IO.File.ReadAllBytes(feed.At("photo.png"))), patience.Token);
            JsonNode json = JsonNode.Parse(await response.Content.ReadAsStringAsync(patience.Token))!;
            Assert.Equal(Photos.Label, (string)json["label"]!);
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync();
        }
    }

    // ONNX Runtime's own library is where the SDK keeps this machine's packages.
    [Fact]
    public void A_program_exports_to_ONNX_and_evaluates_the_file()
    {
        feed.Create("evaluate", "Convolve.Onnx,Convolve.OnnxRuntime", """
            using Convolve.Data;
            using Convolve.Onnx;
            using Convolve.OnnxRuntime;
            using Convolve.Training;

            OnnxExport.Write("model.safetensors", "model.onnx");
            using OnnxClassifier network = OnnxClassifier.Load("model.onnx");
            LoadedData photos = Datasets.Load("folder:photos");
            Split test = new Recipe { Network = "", Dataset = "folder:photos" }.Split(photos).Test;
            Console.WriteLine($"{test.Count} {network.PredictAll(test, network.Preprocessing!).Accuracy > 0.9}");
            """);
        Assert.Matches(@"^[1-9]\d* True$", Feed.Require(feed.Dotnet("run", "--project", feed.At("evaluate"))).Output.TrimEnd());
    }

    // PureHDF comes with the package.
    [Fact]
    public void A_program_reads_weights_of_Keras()
    {
        feed.Create("keras", "Convolve.Keras", """
            using System.Text;
            using Convolve.Keras;
            using PureHDF;

            H5Group variables = new() { ["0"] = new float[2, 3] { { 1, 2, 3 }, { 4, 5, 6 } }, ["1"] = new float[] { 7, 8, 9 } };
            H5File file = new() { ["layers"] = new H5Group { ["dense"] = new H5Group { ["vars"] = variables } } };
            file.Write("dense.weights.h5");
            KerasWeights.ToSafeTensors("dense.weights.h5", "dense.safetensors");
            byte[] bytes = File.ReadAllBytes("dense.safetensors");
            Console.WriteLine(Encoding.UTF8.GetString(bytes, 8, (int)BitConverter.ToInt64(bytes)).TrimEnd());
            """);
        JsonNode header = JsonNode.Parse(Feed.Require(feed.Dotnet("run", "--project", feed.At("keras"))).Output)!;
        Assert.Equal(["[2,3]", "[3]"], header.AsObject().Where(t => t.Key != "__metadata__").Select(t => t.Value!["shape"]!.ToJsonString())
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_program_compiled_ahead_of_time_is_small_and_says_the_same()
    {
        feed.Create("ahead", "Convolve.OneDnn", Predicting, "<PublishAot>true</PublishAot>");
        CliResult result = Feed.Require(feed.Dotnet("publish", feed.At("ahead"), "-r", "linux-x64", "-o", feed.At("ahead/out")));
        Assert.DoesNotContain("warning", result.Output, StringComparison.OrdinalIgnoreCase);
        FileInfo[] files = [.. new[] { "ahead", "libSkiaSharp.so" }.Select(name => new FileInfo(feed.At($"ahead/out/{name}")))];
        output.WriteLine(string.Join(", ", files.Select(file => $"{file.Name} {file.Length:N0} bytes")));
        Assert.InRange(files.Sum(file => file.Length), 1, MostAheadOfTimeBytes);
        foreach (string kernels in new[] { "auto", "onednn" })
            Predicts(feed.RunWith([("CONVOLVE_KERNELS", kernels)], files[0].FullName));
        feed.Create("jit", "Convolve", Predicting);
        Assert.Equal(Predicts(feed.Dotnet("run", "--project", feed.At("jit"))),
            Predicts(feed.RunWith([("CONVOLVE_KERNELS", "managed")], files[0].FullName)));
    }

    [Fact]
    public void The_tool_is_installed_and_runs()
    {
        string[] files = feed.FilesOf($"Convolve.Tool.{feed.Version}.nupkg");
        foreach (string identifier in new[] { "linux-x64", "linux-arm64", "linux-musl-x64", "win-x64", "win-arm64", "osx" })
            Assert.Contains(files, f => f.Contains($"/runtimes/{identifier}/native/libSkiaSharp.", StringComparison.Ordinal));
        Assert.DoesNotContain(files, f => f.EndsWith("libSkiaSharp.pdb", StringComparison.Ordinal));
        Feed.Require(feed.Dotnet("tool", "install", "Convolve.Tool", "--version", feed.Version, "--tool-path", feed.At("tools")));
        string program = feed.At("tools/convolve");
        JsonNode info = JsonNode.Parse(Feed.Require(feed.Run(program, "info", "--json")).Output)!;
        Assert.StartsWith("Skia", (string)info["picture_library"]!, StringComparison.Ordinal);
        CliResult predicted = Feed.Require(feed.Run(program, "predict", "model.safetensors", "photo.png"));
        Assert.StartsWith($"photo.png: {Photos.Label} ", predicted.Output, StringComparison.Ordinal);
    }

    // The line that the README's program prints.
    private static string Predicts(CliResult result)
    {
        Feed.Require(result);
        Assert.Matches(string.Create(CultureInfo.InvariantCulture, $"^{Photos.Label} [0-9.]+ ?%$"), result.Output.TrimEnd());
        return result.Output;
    }

    private string File(string package, string name) => System.Text.Encoding.UTF8.GetString(feed.Read(package, name));

    private JsonObject Settings(string project) => JsonNode.Parse(System.IO.File.ReadAllText(
        feed.At($"{project}/bin/Debug/net10.0/{project}.runtimeconfig.json")))!["runtimeOptions"]!["configProperties"]!.AsObject();

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}
