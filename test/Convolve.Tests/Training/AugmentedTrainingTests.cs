using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Evaluations;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Training;

namespace Convolve.Tests.Training;

/// <summary>Runs whose recipe has transforms.</summary>
public class AugmentedTrainingTests
{
    private static readonly Recipe Recipe =
        TrainingData.Recipe with { Transforms = TransformList.Parse("random-crop:12:padding=1,noise:0.02,mixup") };

    [Fact]
    public void Transforms_change_training_and_the_same_recipe_gives_the_same_bits()
    {
        double[] first = Losses(Recipe), again = Losses(Recipe), plain = Losses(TrainingData.Recipe),
            alone = Losses(Recipe with { Transforms = [new MixUp()] });
        Assert.Equal(first, again);
        Assert.NotEqual(first, plain);
        Assert.NotEqual(alone, plain);
        Assert.NotEqual(first, alone);

        static double[] Losses(Recipe recipe)
        {
            using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(), recipe);
            return [.. trainer.Fit().Epochs.Select(e => e.TrainLoss)];
        }
    }

    [Fact]
    public void What_can_be_learnt_is_learnt_under_augmentation_too()
    {
        Recipe recipe = Recipe with
        {
            Epochs = 8,
            Transforms = TransformList.Parse("random-crop:12:padding=1,random-erasing:0.2,mixup,cutmix:probability=0.3")
        };
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(400, 100), recipe);
        Assert.True(trainer.Fit().Test.Accuracy > 0.9);
    }

    [Fact]
    public void Evaluation_sees_the_images_as_they_are()
    {
        using TemporaryFolder folder = new();
        DataSplits data = TrainingData.Splits();
        TrainingResult result;
        using (Trainer trainer = RunFolder.Begin(folder["run"], TrainingData.Network, data, Recipe with { Epochs = 1 }))
            result = trainer.Fit();
        using Classifier classifier = Classifier.Load(folder["run"]);
        Assert.Equal("resize:12x12", classifier.Preprocessing.Steps.ToString());
        double loss = 0;
        foreach (int i in data.Validation.Indices)
        {
            float[] input = [.. data.Validation.Dataset.PixelsOf(i).ToArray().Select(b => classifier.Preprocessing.Normalized(0, b))],
                logits = new float[TrainingData.Classes];
            classifier.Model.Forward(input, logits);
            loss += Math.Log(logits.Sum(l => Math.Exp(l - logits[data.Validation.Dataset.LabelOf(i)]))) / data.Validation.Count;
        }
        Assert.Equal(loss, result.Epochs[0].ValidationLoss!.Value, 1e-5);
        Evaluation again = classifier.Evaluate(data.Validation, 16);
        Assert.Equal((result.Epochs[0].ValidationLoss, result.Epochs[0].ValidationAccuracy), (again.Loss, again.Accuracy));
    }

    [Fact]
    public void Geometry_is_evaluated_in_its_fixed_form_wherever_the_model_goes()
    {
        using TemporaryFolder folder = new();
        Graph graph = Graph.Sequential("small", (1, 8, 8), [new Flatten(), new Linear(TrainingData.Classes)]);
        DataSplits data = TrainingData.Splits();
        using (Trainer trainer = RunFolder.Begin(folder["run"], graph, data,
            Recipe with { Epochs = 1, Transforms = TransformList.Parse("resize:10,random-crop:8,horizontal-flip") }))
            trainer.Fit();
        using Classifier classifier = Classifier.Load(folder["run"]);
        Assert.Equal("resize:12x12,resize:10,center-crop:8", classifier.Preprocessing.Steps.ToString());
        Assert.StartsWith("resize:12x12, resize:10, center-crop:8, 1x8x8, bilinear, mean", classifier.Preprocessing.ToString(),
            StringComparison.Ordinal);
        float[] input = new float[64], logits = new float[TrainingData.Classes];
        byte[] pixels = data.Test.Dataset.PixelsOf(0).ToArray();
        new ImagePipeline(classifier.Preprocessing, 1).Write(pixels, new(1, 12, 12), input);
        classifier.Model.Forward(input, logits);
        float[] probabilities = classifier.Predict(pixels, new(1, 12, 12));
        Assert.Equal(logits[1] - logits[0], Math.Log(probabilities[1] / probabilities[0]), 1e-4);
        // A larger picture of the same comes to nearly the same.
        byte[] large = [.. Enumerable.Range(0, 48 * 48).Select(i => pixels[i / 48 / 4 * 12 + i % 48 / 4])];
        Assert.All(classifier.Predict(large, new(1, 48, 48)).Zip(probabilities), p => Assert.Equal(p.Second, p.First, 0.02));
    }

    [Fact]
    public void What_lighting_learns_is_in_the_recipe_of_the_run()
    {
        using TemporaryFolder folder = new();
        Graph graph = Graph.Sequential("small", (3, 6, 6), [new Flatten(), new Linear(3)]);
        Dataset noise = TrainingData.Noise(60, 1, new(3, 6, 6), 3);
        DataSplits data = DataSplits.Create(noise, noise, 0.2, 1);
        Recipe recipe = Recipe with { Epochs = 1, Transforms = [new Lighting(0.5f)] };
        double[] losses;
        using (Trainer trainer = RunFolder.Begin(folder["run"], graph, data, recipe))
            losses = [.. trainer.Fit().Epochs.Select(e => e.TrainLoss)];
        Recipe stored = RunFolder.ReadRecipe(folder["run"]).Recipe;
        Assert.Equal(ColorComponents.Of(data.Train), ((Lighting)stored.Transforms[0]).Components);
        using Trainer again = new(graph, data, stored);
        Assert.Equal(losses, again.Fit().Epochs.Select(e => e.TrainLoss));
    }

    [Theory]
    [InlineData("random-crop:16", "expected an image of at least 16x16 pixels")]
    [InlineData("random-crop:8", "but the network takes 1x12x12")]
    [InlineData("lighting", "expected a color image")]
    public void What_does_not_fit_is_known_before_anything_is_written(string typed, string problem)
    {
        using TemporaryFolder folder = new();
        DatasetException e = Assert.Throws<DatasetException>(() =>
            RunFolder.Begin(folder["run"], TrainingData.Network, TrainingData.Splits(),
            Recipe with { Transforms = TransformList.Parse(typed) }));
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(folder["run"]));
    }

    [Fact]
    public void Models_written_before_there_were_steps_do_as_they_did()
    {
        DataSplits data = TrainingData.Splits();
        Preprocessing now = Preprocessing.Fit(data.Train, new(1, 12, 12), Normalization.TrainingSplit),
            before = now with { Steps = TransformList.Empty };
        string json = before.ToJson();
        Assert.DoesNotContain("steps", json, StringComparison.Ordinal);
        Assert.Equal(before, Preprocessing.FromJson(json));
        Assert.Equal(now, Preprocessing.FromJson(now.ToJson()));
        Assert.NotEqual(before, now);
        float[] plain = new float[144], stepped = new float[144];
        byte[] pixels = data.Test.Dataset.PixelsOf(3).ToArray();
        new ImagePipeline(before, 1).Write(pixels, new(1, 12, 12), plain);
        new ImagePipeline(now, 1).Write(pixels, new(1, 12, 12), stepped);
        Assert.Equal(plain, stepped);
    }
}
