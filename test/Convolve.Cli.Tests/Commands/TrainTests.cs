using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Formats;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Training and evaluation of small sets, as a user runs them.</summary>
public sealed class TrainTests(SmallRun small) : IClassFixture<SmallRun>
{
    private static readonly string[] Fractions = ["train_accuracy", "validation_accuracy", "test_accuracy", "test_top5_accuracy"];
    private static readonly string[] Times =
        ["run", "seconds", "images_per_second", "peak_memory_bytes", "measured_memory_growth_bytes", "memory"];

    [Fact]
    public void JsonHasTheKeysInOrder()
    {
        JsonObject json = small.Result.Json;
        Assert.Equal(["run", "network", "dataset", "parameters", "epochs", "batch_size", "precision", "threads", "seed", "train_loss",
            "train_accuracy",
            "validation_accuracy", "test_loss", "test_accuracy", "seconds", "images_per_second", "estimated_memory_bytes",
            "peak_memory_bytes",
            "measured_memory_growth_bytes", "memory", "best_epoch", "end", "taken", "skipped", "validation_loss", "test_top5_accuracy",
            "notes"],
            json.Select(p => p.Key));
        Assert.Equal((small.Cli.At("first"), "lenet5", "fashion-mnist", 61706, 3, 50, "f32", Environment.ProcessorCount, 0),
            ((string)json["run"]!, (string)json["network"]!, (string)json["dataset"]!, (int)json["parameters"]!, (int)json["epochs"]!,
                (int)json["batch_size"]!, (string)json["precision"]!, (int)json["threads"]!, (int)json["seed"]!));
        Assert.All(Fractions, key => Assert.InRange((double)json[key]!, 0, 1));
        Assert.InRange((double)json["test_accuracy"]!, 0.5, 1);
        Assert.InRange((int)json["best_epoch"]!, 1, 3);
        Assert.InRange((long)json["estimated_memory_bytes"]!, 61706 * 4 * 3, (long)json["peak_memory_bytes"]!);
    }

    [Fact]
    public void CheckedKernelsTrainTheSameModel()
    {
        CliResult result = small.Cli.Run([("CONVOLVE_CHECK_KERNELS", "1")], [.. SmallRun.Arguments, "--out", "checked", "--json"]);
        Assert.True(result.Status == 0, result.Errors);
        Assert.Equal(File.ReadAllBytes(small.Cli.At("first/model.safetensors")),
            File.ReadAllBytes(small.Cli.At("checked/model.safetensors")));
    }

    [Fact]
    public void WordsBesideJsonArePlainAndOnStandardError()
    {
        string words = small.Result.Errors;
        Assert.DoesNotContain('\e', words);
        Assert.DoesNotContain('\r', words);
        Assert.All(["\nlenet5 on fashion-mnist: 1x28x28 -> 10\nname      layer ",
            "\ndata        1,350 training, 150 validation, 1,500 test images of 1x28x28\n",
            "\nrecipe      3 epochs of 27 steps of 50 images, SGD 0.05 one-cycle, momentum 0.9 Nesterov, gradients clipped to norm 1, " +
            "weight decay ", "\nprecision   float32: ", "\nrun         first\n",
            "\n  epoch train loss train acc  val loss val acc       lr  images/s        time\n", "\ntest accuracy 0.",
            "\nmemory        the process grew by ", "\nrun folder    first\n",
            "\nnext:\n  convolve evaluate first  "], part => Assert.Contains(part, words, StringComparison.Ordinal));
        Assert.Matches(@"\n    1/3 +\d\.\d{4} +0\.\d{4} +\d\.\d{4} +0\.\d{4} +0\.\d{5} +[\d,]+ +\d+\.\d s \*\n", words);
        Assert.Matches(@"\nplan        \d+ steps on \d+ threads? \((oneDNN|own kernels).+\)\nprecision", words);
    }

