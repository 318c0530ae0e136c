using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Inference;

public sealed class ClassifierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataSplits _splits = TrainingData.Splits();
    private readonly TrainingResult _result;

    public ClassifierTests()
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, _splits, TrainingData.Recipe with { Epochs = 2 });
        _result = trainer.Fit();
    }

    private string ModelPath => _folder["run/model.safetensors"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_has_its_files()
    {
        Assert.Equal([".lock", "checkpoint", "environment.json", "events.out.tfevents", "metrics.csv", "metrics.jsonl", "model.safetensors",
            "recipe.json", "train", "validation"],
            Directory.EnumerateFileSystemEntries(_folder["run"]).Select(f => Path.GetFileName(f)!.Split(".1")[0])
            .Order(StringComparer.Ordinal));
        (Recipe recipe, Graph graph) = RunFolder.ReadRecipe(_folder["run"]);
        Assert.Equal(TrainingData.Recipe with { Epochs = 2 }, recipe);
        Assert.Equal(TrainingData.Network, graph);
        JsonObject environment = JsonNode.Parse(File.ReadAllText(_folder["run/environment.json"]))!.AsObject();
        Assert.Equal(["convolve", "started", "dotnet", "system", "processor", "cores", "threads", "instruction_set", "kernel_library",
            "precision", "memory_bytes"],
            environment.Select(p => p.Key));
        Assert.All(environment, p => Assert.False(string.IsNullOrEmpty(p.Value?.ToString())));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", environment["started"]!.ToString());
    }

    [Fact]
    public void The_loaded_classifier_evaluates_as_the_trainer_did()
    {
        using Classifier classifier = Classifier.Load(_folder["run"]), byFile = Classifier.Load(ModelPath);
        Evaluation evaluation = classifier.Evaluate(_splits.Test, TrainingData.Recipe.BatchSize);
        Assert.Equal(_result.Test, evaluation with { ImagesPerSecond = _result.Test.ImagesPerSecond });
        Assert.Equal(evaluation.Loss, byFile.Evaluate(_splits.Test, TrainingData.Recipe.BatchSize).Loss);
        foreach (int batch in new[] { 1, 7, 43, 128 })
        {
            Evaluation other = classifier.Evaluate(_splits.Test, batch);
            Assert.Equal((evaluation.Images, evaluation.Accuracy, evaluation.Top5Accuracy),
                (other.Images, other.Accuracy, other.Top5Accuracy));
            Assert.InRange(other.Loss / evaluation.Loss, 1 - 1e-5, 1 + 1e-5); // other kernels for other batches, which round otherwise
        }
        Assert.Equal(TrainingData.Network, classifier.Graph);
        Assert.Equal(_splits.Test.Dataset.ClassNames, classifier.ClassNames);
    }

    [Fact]
    public void Predictions_are_probabilities_and_agree_with_the_evaluation()
    {
        using Classifier classifier = Classifier.Load(_folder["run"]);
        Dataset test = _splits.Test.Dataset;
        float[][] all = [.. Enumerable.Range(0, test.Count).Select(i => classifier.Predict(test.PixelsOf(i), test.SizeOf(i)))];
        Assert.All(all, p =>
        {
            Assert.Equal(TrainingData.Classes, p.Length);
            Assert.Equal(1, p.Sum(), 1e-5);
            Assert.All(p, value => Assert.InRange(value, 0, 1));
        });
        Assert.Equal(_result.Test.Accuracy,
            all.Index().Average(p => Array.IndexOf(p.Item, p.Item.Max()) == test.LabelOf(p.Index) ? 1.0 : 0), 1e-12);
        float[] resized = classifier.Predict(new byte[20 * 30], new(1, 20, 30));
        Assert.Equal(1, resized.Sum(), 1e-5);
        Assert.Throws<DatasetException>(() => classifier.Predict(new byte[3 * 144], new(3, 12, 12)));
    }

    [Fact]
    public void Only_the_batches_in_use_have_kernels()
    {
        int count = _splits.Test.Count;
        const int Batch = 7;
        Assert.NotEqual(0, count % Batch);
        using ModelFile file = ModelFile.Open(_folder["run"]);
        IReadOnlyList<Plan> plans = Evaluator.PlansFor(file.Graph, new(), count, Batch);
        Assert.Equal([Batch, count % Batch], plans.Select(p => p.Options.BatchSize));
        using Classifier classifier = Classifier.Load(file, new(), plans);
        Assert.Equal(0, classifier.Model.PassCount);
        Evaluation evaluation = classifier.Evaluate(_splits.Test, Batch);
        Assert.Equal((_result.Test.Accuracy, 2), (evaluation.Accuracy, classifier.Model.PassCount));
        Assert.Equal(plans, ((int[])[Batch, count % Batch]).Select(size => classifier.Model.Evaluation(size).Plan));
        Assert.Equal(MemoryEstimate.Of(plans).TotalBytes, classifier.Model.MemoryBytes);

        using Classifier any = Classifier.Load(ModelPath);
        Assert.Equal(0, any.Model.PassCount);
        any.Predict(_splits.Test.Dataset.PixelsOf(0), _splits.Test.Dataset.SizeOf(0));
        Assert.Equal(1, any.Model.PassCount);
    }

    [Fact]
    public void Saving_and_loading_change_no_bit()
    {
        using Classifier classifier = Classifier.Load(ModelPath);
        classifier.Save(_folder["again.safetensors"]);
        Assert.Equal(File.ReadAllBytes(ModelPath), File.ReadAllBytes(_folder["again.safetensors"]));
    }

    [Fact]
    public void A_set_with_other_classes_is_refused()
    {
        using Classifier classifier = Classifier.Load(ModelPath);
        Dataset other = TrainingData.Noise(4, 1, TrainingData.Size, 3);
        Assert.Equal(
            "The data set noise has the classes class 0, class 1, class 2, but the network was trained on class 0, class 1, class 2, " +
            "class 3, class 4. Evaluate it on a data set with its classes.",
            Assert.Throws<DatasetException>(() => classifier.Evaluate(new("test", other, [0, 1]))).Message);
    }

    [Fact]
    public void Evaluation_can_be_cancelled_and_tells_its_progress()
    {
        using Classifier classifier = Classifier.Load(ModelPath);
        Assert.Throws<OperationCanceledException>(() => classifier.Evaluate(_splits.Test, cancellation: new(true)));
        Assert.Throws<ArgumentOutOfRangeException>(() => classifier.Evaluate(_splits.Test, 0));
    }

    [Fact]
    public void Damaged_files_give_the_one_documented_exception()
    {
        byte[] good = File.ReadAllBytes(ModelPath);
        int header = (int)BitConverter.ToInt64(good) + 8;
        CounterRandom random = new(1, RandomPurpose.Test);
        List<byte[]> bad = [[], [1], good[..8], good[..(header / 2)], good[..header], good[..^1], [.. good, 0]];
        for (int i = 0; i < 150; i++)
        {
            byte[] damaged = [.. good];
            damaged[random.NextInt32(header)] ^= (byte)(1 << random.NextInt32(8));
            bad.Add(damaged);
        }
        Assert.All(bad, RequireRefusedOrLoaded);
        Assert.Throws<SafeTensorsException>(() => Classifier.Load(_folder["nothing"]));
        Assert.Throws<SafeTensorsException>(() => Classifier.Load(_folder.FullName));
    }

    // Every number of the network in turn: what comes is a network that fits the tensors, or the one exception.
    [Fact]
    public void Lies_about_the_network_are_found_before_anything_is_made_of_them()
    {
        string text = HeaderText();
        foreach (Match number in Regex.Matches(text, @"(?<=[:\[,])\d+(?=[,\]}])")
            .Where(m => m.Index < text.IndexOf("\"data_offsets\"", StringComparison.Ordinal)))
            foreach (string lie in new[] { "0", "-1", "1", "3", "13", "1000000", "2147483647", "99999999999999", "1e9", "null" })
                RequireRefusedOrLoaded(WithHeader(text[..number.Index] + lie + text[(number.Index + number.Length)..]));
    }

    [Fact]
    public void Tensors_that_are_not_the_networks_are_refused_by_name()
    {
        string text = HeaderText();
        (string From, string To, string Reason)[] lies =
        [
            ("[20,200]", "[200,20]", "tensor 'fc1.weight"), ("\"fc2.bias\"", "\"fc3.bias\"", "it has no tensor 'fc2.bias'"),
            ("\"convolve.graph\"", "\"convolve.graf\"", "it has weights, but no network and no preprocessing"),
        ];
        foreach ((string from, string to, string reason) in lies)
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            File.WriteAllBytes(_folder["lie.safetensors"], WithHeader(text.Replace(from, to, StringComparison.Ordinal)));
            Assert.StartsWith(reason, Assert.Throws<SafeTensorsException>(() => Classifier.Load(_folder["lie.safetensors"])).Reason,
                StringComparison.Ordinal);
        }
    }

    // Without its digest, which would find every lie first.
    private string HeaderText()
    {
        byte[] good = File.ReadAllBytes(ModelPath);
        return Encoding.UTF8.GetString(good, 8, (int)BitConverter.ToInt64(good))
            .Replace("\"convolve.sha256\"", "\"none.sha256\"", StringComparison.Ordinal);
    }

    private byte[] WithHeader(string text)
    {
        byte[] good = File.ReadAllBytes(ModelPath), header = Encoding.UTF8.GetBytes(text);
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. good[(8 + (int)BitConverter.ToInt64(good))..]];
    }

    private void RequireRefusedOrLoaded(byte[] bytes)
    {
        File.WriteAllBytes(_folder["bad.safetensors"], bytes);
        try
        {
            Classifier.Load(_folder["bad.safetensors"]).Dispose();
        }
        catch (SafeTensorsException)
        {
        }
    }
}
