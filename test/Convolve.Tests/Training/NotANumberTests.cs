using Convolve.Data;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>Weights that aren't finite end a run with the place named, and never get into a model file or out of one.</summary>
public sealed class NotANumberTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static Recipe Recipe => TrainingData.Recipe with { Precision = Precision.Float32 };

    private static Graph Normalizing => Graph.Sequential("normalizing", (1, 12, 12),
        [new Conv2d(8, 3, bias: false), new BatchNorm2d(), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(TrainingData.Classes)]);

    public void Dispose() => _folder.Dispose();

    // The last element of each parameter in turn: in whole vectors or behind them, with an interleaved copy or without.
    [Theory, NamedData(Precision.Float32, "sgd", "adam", "rmsprop"), NamedData(Precision.BFloat16, "sgd")]
    public void An_update_sees_every_weight_that_is_not_finite(string rule, Precision precision)
    {
        using Model model = new(TrainingData.Network, new() { Precision = precision }, 8, seed: 1);
        using Optimizer optimizer = new(model,
            rule switch { "adam" => new Adam(), "rmsprop" => new RmsProp(), _ => new Sgd { Momentum = 0.9f } });
        model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(model.Graph, 8)), TestTensors.Labels(model.Graph, 8));
        optimizer.Step(0.01f);
        Assert.True(optimizer.LeftFiniteWeights);
        foreach (ParameterSlot slot in model.Store.Plan.Slots)
            foreach (float bad in new[] { float.NaN, float.PositiveInfinity })
            {
                float[] values = ModelJudge.Parameter(model, slot.Name, slot.Spec.Count), broken = [.. values[..^1], bad];
                model.WriteParameter(slot.Name, broken);
                Assert.Equal($"{slot.Name}: 1 of {Format.Count(values.Length)} values is {(float.IsNaN(bad) ? "NaN" : "infinite")}",
                    model.Store.FirstNonFinite(model.Store.Weights));
                optimizer.Step(0.01f);
                Assert.False(optimizer.LeftFiniteWeights, slot.Name);
                model.WriteParameter(slot.Name, values);
                optimizer.Forget();
                model.Store.Gradients.Clear();
                optimizer.Step(0.01f);
                Assert.True(optimizer.LeftFiniteWeights, slot.Name);
            }
    }

    [Theory]
    [InlineData("conv1.weight", @"conv1\.weight: 1 of 72 values is NaN")]
    [InlineData("fc1.bias", @"fc1\.bias: 1 of 20 values is NaN")]
    public void A_weight_that_becomes_NaN_ends_the_run_and_earlier_files_stay(string name, string place)
    {
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe))
        {
            string message = Assert.Throws<TrainingException>(() => trainer.Fit(Poisoning(trainer, name))).Message;
            Assert.Matches(
                $@"^(Loss|Weights) became .+ at epoch 2, step \d \(learning rate .+\)\. First NaN or infinity: {place}\. Try .+ The " +
                $@"best weights so far, of epoch 1, are kept\.$", message);
        }
        Classifier.Load(_folder["run"]).Dispose();
        using Trainer resumed = RunFolder.Open(_folder["run"]).Resume(TrainingData.Splits());
        Assert.Equal(1, resumed.ResumedFrom!.Epochs);
        Assert.Equal(TrainingEnd.Finished, resumed.Fit().End);
    }

    // Running statistics are read by no training step, and here by no validation either.
    [Theory, InlineData(0), InlineData(0.9f)]
    public void Statistics_that_are_NaN_are_not_saved(float decay)
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], Normalizing, TrainingData.Splits(validation: 0),
            Recipe with { AverageDecay = decay });
        string message = Assert.Throws<TrainingException>(() => trainer.Fit(Poisoning(trainer, "bn1.running_var"))).Message;
        Assert.StartsWith("The weights of epoch 2 aren't saved, because they aren't all finite: bn1.running_var: 1 of 8 values is NaN.",
            message, StringComparison.Ordinal);
        Assert.Single(MetricsLog.Read(_folder["run/metrics.jsonl"]));
        Assert.Single(Directory.GetFiles(_folder["run/checkpoint"]));
        using Classifier kept = Classifier.Load(_folder["run"]);
        Assert.Equal(1, kept.Epoch);
    }

    [Fact]
    public void A_model_file_with_NaN_is_not_read_from_or_started_from()
    {
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe with { Epochs = 1 }))
            trainer.Fit();
        string model = _folder["run/model.safetensors"];
        float[] weights = new float[72];
        using (SafeTensorsFile file = SafeTensorsFile.Open(model))
            file.ReadFloats("conv1.weight", weights);
        byte[] bytes = File.ReadAllBytes(model);
        int at = bytes.AsSpan().IndexOf(System.Runtime.InteropServices.MemoryMarshal.AsBytes(weights.AsSpan()));
        BitConverter.TryWriteBytes(bytes.AsSpan(at), float.NaN);
        BitConverter.TryWriteBytes(bytes.AsSpan(at + 8), float.NegativeInfinity);
        // as other programs write it, and version 0.1.0 did: its digest would be told first
        "no_known.sha256"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("convolve.sha256"u8)));
        File.WriteAllBytes(model, bytes);
        string words =
            $"Cannot read '{model}' as safetensors: of tensor 'conv1.weight', 2 of 72 values are NaN or infinite. Its training " +
            $"diverged, or the file was damaged. Use weights that were saved earlier.";
        Assert.Equal(words, Assert.Throws<SafeTensorsException>(() => Classifier.Load(_folder["run"])).Message);
        Assert.Equal(words, Assert.Throws<SafeTensorsException>(() =>
            new Trainer(TrainingData.Network, TrainingData.Splits(), Recipe with { StartFrom = _folder["run"] })).Message);
    }

    [Fact]
    public void A_checkpoint_with_NaN_is_passed_over_for_the_one_before()
    {
        DataSplits splits = TrainingData.Splits();
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, splits, Recipe with { Epochs = 3 }))
        {
            using CancellationTokenSource cancellation = new();
            trainer.TryFit(new Told(p => { if (p is EpochProgress { Epoch: 2 }) cancellation.Cancel(); }), null, cancellation.Token);
        }
        string newest = Directory.GetFiles(_folder["run/checkpoint"]).Max(StringComparer.Ordinal)!;
        Reseal(newest, "fc1.weight", values => values[3] = float.NaN);
        using Trainer resumed = RunFolder.Open(_folder["run"]).Resume(splits);
        Assert.True(resumed.ResumedFrom!.Epochs < 2 || resumed.ResumedFrom.Checkpoint != newest);
        Assert.Contains($"{newest} cannot be used: of tensor 'fc1.weight', 1 of 4,000 values is NaN.", resumed.ResumedFrom.Notes);
    }

    // Of one image at a time, or of parts of one, nothing in front of the layer learns.
    [Theory]
    [InlineData(1, null, "The batches have 1 image, ", "Use a batch size of 2 or more, ")]
    [InlineData(8, 1, "The parts of a batch have 1 image, ", "Use parts of 2 or more images, ")]
    public void Batch_normalization_of_single_values_is_refused(int batch, int? part, string what, string fix)
    {
        Graph vector = Graph.Sequential("vector", (1, 12, 12),
            [new Flatten(), new Linear(20), new BatchNorm1d(), new ReLU(), new Linear(TrainingData.Classes)]);
        Graph map = Graph.Sequential("map", (1, 12, 12),
            [new Conv2d(6, 12), new BatchNorm2d(), new Flatten(), new Linear(TrainingData.Classes)]);
        Recipe recipe = Recipe with { BatchSize = batch, MicroBatchSize = part };
        foreach (Graph graph in new[] { vector, map })
        {
            string message = Assert.Throws<RecipeException>(() => new Trainer(graph, TrainingData.Splits(), recipe)).Message;
            Assert.StartsWith(
                $"{(graph == vector ? "BatchNorm1d()" : "BatchNorm2d()")} \"bn1\" can't learn from one value per channel. {what}", message,
                StringComparison.Ordinal);
            Assert.Contains(fix, message, StringComparison.Ordinal);
        }
        using Trainer larger = new(Normalizing, TrainingData.Splits(), recipe); // of maps with more than a pixel
    }

    [Fact]
    public void One_batch_of_a_single_value_at_the_end_of_an_epoch_is_let_pass()
    {
        Graph graph = Graph.Sequential("vector", (1, 12, 12),
            [new Flatten(), new Linear(20), new BatchNorm1d(), new ReLU(), new Linear(TrainingData.Classes)]);
        // 120 images: 17 batches and 1 image
        using Trainer trainer = new(graph, TrainingData.Splits(), Recipe with { BatchSize = 7, Epochs = 2 });
        Assert.Equal(TrainingEnd.Finished, trainer.Fit().End);
    }

    // In the second epoch.
    private static Told Poisoning(Trainer trainer, string name)
    {
        bool isDone = false;
        return new(progress =>
        {
            if (isDone || progress is not EpochProgress)
                return;
            isDone = true;
            Model model = trainer.Classifier.Model;
            ParameterSlot slot = model.Store.Plan.Slots[model.Store.Plan.IndexOf(name)];
            float[] values = ModelJudge.Parameter(model, name, slot.Spec.Count);
            values[^1] = float.NaN;
            model.WriteParameter(name, values);
        });
    }

    private static void Reseal(string path, string name, Action<float[]> change)
    {
        Dictionary<string, float[]> tensors = [];
        Dictionary<string, string> metadata;
        TensorInfo[] infos;
        using (SafeTensorsFile file = SafeTensorsFile.Open(path))
        {
            metadata = new(file.Metadata);
            infos = [.. file.Tensors.Where(t => t.Type == TensorType.F32)];
            foreach (TensorInfo tensor in infos)
                file.ReadFloats(tensor.Name, tensors[tensor.Name] = new float[tensor.ElementCount]);
        }
        change(tensors[name]);
        SealedTensors.Write(path, infos, (tensor, sink) => sink.WriteFloats(tensors[tensor.Name]), metadata);
    }
}
