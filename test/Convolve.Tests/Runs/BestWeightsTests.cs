using Convolve.Formats;
using Convolve.Kernels;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Runs;

/// <summary>The best weights of a run that is resumed: lost, damaged, older or newer than its checkpoint.</summary>
public sealed class BestWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static Recipe Recipe => TrainingData.Recipe;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Best_weights_that_were_lost_are_chosen_anew()
    {
        // The rate is so small that nothing changes: the first epoch stays the best.
        Recipe recipe = Recipe with { Epochs = 4, Optimizer = new Sgd { LearningRate = 1e-12f } };
        Assert.Equal(1, ResumeTests.Interrupt(_folder, recipe, epochs: 2).BestEpoch);
        File.Delete(_folder["run/model.safetensors"]);
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer trainer = run.Resume(TrainingData.Splits()))
        {
            Assert.Equal(
                $"{_folder["run/model.safetensors"]} has no usable weights (there is no such file), but epoch 1 was the best " +
                $"at the checkpoint: the best is chosen from here on.",
                Assert.Single(trainer.ResumedFrom!.Notes));
            Assert.Equal(3, trainer.Fit().BestEpoch);
        }
        Classifier.Load(_folder["run"]).Dispose();
    }

    // Every byte of the file counts: of its header, its metadata, its weights.
    [Fact]
    public void Best_weights_that_are_damaged_are_named_and_replaced()
    {
        Recipe recipe = Recipe with { Epochs = 3, Optimizer = new Sgd { LearningRate = 1e-12f } };
        ResumeTests.Interrupt(_folder, recipe, epochs: 2);
        string model = _folder["run/model.safetensors"];
        byte[] whole = File.ReadAllBytes(model);
        CounterRandom random = new(5, RandomPurpose.Test);
        foreach (int place in Enumerable.Range(0, 40).Select(_ => 8 + random.NextInt32(whole.Length - 8)).Append(whole.Length - 1))
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= (byte)(1 << random.NextInt32(8));
            File.WriteAllBytes(model, damaged);
            Assert.Equal(model, Assert.Throws<SafeTensorsException>(() => Classifier.Load(_folder["run"])).FilePath);
        }
        SafeTensorsException told = Assert.Throws<SafeTensorsException>(() => Classifier.Load(model));
        Assert.Equal("it is damaged: it has changed since it was written", told.Reason);
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer trainer = run.Resume(TrainingData.Splits()))
        {
            Assert.Equal(
                $"{model} has no usable weights (it is damaged: it has changed since it was written), but epoch 1 was the best " +
                $"at the checkpoint: the best is chosen from here on.",
                Assert.Single(trainer.ResumedFrom!.Notes));
            trainer.Fit();
        }
        Classifier.Load(_folder["run"]).Dispose();
        string checkpoint = Directory.GetFiles(_folder["run/checkpoint"])[0];
        byte[] bytes = File.ReadAllBytes(checkpoint);
        bytes[^100] ^= 1;
        File.WriteAllBytes(checkpoint, bytes);
        Assert.Throws<SafeTensorsException>(() => Classifier.Load(checkpoint)); // a model file too, with checksums of its own
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.9f)]
    public void Best_weights_that_are_damaged_come_back_from_the_checkpoint_of_their_epoch(float decay)
    {
        ResumeTests.Interrupt(_folder, Recipe with { Epochs = 3, AverageDecay = decay }, epochs: 1);
        string model = _folder["run/model.safetensors"];
        byte[] whole = File.ReadAllBytes(model);
        File.WriteAllBytes(model, [.. whole[..^9], (byte)(whole[^9] ^ 1), .. whole[^8..]]);
        using RunFolder run = RunFolder.Open(_folder["run"]);
        using Trainer trainer = run.Resume(TrainingData.Splits());
        Assert.Equal(
            $"{model} can't be used: it is damaged: it has changed since it was written. It is restored from " +
            $"{_folder["run/checkpoint/epoch-000001-step-00000000.safetensors"]}, "
            + "which has those of epoch 1, the best.", Assert.Single(trainer.ResumedFrom!.Notes));
        Assert.Equal(whole, File.ReadAllBytes(model));
    }

    [Fact]
    public void Best_weights_of_before_have_no_digest_and_are_read()
    {
        ResumeTests.Interrupt(_folder, Recipe with { Epochs = 3 }, epochs: 2);
        string model = _folder["run/model.safetensors"];
        using (SafeTensorsFile file = SafeTensorsFile.Open(model))
        {
            Assert.True(file.Metadata.ContainsKey("convolve.sha256"));
            SafeTensors.Write(_folder["old.safetensors"], file.Tensors, (tensor, sink) =>
            {
                byte[] bytes = new byte[tensor.ByteCount];
                file.ReadBytes(tensor.Name, bytes);
                sink.WriteBytes(bytes);
            }, file.Metadata.Where(pair => pair.Key != "convolve.sha256").ToDictionary());
        }
        File.Copy(_folder["old.safetensors"], model, overwrite: true);
        Classifier.Load(_folder["run"]).Dispose();
        using RunFolder run = RunFolder.Open(_folder["run"]);
        using Trainer trainer = run.Resume(TrainingData.Splits());
        Assert.Empty(trainer.ResumedFrom!.Notes);
        Assert.Equal(3, trainer.Fit().Epochs.Count);
    }

    [Fact]
    public void Best_weights_of_an_epoch_that_is_done_again_are_kept_aside()
    {
        Recipe recipe = Recipe with { Epochs = 4 };
        int best = ResumeTests.Interrupt(_folder, recipe, epochs: 3).BestEpoch;
        Assert.InRange(best, 2, 3);
        byte[] weights = File.ReadAllBytes(_folder["run/model.safetensors"]);
        Directory.Delete(_folder["run"], recursive: true);
        ResumeTests.Interrupt(_folder, recipe, epochs: best - 1);
        File.WriteAllBytes(_folder["run/model.safetensors"], weights); // as if all newer checkpoints were damaged
        using RunFolder run = RunFolder.Open(_folder["run"]);
        using Trainer trainer = run.Resume(TrainingData.Splits());
        Assert.Equal(
            $"{_folder["run/model.safetensors"]} has the weights of epoch {best}, which is trained again: they are kept as " +
            $"{_folder[$"run/model-epoch-{best}.safetensors"]}.",
            trainer.ResumedFrom!.Notes[0]);
        Assert.Equal(weights, File.ReadAllBytes(_folder[$"run/model-epoch-{best}.safetensors"]));
        Assert.Equal(4, trainer.Fit().Epochs.Count);
    }
}
