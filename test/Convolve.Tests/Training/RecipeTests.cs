using System.Reflection;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

public class RecipeTests
{
    private static Recipe Plain { get; } = new() { Network = "a", Dataset = "b" };

    /// <summary>A recipe for each property, in which it has another value than by default.</summary>
    private static Dictionary<string, Recipe> Changed { get; } = new()
    {
        ["Network"] = Plain with { Network = "lenet5 \"ü\"" },
        ["Dataset"] = Plain with { Dataset = "fashion-mnist" },
        ["Epochs"] = Plain with { Epochs = 77 },
        ["BatchSize"] = Plain with { BatchSize = 33 },
        ["BaseBatchSize"] = Plain with { BaseBatchSize = 32 },
        ["Precision"] = Plain with { Precision = Precision.BFloat16 },
        ["Exact"] = Plain with { Exact = true },
        ["Threads"] = Plain with { Threads = 3 },
        ["Seed"] = Plain with { Seed = ulong.MaxValue },
        ["SplitRule"] = Plain with { SplitRule = SplitRule.Plain },
        ["ValidationFraction"] = Plain with { ValidationFraction = 1 / 3.0 },
        ["Limit"] = Plain with { Limit = 12 },
        ["SkipBad"] = Plain with { SkipBad = true },
        ["Normalization"] = Plain with { Normalization = Normalization.MinusOneToOne },
        ["Transforms"] = Plain with
        {
            Transforms =
        [new RandomCrop(32) { Padding = 4 }, new Lighting { Components = new([1, 0, 0, 0, 1 / 3f, 0, 0, 0, 1e-20f]) }, new MixUp()]
        },
        ["Initialization"] = Plain with { Initialization = "xavier-uniform" },
        ["Optimizer.LearningRate"] = Plain with { Optimizer = new Sgd { LearningRate = 1 / 3f } },
        ["Optimizer.Momentum"] = Plain with { Optimizer = new Sgd { Momentum = 0.9f } },
        ["Optimizer.Nesterov"] = Plain with { Optimizer = new Sgd { Momentum = 0.5f, Nesterov = true } },
        ["Optimizer.WeightDecay"] = Plain with { Optimizer = new Sgd { WeightDecay = 5e-4f } },
        ["Optimizer.DecaysBiases"] = Plain with { Optimizer = new Sgd { DecaysBiases = true } },
        ["MicroBatchSize"] = Plain with { MicroBatchSize = 16 },
        ["Shards"] = Plain with { Shards = 4 },
        ["ModelParallel"] = Plain with { ModelParallel = 2 },
        ["SyncBatchNorm"] = Plain with { SyncBatchNorm = true, Shards = 4 },
        ["Clipping.Norm"] = Plain with { Clipping = new(Norm: 1.5f) },
        ["Clipping.Value"] = Plain with { Clipping = new(Value: 0.1f) },
        ["LayerRates"] = Plain with { LayerRates = LayerRates.Parse("conv*=0.1,fc1") },
        ["AverageDecay"] = Plain with { AverageDecay = 0.999f },
        ["EarlyStopping"] = Plain with { EarlyStopping = new(3, WatchedMetric.Loss, 0.001) },
        ["StartFrom"] = Plain with { StartFrom = "runs/first" },
        ["StartDigest"] = Plain with { StartDigest = "00ff" },
        ["LabelSmoothing"] = Plain with { LabelSmoothing = 0.1f },
        ["ClassWeights"] = Plain with { ClassWeights = ClassWeights.Balanced },
        ["Schedule.Milestones"] = Plain with { Schedule = new() { Milestones = [3, 5] } },
        ["Schedule.Patience"] = Plain with { Schedule = new() { Patience = 3 } },
        ["Schedule.Threshold"] = Plain with { Schedule = new() { Threshold = 0.01 } },
        ["Schedule.Cooldown"] = Plain with { Schedule = new() { Cooldown = 2 } },
        ["Schedule.MinimumRate"] = Plain with { Schedule = new() { MinimumRate = 1e-5 } },
        ["Schedule.Metric"] = Plain with { Schedule = new() { Metric = WatchedMetric.Loss } },
        ["Schedule.Kind"] = Plain with { Schedule = new() { Kind = ScheduleKind.OneCycle } },
        ["Schedule.WarmUpEpochs"] = Plain with { Schedule = new() { WarmUpEpochs = 0.5 } },
        ["Schedule.StepEpochs"] = Plain with { Schedule = new() { StepEpochs = 4 } },
        ["Schedule.Factor"] = Plain with { Schedule = new() { Factor = 0.7 } },
    };

