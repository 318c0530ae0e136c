using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Training;

namespace Convolve.Tests.Training;

/// <summary>
/// Weights of classes: what PyTorch computes (test/golden/make_class_weights.py), in whole batches and in parts, in recipes and on the way
/// through them.
/// </summary>
public class ClassWeightsTests
{
    private static JsonElement File { get; } = JsonDocument.Parse(
        System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "class-weights.json"))).RootElement.Clone();

    // A linear layer that passes the logits on: the gradient of its weights is the loss's gradient times the logits. In bfloat16 both are
    // rounded to 8 bits.
    [Theory]
    [PrecisionData(Precision.Float32, 0)]
    [PrecisionData(Precision.Float32, 1)]
    [PrecisionData(Precision.Float32, 2)]
    [PrecisionData(Precision.Float32, 3)]
    [PrecisionData(Precision.BFloat16, 0)]
    [PrecisionData(Precision.BFloat16, 1)]
    [PrecisionData(Precision.BFloat16, 2)]
    [PrecisionData(Precision.BFloat16, 3)]
    public void Loss_and_gradient_are_those_of_PyTorch(Precision precision, int number)
    {
        JsonElement golden = File.GetProperty("cases")[number];
        int classes = File.GetProperty("classes").GetInt32(), batch = File.GetProperty("batch").GetInt32();
        float[] logits = Floats(golden, "logits"), eye = new float[classes * classes];
        for (int i = 0; i < classes; i++)
            eye[i * classes + i] = 1;
        Graph graph = Graph.Sequential("pass", (classes, 1, 1), [new Flatten(), new Linear(classes)]);
        using Model model = new(graph, new()
        {
            Precision = precision,
            Exact = true,
            LabelSmoothing = golden.GetProperty("smoothing").GetSingle(),
            ClassWeights = Floats(golden, "weights")
        }, batch);
        model.WriteParameter("fc1.weight", eye);
        model.WriteParameter("fc1.bias", new float[classes]);
        Executor pass = model.Training(batch);
        for (int i = 0; i < logits.Length; i++)
            if (precision == Precision.Float32)
                pass.InputFloat32[i] = logits[i];
            else
                pass.InputBFloat16[i] = BFloat16.FromSingle(logits[i]);
        Numbers(golden, "labels").CopyTo(pass.Labels);
        pass.IsMixed = golden.GetProperty("seconds").ValueKind == JsonValueKind.Array;
        if (pass.IsMixed)
        {
            Numbers(golden, "seconds").CopyTo(pass.SecondLabels);
            pass.FirstShares.Fill(golden.GetProperty("share").GetSingle());
        }
        ThreadTeam.Invoke(() => pass.Run());
        double loss = golden.GetProperty("loss").GetDouble(), tolerance = precision == Precision.Float32 ? 2e-6 : 2e-2;
        Assert.InRange(pass.Losses.ToArray().Sum(l => (double)l) / pass.WeightSum / loss, 1 - tolerance, 1 + tolerance);
        float[] gradient = Floats(golden, "gradient"), actual = new float[eye.Length], bias = new float[classes];
        double[] expected = [.. from k in Enumerable.Range(0, classes)
                                from j in Enumerable.Range(0, classes)
                                select Enumerable.Range(0, batch).Sum(i => (double)gradient[i * classes + k] * logits[i * classes + j])];
        model.ReadGradient("fc1.weight", actual);
        model.ReadGradient("fc1.bias", bias);
        Assert.InRange(Compare.RelativeL2(Compare.Widen(actual), expected), 0, tolerance);
        Assert.InRange(Compare.RelativeL2(Compare.Widen(bias),
            [.. Enumerable.Range(0, classes).Select(k => Enumerable.Range(0, batch).Sum(i => (double)gradient[i * classes + k]))]), 0,
            2 * tolerance);
    }

    // The sum of the weights is that of the whole batch, also where the parts have other classes in them, and the last one is smaller.
    [Theory]
    [InlineData(0, "")]
    [InlineData(0.1f, "")]
    [InlineData(0, "mixup:0.4")]
    public void Parts_of_batches_are_the_whole(float smoothing, string transforms)
    {
        Recipe recipe = TrainingData.Recipe with
        {
            Epochs = 2,
            Precision = Precision.Float32,
            LabelSmoothing = smoothing,
            ClassWeights = ClassWeights.Parse("class 0=4,class 3=0.25")
        };
        if (transforms.Length > 0)
            recipe = recipe with { Transforms = TransformList.Parse(transforms) };
        DataSplits splits = TrainingData.Splits();
        using Trainer whole = new(TrainingData.Network, splits, recipe),
            plain = new(TrainingData.Network, splits, recipe with { ClassWeights = ClassWeights.None });
        TrainingResult expected = whole.Fit(), unweighted = plain.Fit();
        Assert.True(Math.Abs(unweighted.Epochs[0].TrainLoss - expected.Epochs[0].TrainLoss) > 1e-2);
        if (transforms.Length > 0)
            return; // mixing mixes each part by itself
        using Trainer parts = new(TrainingData.Network, splits, recipe with { MicroBatchSize = 5 });
        foreach ((EpochProgress own, EpochProgress other) in parts.Fit().Epochs.Zip(expected.Epochs))
        {
            Assert.Equal(other.TrainLoss, own.TrainLoss, 1e-4);
            Assert.Equal(other.ValidationLoss!.Value, own.ValidationLoss!.Value, 1e-4);
        }
    }

    [Fact]
    public void Validation_and_test_count_every_picture_the_same()
    {
        Recipe recipe = TrainingData.Recipe with { Epochs = 1, ClassWeights = ClassWeights.Parse("class 1=9") };
        DataSplits splits = TrainingData.Splits();
        using Trainer trainer = new(TrainingData.Network, splits, recipe);
        TrainingResult result = trainer.Fit();
        Assert.Equal(trainer.Classifier.PredictAll(splits.Validation).Loss, result.Epochs[0].ValidationLoss!.Value, 1e-6);
        Assert.Equal(trainer.Classifier.PredictAll(splits.Test).Loss, result.Test.Loss, 1e-6);
    }

    [Fact]
    public void Balanced_weights_are_those_of_the_training_split()
    {
        Dataset set = new MemoryDataset("set", new(1, 1, 1), new byte[10], [0, 0, 0, 0, 0, 0, 1, 1, 2, 2], ["a", "b", "c", "never"]);
        Split train = new("train", set, [0, 1, 2, 3, 4, 6, 7, 8]); // five a, two b, one c
        Assert.Equal([8f / 15, 8f / 6, 8f / 3, 0], ClassWeights.Balanced.For(train)!);
        Assert.Equal([1, 2.5f, 1, 0.125f], ClassWeights.Parse("never=0.125,b=2.5").For(train)!);
        Assert.Null(ClassWeights.None.For(train));
        Assert.Equal("A class weight is given for d, but the classes of the data are a, b, c, never.",
            Assert.Throws<RecipeException>(() => ClassWeights.Parse("d=2").For(train)).Message);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a=0")]
    [InlineData("a=-1")]
    [InlineData("a=NaN")]
    [InlineData("=2")]
    [InlineData("a=1,,b=2")]
    [InlineData("a=1,a=2")]
    public void What_is_no_weight_is_refused(string text) => Assert.Throws<RecipeException>(() => ClassWeights.Parse(text));

    [Fact]
    public void A_recipe_keeps_them_and_one_of_before_has_none()
    {
        Recipe recipe = TrainingData.Recipe with { ClassWeights = ClassWeights.Parse("x=y=2.50,b=1") };
        string json = RecipeJson.Write(recipe, TrainingData.Network);
        Assert.Contains("\"class_weights\": \"x=y=2.5,b=1\"", json, StringComparison.Ordinal);
        Assert.Equal(recipe, RecipeJson.Read(json).Recipe);
        JsonObject old = JsonNode.Parse(json)!.AsObject();
        old.Remove("class_weights");
        Assert.Equal(ClassWeights.None, RecipeJson.Read(old.ToJsonString()).Recipe.ClassWeights);
        RecipeDifference difference = Assert.Single(RecipeDifference.Between((recipe, TrainingData.Network),
            (recipe with { ClassWeights = ClassWeights.Balanced }, TrainingData.Network)));
        Assert.Equal(("class_weights", "x=y=2.5,b=1", "balanced"), (difference.Name, difference.Before, difference.After));
    }

    private static float[] Floats(JsonElement golden, string name) =>
        [.. golden.GetProperty(name).EnumerateArray().Select(n => (float)n.GetDouble())];

    private static int[] Numbers(JsonElement golden, string name) =>
        [.. golden.GetProperty(name).EnumerateArray().Select(n => n.GetInt32())];
}