    [Fact]
    public void TheEstimateIsTheOneOnTheScreen()
    {
        double mebibytes = (long)small.Result.Json["estimated_memory_bytes"]! / 1048576.0;
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"\nmemory      {mebibytes:F1} MiB: weights "), small.Result.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TheRunFolderIsComplete()
    {
        string folder = small.Cli.At("first");
        Assert.Equal([".lock", "checkpoint", "environment.json", "metrics.csv", "metrics.jsonl", "model.safetensors", "recipe.json",
            "report.html", "train", "validation"],
            Directory.GetFileSystemEntries(folder).Select(Path.GetFileName)
            .Where(n => !n!.StartsWith("events.out.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(["epoch-000002-step-00000000.safetensors", "epoch-000003-step-00000000.safetensors"],
            Directory.GetFileSystemEntries(Path.Combine(folder, "checkpoint")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        JsonObject recipe = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "recipe.json")))!.AsObject();
        Assert.Equal(("lenet5", 1500, 50), ((string)recipe["network"]!, (int)recipe["limit"]!, (int)recipe["batch_size"]!));
        string[] metrics = File.ReadAllLines(Path.Combine(folder, "metrics.jsonl"));
        Assert.Equal(4, metrics.Length);
        JsonNode best = JsonNode.Parse(metrics[(int)small.Result.Json["best_epoch"]! - 1])!;
        Assert.Equal((double)small.Result.Json["train_loss"]!, (double)best["train_loss"]!);
        Assert.Equal((double)small.Result.Json["validation_accuracy"]!, (double)best["validation_accuracy"]!);
        Assert.Equal((double)small.Result.Json["test_accuracy"]!, (double)JsonNode.Parse(metrics[3])!["test_accuracy"]!);
        AssertLoadable(folder);
    }

    [Fact]
    public void TheSameSeedGivesTheSameFigures()
    {
        CliResult second = small.Cli.Run([.. SmallRun.Arguments, "--out", "second", "--json", "--quiet"]);
        Assert.Equal("", second.Errors);
        Assert.Equal(Figures(small.Result.Json), Figures(second.Json));
        Assert.Equal(File.ReadAllBytes(small.Cli.At("first/model.safetensors")),
            File.ReadAllBytes(small.Cli.At("second/model.safetensors")));
        CliResult other = small.Cli.Run([.. SmallRun.Arguments, "--out", "third", "--json", "--seed", "1"]);
        Assert.NotEqual((double)small.Result.Json["train_loss"]!, (double)other.Json["train_loss"]!);
    }

    [Fact]
    public void EvaluateRepeatsTheTest()
    {
        JsonObject json = small.Cli.Run("evaluate", "first", "--json").Json;
        Assert.Equal(["run", "split", "images", "loss", "accuracy", "top5_accuracy", "images_per_second", "dataset",
            "test_time_augmentation", "accuracy_interval",
            "macro_precision", "macro_recall", "macro_f1", "classes", "confusion_matrix", "most_confused", "expected_calibration_error",
            "largest_calibration_error",
            "calibration", "largest_losses", "data_remarks", "warning"], json.Select(p => p.Key));
        Assert.Equal((small.Cli.At("first"), "test", 1500), ((string)json["run"]!, (string)json["split"]!, (int)json["images"]!));
        Assert.Equal((double)small.Result.Json["test_accuracy"]!, (double)json["accuracy"]!);
        Assert.Equal((double)small.Result.Json["test_top5_accuracy"]!, (double)json["top5_accuracy"]!);
        Assert.Equal((double)small.Result.Json["test_loss"]!, (double)json["loss"]!, 1e-5);
    }

    [Fact]
    public void EvaluateDrawsTheSplitsOfTheTraining()
    {
        JsonObject validation = small.Cli.Run("evaluate", "first/model.safetensors", "--split", "validation", "--json", "--batch-size",
            "7").Json;
        Assert.Equal(150, (int)validation["images"]!);
        Assert.Equal((double)small.Result.Json["validation_accuracy"]!, (double)validation["accuracy"]!);
        CliResult train = small.Cli.Run("evaluate", "first", "--split", "train");
        Assert.Matches(
            @"\nsplit  images +loss  accuracy  95 % interval     top-5 accuracy +images/s\ntrain   1,350  \d\.\d{4}    0\.\d{4}  " +
            @"0\.\d{4} to 0\.\d{4}          [01]\.\d{4} +[\d,]+\n$", train.Output);
        Assert.Matches(@"\nclass +images  precision  recall      F1\nT-shirt/top +\d+     0\.\d{4}  0\.\d{4}  0\.\d{4}\n", train.Output);
        Assert.Matches(@"\nmost confused +predicted +images  of class\n\S.* +\d+ +\d+\.\d %\n", train.Output);
        Assert.Matches(@"\nlargest losses +class +predicted +confidence +loss\n#\d+ ", train.Output);
        Assert.Matches(@"\ncalibration expected error 0\.\d{4}, largest 0\.\d{4}, over 15 confidence bins\n\nsplit", train.Output);
    }

    [Fact]
    public void EveryPredictionIsWrittenWithItsSampleId()
    {
        JsonObject json = small.Cli.Run("evaluate", "first", "--split", "validation", "--predictions", "all.csv", "--json").Json;
        string[][] rows = [.. File.ReadAllLines(small.Cli.At("all.csv")).Select(line => line.Split(','))];
        Assert.Equal(["sample", "file", "true", "predicted", "correct", "confidence", "loss", "p:T-shirt/top"], rows[0][..8]);
        Assert.Equal(150, rows.Length - 1);
        Assert.Equal(150, rows.Skip(1).Select(row => row[0]).Distinct().Count());
        Assert.Equal((double)json["accuracy"]!, rows.Skip(1).Average(row => row[4] == "1" ? 1.0 : 0), 1e-12);
        Assert.All(rows.Skip(1), row =>
        {
            Assert.Equal(row[2] == row[3] ? "1" : "0", row[4]);
            double own = double.Parse(row[7 + Array.IndexOf(rows[0][7..], $"p:{row[2]}")], CultureInfo.InvariantCulture);
            Assert.Equal(-Math.Log(own), double.Parse(row[6], CultureInfo.InvariantCulture), 1e-4);
        });
    }

    [Fact]
    public void SeveralViewsOfAPictureAreAnnounced()
    {
        CliResult mirrored = small.Cli.Run("evaluate", "first", "--tta", "mirror-translate");
        Assert.Contains("\nviews       mirror-translate: logits averaged over 6 views of each picture\n", mirrored.Output,
            StringComparison.Ordinal);
        Assert.Equal("mirror", (string)small.Cli.Run("evaluate", "first", "--tta", "mirror", "--json").Json["test_time_augmentation"]!);
    }

    [Fact]
    public void MirrorImagesWarnWhereTheTrainingHadNone()
    {
        const string warning =
            "warning: the network was trained without flips, so mirrored views (--tta mirror) usually lower its accuracy. Evaluate " +
            "without --tta, or train with --augment horizontal-flip.";
        CliResult mirrored = small.Cli.Run("evaluate", "first", "--tta", "mirror", "--json");
        Assert.Equal((0, warning), (mirrored.Status, (string?)mirrored.Json["warning"]));
        Assert.EndsWith($"\nconvolve: {warning}\n", mirrored.Errors, StringComparison.Ordinal);
        CliResult plain = small.Cli.Run("evaluate", "first", "--json");
        Assert.Equal((true, null), (plain.Json.ContainsKey("warning"), (string?)plain.Json["warning"]));
        Assert.DoesNotContain("warning", plain.Errors, StringComparison.Ordinal);
        // The model file alone knows it too, and a run with flips is not warned of.
        Directory.CreateDirectory(small.Cli.At("alone"));
        File.Copy(small.Cli.At("first/model.safetensors"), small.Cli.At("alone/model.safetensors"));
        Assert.Contains(warning, small.Cli.Run("evaluate", "alone/model.safetensors", "--data", "fashion-mnist", "--tta", "mirror").Errors,
            StringComparison.Ordinal);
        Assert.Equal(0, small.Cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "300", "--epochs", "1", "--augment", "flip",
            "--out", "flipped", "--quiet").Status);
        Assert.DoesNotContain("warning", small.Cli.Run("evaluate", "flipped", "--tta", "mirror").Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsOfAnotherRunsNetworkAreRefused()
    {
        Directory.CreateDirectory(small.Cli.At("mixed"));
        JsonObject recipe = JsonNode.Parse(File.ReadAllText(small.Cli.At("first/recipe.json")))!.AsObject();
        recipe["graph"]!["name"] = "another";
        File.WriteAllText(small.Cli.At("mixed/recipe.json"), recipe.ToJsonString());
        File.Copy(small.Cli.At("first/model.safetensors"), small.Cli.At("mixed/model.safetensors"));
        Assert.Equal(
            new(2, "",
            "convolve: mixed/model.safetensors holds the network lenet5, and recipe.json next to it describes a different one, so it is " +
            "unknown which pictures the weights were trained on. Put the file back into its own run " +
            "folder.\n"), small.Cli.Run("evaluate", "mixed"));
    }

    [Fact]
    public void EvaluateSaysWhatIsWrong()
    {
        Directory.CreateDirectory(small.Cli.At("no run"));
        CliResult noRun = small.Cli.Run("evaluate", "no run");
        Assert.Equal(2, noRun.Status);
        Assert.StartsWith("convolve: no run is not a run folder: ", noRun.Errors, StringComparison.Ordinal);

        Directory.CreateDirectory(small.Cli.At("torn"));
        File.Copy(small.Cli.At("first/recipe.json"), small.Cli.At("torn/recipe.json"));
        File.WriteAllBytes(small.Cli.At("torn/model.safetensors"), File.ReadAllBytes(small.Cli.At("first/model.safetensors"))[..5000]);
        CliResult torn = small.Cli.Run("evaluate", "torn");
        Assert.Equal((2, ""), (torn.Status, torn.Output));
        Assert.StartsWith("convolve: Cannot read 'torn/model.safetensors' as safetensors: ", torn.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunIsNotOverwritten()
    {
        CliResult again = small.Cli.Run([.. SmallRun.Arguments, "--out", "first"]);
        Assert.Equal(
            (2, "",
            "convolve: first already holds a run, and runs are not overwritten. Choose another folder with --out, resume it with " +
            "--resume, or delete it.\n"),
            (again.Status, again.Output, again.Errors));
    }

    [Fact]
    public void QuietPrintsTheResultOnlyAndTheFolderHasItsName()
    {
        using Cli cli = new();
        CliResult result = cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "40", "--epochs", "1", "--quiet",
            "--validation", "0");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Matches(
            @"^test accuracy [01]\.\d{4}, loss \d+\.\d{4} on 40 images, with the weights of epoch 1 of 1, in \d+\.\d s\nrun folder    " +
            @"runs/lenet5-fashion-mnist-\d{8}-\d{6}\n$", result.Output);
        string run = Directory.GetDirectories(cli.At("runs")).Single();
        AssertLoadable(run);
        CliResult noSplit = cli.Run("evaluate", run, "--split", "validation");
        Assert.Equal((2, "convolve: The run was trained without a validation split. Use --split test or --split train.\n"),
            (noSplit.Status, noSplit.Errors));
    }

    [Fact]
    public void OptionsReachTheRecipe()
    {
        using Cli cli = new();
        CliResult result = cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "30", "--skip-bad", "--epochs", "2",
            "--batch-size", "8", "--lr", "0.01", "--base-batch-size", "4", "--momentum", "0",
            "--weight-decay", "0.001", "--decay-biases", "--schedule", "step", "--step-epochs", "1", "--step-factor", "0.5",
            "--warmup-epochs", "0.5", "--optimizer", "sgd",
            "--seed", "18446744073709551615", "--precision", "f32", "--exact", "--threads", "1", "--validation", "0.2", "--normalization",
            "minus-one-to-one",
            "--augment", "random-crop:28:padding=2,flip,color-jitter:brightness=0.2,mixup", "--init", "normal(0.01)", "--net-option",
            "activation=tanh", "--net-option", "pooling=avg,dropout=0.3",
            "--micro-batch", "5", "--clip-norm", "1.5", "--clip-value", "0.25", "--lr-scale", "conv*=0.1,fc3=10", "--freeze", "fc1",
            "--ema", "0.9",
            "--class-weights", "balanced", "--early-stop", "7", "--early-stop-metric", "loss", "--early-stop-change", "0.001", "--out",
            "run", "--json");
        Assert.Equal((0, 1, 18446744073709551615UL), (result.Status, (int)result.Json["threads"]!, (ulong)result.Json["seed"]!));
        JsonObject recipe = JsonNode.Parse(File.ReadAllText(cli.At("run/recipe.json")))!.AsObject();
        recipe.Remove("graph");
        Assert.Equal("""
            {"network":"lenet5","dataset":"fashion-mnist","epochs":2,"batch_size":8,"base_batch_size":4,"optimizer":{"rule":"sgd","learning_rate":0.01,"momentum":0,"nesterov":false,"weight_decay":0.001,"decays_biases":true},"schedule":{"kind":"Step","warm_up_epochs":0.5,"step_epochs":1,"factor":0.5,"milestones":[],"patience":10,"threshold":0.0001,"cooldown":0,"minimum_rate":0,"metric":"Accuracy"},"label_smoothing":0,"class_weights":"balanced","micro_batch_size":5,"shards":1,"sync_batch_norm":false,"model_parallel":1,"clipping":{"norm":1.5,"value":0.25},"layer_rates":"conv*=0.1,fc3=10,fc1","average_decay":0.9,"early_stopping":{"patience":7,"metric":"Loss","least_change":0.001},"precision":"Float32","exact":true,"threads":1,"seed":18446744073709551615,"validation_fraction":0.2,"split_rule":"CopiesTogether","limit":30,"skip_bad":true,"normalization":"MinusOneToOne","transforms":["random-crop:28:padding=2","horizontal-flip","color-jitter:brightness=0.2","mixup"],"initialization":"normal(0.01)","start_from":null,"start_digest":null}
            """, recipe.ToJsonString(), ignoreLineEndingDifferences: true);
        Assert.Contains("\naugment     random-crop:28:padding=2, horizontal-flip, color-jitter:brightness=0.2, mixup\n", result.Errors,
            StringComparison.Ordinal);
        Assert.Contains(
            "SGD 0.02 (0.01 x 8 / 4) step, warm-up 0.5 epochs, in micro-batches of 5, gradients clipped to norm 1.5, " +
            "gradients clipped to 0.25, layer rates conv*=0.1,fc3=10,fc1, EMA " +
            "of " +
            "weights 0.9, early stop after 7 epochs without better loss", result.Errors, StringComparison.Ordinal);
        Assert.Contains("\nfrozen      fc1\n", result.Errors, StringComparison.Ordinal);
        Assert.Contains("AvgPool2d(2)", result.Errors, StringComparison.Ordinal);
        Assert.Contains("Dropout(0.3)", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void GreyImagesFitANetworkForColor()
    {
        using Cli cli = new();
        CliResult result = cli.Run("train", "alexnet-torchvision", "--data", "fashion-mnist", "--limit", "20", "--epochs", "1",
            "--net-option", "input=3x64x64", "--out", "run", "--json");
        Assert.Equal(0, result.Status);
        Assert.Contains("\ninput       resize:28x28, 3x64x64, bilinear, ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExplodedLossFailsTheRun()
    {
        using Cli cli = new();
        CliResult result = cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "500", "--lr", "1e6", "--schedule", "constant",
            "--out", "run", "--json");
        Assert.Equal((1, ""), (result.Status, result.Output));
        Assert.Matches(
            @"\nconvolve: (Loss|Weights) became .+ at epoch \d+, step \d+ \(learning rate 1E\+06\)\. First NaN or infinity: .+\. Try .+\n$",
            result.Errors);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    private static string Figures(JsonObject json)
    {
        JsonObject figures = json.DeepClone().AsObject();
        foreach (string key in Times)
            figures.Remove(key);
        return figures.ToJsonString();
    }

    internal static void AssertLoadable(string run)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(Path.Combine(run, "model.safetensors"));
        Assert.Equal(["convolve.epoch", "convolve.graph", "convolve.preprocessing", "convolve.sha256", "convolve.transforms", "format"],
            file.Metadata.Keys.Order());
        using JsonDocument graph = JsonDocument.Parse(file.Metadata["convolve.graph"]);
    }
}