    private static IEnumerable<string> Properties(Type type, string prefix = "") =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(p => p.PropertyType == typeof(OptimizerSettings) ? Properties(typeof(Sgd), p.Name + ".")
            : !p.CanWrite ? [] : p.PropertyType == typeof(Schedule) || p.PropertyType == typeof(GradientClipping)
            ? Properties(p.PropertyType, p.Name + ".") : [prefix + p.Name]);

    [Fact]
    public void Every_property_survives_json()
    {
        Assert.Equal(Properties(typeof(Recipe)).Order(), Changed.Keys.Order());
        string plain = RecipeJson.Write(Plain, TrainingData.Network);
        foreach ((string name, Recipe recipe) in Changed)
        {
            Assert.NotEqual(Plain, recipe);
            string json = RecipeJson.Write(recipe, TrainingData.Network);
            Assert.NotEqual(plain, json);
            (Recipe read, Graph graph) = RecipeJson.Read(json);
            Assert.True(recipe == read, $"{name}: {read}");
            Assert.Equal(TrainingData.Network, graph);
            Assert.Equal(json, RecipeJson.Write(read, graph));
        }
    }

    [Fact]
    public void Every_property_is_found_where_it_differs()
    {
        Graph graph = TrainingData.Network;
        Assert.Empty(RecipeDifference.Between((Plain, graph), (Plain with { }, graph)));
        foreach ((string name, Recipe recipe) in Changed)
        {
            IReadOnlyList<RecipeDifference> found = RecipeDifference.Between((Plain, graph), (recipe, graph));
            Assert.Contains(found, d => d.Name.Replace("_", "", StringComparison.Ordinal)
                .StartsWith(name, StringComparison.OrdinalIgnoreCase) && d.Before != d.After);
            // Nesterov needs momentum, statistics are shared between shards; an early stop has three values where there was none.
            Assert.Equal(name switch { "Optimizer.Nesterov" or "SyncBatchNorm" => 2, "EarlyStopping" => 3, _ => 1 }, found.Count);
        }
        Assert.Equal(["limit: none, then 12"], RecipeDifference.Between((Plain, graph), (Changed["Limit"], graph)).Select(d => $"{d}"));
        Assert.Equal(["schedule.milestones: 3, 5, then none"],
            RecipeDifference.Between((Changed["Schedule.Milestones"], graph), (Plain, graph)).Select(d => $"{d}"));
        Assert.Equal(["optimizer.rule: sgd, then adam", "optimizer.learning_rate: 0.01, then 0.001", "optimizer.momentum: 0, then none",
            "optimizer.nesterov: false, then none",
            "optimizer.beta1: none, then 0.9", "optimizer.beta2: none, then 0.999", "optimizer.eps: none, then 1E-08"],
            RecipeDifference.Between((Plain, graph), (Plain with { Optimizer = new Adam() }, graph)).Select(d => $"{d}"));
    }

