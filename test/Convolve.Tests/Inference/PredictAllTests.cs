using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Inference;

/// <summary>Predictions belong to their pictures, and views of a picture are what they are said to be.</summary>
public sealed class PredictAllTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataSplits _splits = TrainingData.Splits();

    public PredictAllTests()
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, _splits, TrainingData.Recipe with { Epochs = 1 });
        trainer.Fit();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Agree_with_the_evaluation_and_carry_their_sample_ids()
    {
        using Classifier classifier = Classifier.Load(_folder["run"]);
        foreach (int batch in new[] { 1, 7, 64 })
        {
            Evaluation evaluation = classifier.Evaluate(_splits.Validation, batch);
            Predictions predictions = classifier.PredictAll(_splits.Validation, batch);
            Assert.Equal((evaluation.Images, evaluation.Accuracy, evaluation.Top5Accuracy),
                (predictions.Count, predictions.Accuracy, predictions.Top5Accuracy));
            Assert.Equal(evaluation.Loss, predictions.Loss, 1e-12);
            Assert.Equal(_splits.Validation.Indices.Select(i => new SampleId(i)), predictions.All.Select(p => p.Sample));
            Assert.Equal(_splits.Validation.Indices.Select(_splits.Validation.Dataset.LabelOf), predictions.All.Select(p => p.Label));
        }
    }

    [Fact]
    public void Order_of_the_split_changes_no_picture_s_prediction()
    {
        using Classifier classifier = Classifier.Load(_folder["run"]);
        Split turned = _splits.Test with { };
        Dictionary<SampleId, SamplePrediction> straight = classifier.PredictAll(turned, 16).All.ToDictionary(p => p.Sample);
        Split reversed = new("test", turned.Dataset, [.. turned.Indices.Reverse()]);
        Assert.All(classifier.PredictAll(reversed, 16).All,
            p => Assert.Equal((straight[p.Sample].Label, straight[p.Sample].Predicted), (p.Label, p.Predicted)));
    }

    [Fact]
    public void Views_are_the_mean_over_pictures_that_were_changed_before() => CheckViews(Precision.Float32);

    [NeedsFact(Feature.BFloat16)]
    public void Views_are_the_mean_over_pictures_that_were_changed_before_in_bfloat16() => CheckViews(Precision.BFloat16);

    private void CheckViews(Precision precision)
    {
        using Classifier classifier = Classifier.Load(_folder["run"], new() { Precision = precision });
        float[] Logits(bool mirrors, int shift) =>
            All(classifier.PredictAll(new("test", Changed(_splits.Test.Dataset, mirrors, shift), _splits.Test.Indices), 16));
        (TestTimeAugmentation How, (float Weight, bool Mirrors, int Shift)[] Views)[] cases =
        [
            (TestTimeAugmentation.None, [(1, false, 0)]),
            (TestTimeAugmentation.Mirror, [(.5f, false, 0), (.5f, true, 0)]),
            (TestTimeAugmentation.MirrorAndTranslate,
            [(.25f, false, 0), (.25f, true, 0), (.125f, false, 1), (.125f, true, 1), (.125f, false, -1), (.125f, true, -1)]),
        ];
        foreach (var (how, views) in cases)
        {
            float[] expected = new float[_splits.Test.Count * TrainingData.Classes];
            foreach (var (weight, mirrors, shift) in views)
                expected = [.. expected.Zip(Logits(mirrors, shift), (sum, logit) => sum + weight * logit)];
            Assert.Equal(expected, All(classifier.PredictAll(_splits.Test, 16, how)), (a, b) => Math.Abs(a - b) < 1e-5f);
        }
    }

    [Fact]
    public void An_input_of_one_row_cannot_be_moved()
    {
        Graph graph = Graph.Sequential("row", (1, 1, 4), [new Flatten(), new Linear(2)]);
        Dataset data = TrainingData.Noise(9, 1, new(1, 1, 4), 2);
        using Trainer trainer = new(graph, DataSplits.Create(data, data, 0, 0), TrainingData.Recipe with { Network = "row" });
        Split split = new("test", data, [0, 1]);
        Assert.Equal(2, trainer.Classifier.PredictAll(split, augmentation: TestTimeAugmentation.Mirror).Count);
        Assert.Equal(
            "An input of 1x1x4 can't be shifted by a pixel: there is nothing to fill its border with by reflection. Evaluate without " +
            "translation.",
            Assert.Throws<DatasetException>(() =>
            trainer.Classifier.PredictAll(split, augmentation: TestTimeAugmentation.MirrorAndTranslate)).Message);
    }

    private static float[] All(Predictions predictions) =>
        [.. Enumerable.Range(0, predictions.Count).SelectMany(i => predictions.LogitsOf(i).ToArray())];

    // Padded by reflection, cut out again a pixel off, then mirrored.
    private static MemoryDataset Changed(Dataset data, bool mirrors, int shift)
    {
        (int height, int width) = (data.Size!.Value.Height, data.Size.Value.Width);
        byte[] pixels = new byte[data.Count * height * width];
        for (int i = 0; i < data.Count; i++)
        {
            byte[] image = data.PixelsOf(i).ToArray();
            byte Padded(int y, int x) =>
                image[(y == 0 ? 1 : y == height + 1 ? height - 2 : y - 1) * width + (x == 0 ? 1 : x == width + 1 ? width - 2 : x - 1)];
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    pixels[(i * height + y) * width + x] = Padded(y + 1 + shift, (mirrors ? width - 1 - x : x) + 1 + shift);
        }
        return new("changed", data.Size.Value, pixels, [.. data.Labels.ToArray().Select(l => (byte)l)], data.ClassNames);
    }
}
