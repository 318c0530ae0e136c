using System.Reflection;
using Convolve.Data;
using Convolve.Tests.Formats;
using Convolve.Tests.House.Api;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.House;

/// <summary>Every call that can be canceled ends with an OperationCanceledException, and says so.</summary>
public sealed class CancellationRules : IDisposable
{
    private static readonly CancellationToken Canceled = new(canceled: true);
    private readonly TemporaryFolder _folder = new();

    private static MethodInfo[] Methods { get; } = [.. PublicApiTests.Libraries.SelectMany(library => library.GetExportedTypes())
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
        .Where(method => method.GetParameters().Any(p => p.ParameterType == typeof(CancellationToken)))];

    // It needs ONNX Runtime, so its own tests cancel it.
    private const string TestedApart = "OnnxClassifier.PredictAll(5)";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task All_of_them_throw()
    {
        DataSplits splits = TrainingData.Splits();
        using Trainer trainer = new(TrainingData.Network, splits, TrainingData.Recipe),
            first = new(TrainingData.Network, splits, TrainingData.Recipe), second = new(TrainingData.Network, splits, TrainingData.Recipe);
        trainer.Classifier.Save(_folder["model.safetensors"]);
        using ImageClassifier classifier = ImageClassifier.Load(_folder["model.safetensors"]);
        foreach (string name in new[] { "a", "b" })
            for (int i = 0; i < 4; i++)
                File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(_folder[$"photos/{name}"]).FullName, $"{i}.png"),
                    Imaging.PngEncoder.Encode(new byte[100], 1, 10, 10));
        string photos = $"folder:{_folder["photos"]}", photo = _folder["photos/a/0.png"];
        Dictionary<string, Func<Task>> calls = new()
        {
            ["Classifier.Evaluate(4)"] = () => Run(() => trainer.Classifier.Evaluate(splits.Test, cancellation: Canceled)),
            ["Classifier.PredictAll(5)"] = () => Run(() => trainer.Classifier.PredictAll(splits.Test, cancellation: Canceled)),
            ["Datasets.Load(4)"] = () => Run(() => Datasets.Load(photos, cancellation: Canceled)),
            ["Datasets.LoadAsync(4)"] = () => Datasets.LoadAsync(photos, cancellation: Canceled),
            ["ImageClassifier.PredictAllAsync(2)"] = async () =>
            {
                await foreach (FilePrediction _ in classifier.PredictAllAsync([photo], Canceled))
                    Assert.Fail("it went on");
            },
            ["ImageClassifier.PredictAsync(2) of Stream"] = () => classifier.PredictAsync(new MemoryStream(new byte[9]), Canceled),
            ["ImageClassifier.PredictAsync(2) of String"] = () => classifier.PredictAsync(photo, Canceled),
            ["Trainer.FindLearningRate(3)"] = () => Run(() => trainer.FindLearningRate(cancellation: Canceled)),
            ["Trainer.Fit(2)"] = () => Run(() => first.Fit(cancellation: Canceled)),
            ["Trainer.Fit(3)"] = () => Run(() => second.Fit(null, null, Canceled)),
        };
        Assert.Equal(calls.Keys.Append(TestedApart).Order(StringComparer.Ordinal), Methods.Select(Name).Order(StringComparer.Ordinal));
        foreach ((string name, Func<Task> call) in calls)
            Assert.True(await Record.ExceptionAsync(call) is OperationCanceledException, name);
    }

    [Fact]
    public void All_of_them_say_so()
    {
        ApiDocs docs = new(PublicApiTests.Libraries);
        Assert.All(Methods, method => Assert.Contains(nameof(OperationCanceledException),
            docs.Parameter(method, method.GetParameters().Single(p => p.ParameterType == typeof(CancellationToken)).Name!) ?? "",
            StringComparison.Ordinal));
    }

    private static Task Run(Func<object> call)
    {
        call();
        return Task.CompletedTask;
    }

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}({method.GetParameters().Length})" +
        (method.Name == nameof(ImageClassifier.PredictAsync) ? $" of {method.GetParameters()[0].ParameterType.Name}" : "");
}