    [Fact]
    public void Networks_differ_by_their_nodes()
    {
        Graph graph = TrainingData.Network, other = Graph.Sequential("small", (1, 12, 12),
            [new Conv2d(8, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(30), new ReLU(), new Dropout(0.5f),
            new Linear(TrainingData.Classes)]);
        Assert.Equal(["graph.fc1: Linear(20) of flatten1, then Linear(30) of flatten1",
            "graph.fc2: Linear(5) of relu2, then Linear(5) of dropout1", "graph.dropout1: none, then Dropout(0.5) of relu2"],
            RecipeDifference.Between((Plain, graph), (Plain, other)).Select(d => $"{d}"));
        Assert.Equal(["graph: small, then small with other initial weights"],
            RecipeDifference.Between((Plain, graph), (Plain, graph.WithInitialization("xavier-uniform"))).Select(d => $"{d}"));
    }

    [Fact]
    public void Every_rule_survives_json()
    {
        OptimizerSettings[] rules =
        [
            new Sgd { Momentum = 0.9f }, new Lars { Momentum = 0.8f, TrustCoefficient = 0.02f, Eps = 1e-6f },
            new Adam { Beta1 = 0.8f, Beta2 = 0.9f, Eps = 1e-4f },
            new AdamW { WeightDecay = 0.1f, DecaysBiases = true },
            new RmsProp { Alpha = 0.9f, Momentum = 0.5f, Centered = true },
        ];
        foreach (OptimizerSettings rule in rules)
            Assert.Equal(rule, RecipeJson.Read(RecipeJson.Write(Plain with { Optimizer = rule }, TrainingData.Network)).Recipe.Optimizer);
    }

    // As version 0.1 wrote it, before there was a choice.
    [Fact]
    public void A_recipe_without_a_rule_is_one_of_gradient_descent()
    {
        JsonNode json = JsonNode.Parse(RecipeJson.Write(Changed["Optimizer.Nesterov"], TrainingData.Network))!;
        Assert.True(json["optimizer"]!.AsObject().Remove("rule"));
        foreach (string younger in new[] { "milestones", "patience", "threshold", "cooldown", "minimum_rate", "metric" })
            Assert.True(json["schedule"]!.AsObject().Remove(younger));
        Assert.True(json.AsObject().Remove("label_smoothing"));
        Assert.Equal(Changed["Optimizer.Nesterov"], RecipeJson.Read(json.ToJsonString()).Recipe);
    }

    // A recipe comes from outside: whatever stands in it, one of two exceptions says so.
    [Fact]
    public void A_recipe_of_version_0_1_0_keeps_its_splits()
    {
        JsonNode json = JsonNode.Parse(RecipeJson.Write(Plain, TrainingData.Network))!;
        Assert.True(json.AsObject().Remove("split_rule"));
        Assert.Equal(SplitRule.Plain, RecipeJson.Read(json.ToJsonString()).Recipe.SplitRule);
        Assert.Equal(SplitRule.CopiesTogether, Plain.SplitRule);
    }

    [Fact]
    public void Wrong_values_give_the_documented_exceptions()
    {
        string json = RecipeJson.Write(Changed["Optimizer.Nesterov"], TrainingData.Network);
        string[] lies = ["null", "\"x\"", "-1", "0", "1e99", "\"NaN\"", "99999999999999999999", "[]", "{}", "true", "[null]"];
        foreach (string path in Paths(JsonNode.Parse(json)!).ToArray())
            foreach (string lie in lies)
            {
                JsonNode changed = JsonNode.Parse(json)!;
                JsonNode node = path.Split('/').SkipLast(1).Aggregate(changed, (n, key) => n[key]!);
                node[path.Split('/')[^1]] = JsonNode.Parse(lie);
                RequireReadOrRefused(changed.ToJsonString(), $"{path} = {lie}");
            }
        foreach (string text in new[] { "", "null", "[]", "{}", "{\"graph\":{}}", "{\"graph\":[]}", json[..^4], json + "x",
            json.Replace("epochs", "epoches", StringComparison.Ordinal), "\uD800" })
            Assert.False(RequireReadOrRefused(text, text));
    }

    [Fact]
    public void Values_out_of_range_are_refused_in_words()
    {
        (Recipe Recipe, string Text)[] wrong =
        [
            (Plain with { Epochs = 0 }, "The number of epochs must be at least 1, got 0."),
            (Plain with { BatchSize = 0 }, "The batch size must be at least 1, got 0."),
            (Plain with { BaseBatchSize = 0 }, "The base batch size must be at least 1, got 0."),
            (Plain with { BatchSize = 1 << 30, BaseBatchSize = 1, Optimizer = new Sgd { LearningRate = 1e30f } },
                "The learning rate 1E+30 for batches of 1 isn't finite at batch size 1073741824. Use a lower rate."),
            (Plain with { Threads = -2 }, "The number of threads must be 1 to 1024, or 0 for all cores, got -2."),
            (Plain with { ValidationFraction = 1 }, "The share of validation images must be at least 0 and below 1, got 1."),
            (Plain with { ValidationFraction = double.NaN }, "The share of validation images must be at least 0 and below 1, got NaN."),
            (Plain with { Limit = 0 }, "The limit must be at least 1 image, got 0."),
        ];
        foreach ((Recipe recipe, string text) in wrong)
            Assert.Equal(text, Assert.Throws<RecipeException>(recipe.Validate).Message);
        Assert.Throws<NetworkException>(() => (Plain with { Initialization = "zeros" }).Validate());
        Plain.Validate();
    }

    [Fact]
    public void A_folder_without_a_recipe_is_no_run()
    {
        using TemporaryFolder folder = new();
        Assert.StartsWith($"{folder.FullName} is not a run folder: ",
            Assert.Throws<RecipeException>(() => RunFolder.ReadRecipe(folder.FullName)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["recipe.json"], "{}");
        Assert.Equal($"{folder["recipe.json"]}: Expected a recipe: a JSON object with a \"graph\".",
            Assert.Throws<RecipeException>(() => RunFolder.ReadRecipe(folder.FullName)).Message);
    }

    private static IEnumerable<string> Paths(JsonNode node, string prefix = "") => node is not JsonObject all ? [] : all.SelectMany(p =>
        p.Value is JsonObject inner ? [prefix + p.Key, .. Paths(inner, prefix + p.Key + "/")] : (IEnumerable<string>)[prefix + p.Key]);

    private static bool RequireReadOrRefused(string json, string what)
    {
        Exception? error = Record.Exception(() => RecipeJson.Read(json));
        Assert.True(error is null or RecipeException or NetworkException, $"{what}: {error}");
        return error is null;
    }
}
