using System.Runtime.CompilerServices;
using Convolve.Data;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Cli.Tests.Documents;

/// <summary>The C# of docs/ is here, compiled and run.</summary>
public sealed class DocsTests : IDisposable
{
    private const string Begin = "// docs/resuming.md begins", End = "// docs/resuming.md ends";
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
    public void Every_snippet_is_one_that_is_compiled_here()
    {
        string here = File.ReadAllText(Here()),
            compiled =
            here[(here.LastIndexOf(Begin, here.LastIndexOf(End, StringComparison.Ordinal), StringComparison.Ordinal)
            + Begin.Length)..here.LastIndexOf(End, StringComparison.Ordinal)];
        string[] snippets =
            [.. Directory.GetFiles(Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs"), "*.md", SearchOption.AllDirectories)
            .SelectMany(file => File.ReadAllText(file).Split("```csharp\n").Skip(1)).Select(part => part.Split("```")[0])];
        Assert.Equal([Lines(compiled)], snippets.Select(Lines));
    }

    private static string Lines(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static string Here([CallerFilePath] string here = "") => here;
}
