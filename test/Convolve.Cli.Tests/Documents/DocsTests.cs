using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Convolve.Data;
using Convolve.Imaging;
using Convolve.Inspection;
using Convolve.Runs;
using Convolve.Training;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Convolve.Cli.Tests.Documents;

/// <summary>The C# of docs/ is here, compiled and run.</summary>
public sealed partial class DocsTests : IDisposable
{
    private readonly Cli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void The_snippet_of_resuming_resumes()
    {
        Assert.Equal(0, _cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "500", "--epochs", "2", "--time-limit", "0s",
            "--out", "runs/first").Status);
        string before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = _cli.Folder;
        try
        {
            // docs/resuming.md begins
            using RunFolder run = RunFolder.Open("runs/first");
            LoadedData data = Datasets.Load(run.Recipe.Dataset);
            using Trainer trainer = run.Resume(run.Recipe.Split(data));
            TrainingResult result = trainer.Fit();
            // docs/resuming.md ends
            Assert.Equal((TrainingEnd.Finished, 2), (result.End, result.Epochs.Count));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public async Task The_snippet_of_serving_serves()
    {
        Assert.Equal(0, _cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "500", "--epochs", "1", "--out", "run").Status);
        File.Copy(_cli.At("run/model.safetensors"), _cli.At("model.safetensors"));
        string before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = _cli.Folder;
        string[] args = ["--urls", "http://127.0.0.1:0"];
        try
        {
            // docs/deploy.md begins
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
            builder.Services.AddConvolve(options => options.Path = "model.safetensors"); // the package Convolve.Serving
            builder.Services.AddHealthChecks().AddConvolve();
            WebApplication app = builder.Build();
            app.MapHealthChecks("/health");
            app.MapPost("/classify", async (Stream picture, ImageClassifier classifier) => (await classifier.PredictAsync(picture)).Label);
            // docs/deploy.md ends
            await using WebApplication running = app;
            await app.StartAsync();
            using HttpClient client = new() { BaseAddress = new(app.Urls.Single()) };
            Assert.Equal("Healthy", await client.GetStringAsync("/health"));
            using ByteArrayContent picture = new(PngEncoder.Encode(new byte[28 * 28], 1, 28, 28));
            using HttpResponseMessage answer = await client.PostAsync("/classify", picture);
            Assert.Contains(await answer.Content.ReadAsStringAsync(), ImageClassifier.Load("model.safetensors").Labels);
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public void The_snippet_of_deploying_classifies()
    {
        Assert.Equal(0, _cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "500", "--epochs", "1", "--out", "run").Status);
        File.Copy(_cli.At("run/model.safetensors"), _cli.At("model.safetensors"));
        File.WriteAllBytes(_cli.At("cat.jpg"), PngEncoder.Encode(new byte[28 * 28], 1, 28, 28));
        string before = Environment.CurrentDirectory;
        TextWriter console = Console.Out;
        Environment.CurrentDirectory = _cli.Folder;
        using StringWriter printed = new();
        Console.SetOut(printed);
        try
        {
            // docs/deploy.md begins
            using ImageClassifier classifier = ImageClassifier.Load("model.safetensors"); // in the namespace Convolve
            Prediction prediction = classifier.Predict("cat.jpg");
            Console.WriteLine($"{prediction.Label} {prediction.Confidence:P1}");
            foreach ((string label, float probability) in prediction.Top(5))
                Console.WriteLine($"{label}: {probability:P2}");
            // docs/deploy.md ends
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
        }
        Assert.Equal(6, printed.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void The_snippet_of_inspecting_looks_inside()
    {
        Assert.Equal(0, _cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "500", "--epochs", "1", "--out",
            "runs/first").Status);
        File.WriteAllBytes(_cli.At("shoe.png"), PngEncoder.Encode(Datasets.Load("fashion-mnist").Test.PixelsOf(0), 1, 28, 28));
        string before = Environment.CurrentDirectory;
        TextWriter console = Console.Out;
        using StringWriter printed = new();
        Environment.CurrentDirectory = _cli.Folder;
        Console.SetOut(printed);
        try
        {
            // docs/inspecting.md begins
            using ModelInspector inspector = ModelInspector.Load("runs/first");
            FeatureMaps map = inspector.GradCam("shoe.png");
            Console.WriteLine($"{map.Layer}: {map.Shape.Height}x{map.Shape.Width}, the strongest {map.Values.ToArray().Max()}");
            float[] features = inspector.Features("shoe.png");
            // docs/inspecting.md ends
            Assert.Equal(84, features.Length);
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
        }
        Assert.StartsWith("relu2: 10x10, the strongest ", printed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_snippet_is_one_that_is_compiled_here()
    {
        IEnumerable<string> compiled = Compiled().Matches(File.ReadAllText(Here())).OrderBy(m => m.Groups[1].Value, StringComparer.Ordinal)
            .Select(match => match.Groups[2].Value);
        IEnumerable<string> snippets = Directory.GetFiles(Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs"), "*.md",
            SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(file => File.ReadAllText(file).Split("```csharp\n").Skip(1)).Select(part => part.Split("```")[0]);
        Assert.Equal(compiled.Select(Lines), snippets.Select(Lines));
    }

    private static string Lines(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static string Here([CallerFilePath] string here = "") => here;

    [GeneratedRegex(@"// docs/(\w+)\.md begins\n(.*?)// docs/\1\.md ends\n", RegexOptions.Singleline)]
    private static partial Regex Compiled();
}
