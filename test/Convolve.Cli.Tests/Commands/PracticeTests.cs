using System.Text.Json.Nodes;
using Convolve.Execution;

namespace Convolve.Cli.Tests.Commands;

/// <summary>The options of 'convolve train' on how a run is carried out, and 'convolve lr-find'.</summary>
public sealed class PracticeTests : IDisposable
{
    private static readonly string[] Small = ["train", "lenet5", "--data", "fashion-mnist", "--limit", "300", "--batch-size", "50",
        "--json"];
    private readonly Cli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void ATimeLimitEndsWithATestAndTheRunGoesOn()
    {
        CliResult ended = _cli.Run([.. Small, "--epochs", "100000", "--time-limit", "2s", "--out", "run"]);
        Assert.True(ended.Status == 0, ended.Errors);
        Assert.Equal("time-limit", (string?)ended.Json["end"]);
        Assert.InRange((int)ended.Json["epochs"]!, 0, 99_999);
        Assert.Contains("\nstopped at the time limit; to resume: convolve train --resume run\n", ended.Errors, StringComparison.Ordinal);
        CliResult rest = _cli.Run("train", "--resume", "run", "--time-limit", "1s", "--json");
        Assert.Equal((0, "time-limit"), (rest.Status, (string?)rest.Json["end"]));
        Assert.True((int)rest.Json["epochs"]! >= (int)ended.Json["epochs"]!);
        CliResult wrong = _cli.Run([.. Small, "--time-limit", "soon"]);
        Assert.Equal(
            (2, "convolve: --time-limit: expected a time such as 90s, 30m or 1h30m, got \"soon\". See 'convolve train --help'.\n"),
            (wrong.Status, wrong.Errors));
    }

    [Fact]
    public void AnEarlyStopSaysSo()
    {
        CliResult result =
            _cli.Run([.. Small, "--epochs", "50", "--lr", "1e-9", "--schedule", "constant", "--early-stop", "2", "--out", "run"]);
        Assert.True(result.Status == 0, result.Errors);
        Assert.Equal(("early-stop", 3), ((string?)result.Json["end"], (int)result.Json["epochs"]!));
        Assert.Contains("\nstopped early: no improvement in the last 2 epochs\n", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("\nto continue   convolve train --resume run --early-stop 4 --override\n",
            _cli.Run("train", "--resume", "run").Output, StringComparison.Ordinal);
        CliResult alone = _cli.Run([.. Small, "--early-stop-metric", "loss"]);
        Assert.Equal(2, alone.Status);
        Assert.StartsWith("convolve: --early-stop-metric only applies to --early-stop N.", alone.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWasSwitchedOnCanBeSwitchedOffOnResume()
    {
        string[] on = ["--early-stop", "1", "--clip-norm", "1", "--clip-value", "0.5", "--ema", "0.9", "--micro-batch", "20", "--freeze",
            "conv1", "--class-weights", "balanced", "--exact"];
        CliResult begun = _cli.Run([.. Small, "--epochs", "2", "--seed", "3", "--time-limit", "0s", .. on, "--out", "on"]);
        Assert.True(begun.Status == 0, begun.Errors);
        Assert.Contains("class weights", begun.Errors, StringComparison.Ordinal);
        string[] off = ["--early-stop", "none", "--clip-norm", "none", "--clip-value", "none", "--ema", "none", "--micro-batch", "none",
            "--freeze", "none", "--class-weights", "none", "--exact", "false"];
        CliResult refused = _cli.Run(["train", "--resume", "on", .. off]);
        Assert.Equal(2, refused.Status);
        Assert.Contains("micro_batch_size was 20, got none", refused.Errors, StringComparison.Ordinal);
        CliResult resumed = _cli.Run(["train", "--resume", "on", .. off, "--override", "--json"]);
        Assert.True(resumed.Status == 0, resumed.Errors);
        Assert.Equal(("finished", 2), ((string?)resumed.Json["end"], (int)resumed.Json["epochs"]!));
        Assert.Equal(0,
            _cli.Run([.. Small, "--epochs", "2", "--seed", "3", "--time-limit", "0s", "--clip-norm", "none", "--out", "plain"]).Status);
        Assert.Equal(File.ReadAllText(_cli.At("plain/recipe.json")), File.ReadAllText(_cli.At("on/recipe.json")));
    }

    [Fact]
    public void AClassThatIsNotThereCannotBeWeighted()
    {
        CliResult result = _cli.Run([.. Small, "--class-weights", "Coat=2,cat=3"]);
        Assert.Equal(2, result.Status);
        Assert.Contains("convolve: A class weight is given for cat, but the classes of the data are T-shirt/top, ", result.Errors,
            StringComparison.Ordinal);
        Assert.EndsWith(" See --class-weights.\n", result.Errors, StringComparison.Ordinal);
        CliResult wrong = _cli.Run([.. Small, "--class-weights", "Coat"]);
        Assert.Equal(2, wrong.Status);
        Assert.Contains("\"Coat\" isn't the weight of a class.", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsOfAnotherRunAreTakenWhereTheyFitAndListed()
    {
        Assert.Equal(0, _cli.Run([.. Small, "--epochs", "1", "--out", "first"]).Status);
        CliResult tuned = _cli.Run([.. Small, "--epochs", "1", "--from", "first", "--net-option", "padding=same", "--freeze", "conv*",
            "--out", "second"]);
        Assert.True(tuned.Status == 0, tuned.Errors);
        Assert.Equal(["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight",
            "fc3.bias"],
            tuned.Json["taken"]!.AsArray().Select(n => (string)n!));
        Assert.Equal(["fc1.weight: [120, 400] in the file, [120, 784] here"], tuned.Json["skipped"]!.AsArray().Select(n => (string)n!));
        Assert.Contains("\nloaded      9 parameters of first: conv1.weight, ", tuned.Errors, StringComparison.Ordinal);
        Assert.Contains("\nnot loaded  fc1.weight: [120, 400] in the file, [120, 784] here\n", tuned.Errors, StringComparison.Ordinal);
        JsonNode recipe = JsonNode.Parse(File.ReadAllText(_cli.At("second/recipe.json")))!;
        Assert.Equal(("first", 64), ((string?)recipe["start_from"], ((string)recipe["start_digest"]!).Length));
        CliResult missing = _cli.Run([.. Small, "--from", "nowhere"]);
        Assert.Equal(2, missing.Status);
        Assert.StartsWith("convolve: ", missing.Errors.Split('\n')[^2], StringComparison.Ordinal);
        Assert.Contains("nowhere", missing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsThatAreNotFiniteAreRefused()
    {
        float[] values = new float[6];
        values[2] = float.NaN;
        Convolve.Formats.SafeTensors.Write(_cli.At("bad.safetensors"), [new("conv1.bias", Convolve.Formats.TensorType.F32, [6])],
            (_, sink) => sink.WriteFloats(values));
        CliResult result = _cli.Run([.. Small, "--from", "bad.safetensors", "--out", "run"]);
        Assert.Equal(2, result.Status);
        Assert.EndsWith(
            "convolve: Cannot read 'bad.safetensors' as safetensors: of tensor 'conv1.bias', 1 of 6 values is NaN. Its training " +
            "diverged, or the file was damaged. "
            + "Use weights that were saved earlier.\n", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_cli.At("run")));
    }

    [Fact]
    public void BatchNormalizationOfSingleValuesIsRefused()
    {
        File.WriteAllText(_cli.At("net.json"), """
            {"name": "dense", "input": [1, 28, 28], "nodes": [{"type": "Flatten"}, {"type": "Linear", "units": 16}, {"type": "BatchNorm1d"}, {"type": "ReLU"}, {"type": "Linear", "units": 10}]}
            """);
        CliResult result = _cli.Run("train", "net.json", "--data", "fashion-mnist", "--limit", "20", "--batch-size", "1", "--out", "run");
        Assert.Equal(2, result.Status);
        Assert.Contains("convolve: BatchNorm1d() \"bn1\" can't learn from one value per channel. The batches have 1 image,", result.Errors,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(_cli.At("run")));
    }

    [Fact]
    public void OneBatchIsLearnedByHeartOrNot()
    {
        CliResult good = _cli.Run([.. Small, "--overfit-one-batch"]);
        Assert.True(good.Status == 0, good.Errors);
        Assert.True((bool)good.Json["learned"]!);
        Assert.Equal((50, 1.0), ((int)good.Json["images"]!, (double)good.Json["accuracy"]!));
        Assert.Contains("memorized: loss ", good.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "\nhow           SGD at 0.1 after a warm-up of 10 steps, gradients clipped to norm 1, without dropout, augmentation or " +
            "weight decay.\n", "\n" + good.Errors, StringComparison.Ordinal);
        Assert.Equal(("sgd", 0.1),
            ((string)good.Json["attempts"]![0]!["optimizer"]!, (double)good.Json["attempts"]![0]!["learning_rate"]!));
        CliResult dead = _cli.Run([.. Small, "--overfit-one-batch", "--init", "constant(0)"]);
        Assert.Equal((1, false), (dead.Status, (bool)dead.Json["learned"]!));
        Assert.Contains("convolve: not memorized: loss 2.30", dead.Errors, StringComparison.Ordinal);
        Assert.Contains("Adam at 0.0002, loss ", dead.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_cli.At(".")));
        CliResult kept = _cli.Run([.. Small, "--overfit-one-batch", "--save-every", "5"]);
        Assert.Equal((2, "convolve: --overfit-one-batch doesn't save or resume a run: remove --save-every.\n"),
            (kept.Status, kept.Errors));
    }

    [NotLargeFact]
    public void ABatchThatDoesNotFitIsToBeComputedInParts()
    {
        string[] large = ["train", "vgg19", "--data", "fashion-mnist", "--batch-size", "8000", "--net-option", "input=1x64x64",
            "--precision", "f32"];
        CliResult whole = _cli.Run(large);
        Assert.Equal(2, whole.Status);
        Assert.Matches(
            @"convolve: vgg19 at batch size \d+ needs .+ of memory \(.+\), but only .+ is available\. The largest batch size that " +
            @"fits is (\d+): --batch-size \1; or compute each batch in parts: --micro-batch \d+\.\n$", whole.Errors);
        CliResult parts = _cli.Run([.. large, "--micro-batch", "7900"]);
        Assert.Equal(2, parts.Status);
        Assert.Matches(@"convolve: vgg19 at micro-batch 7900 needs .+ The largest micro-batch that fits is (\d+): --micro-batch \1\.\n$",
            parts.Errors);
    }

    [Fact]
    public void ALearningRateIsSuggestedAndDrawn()
    {
        CliResult found = _cli.Run("lr-find", "lenet5", "--data", "fashion-mnist", "--limit", "2000", "--batch-size", "50", "--steps", "60",
            "--svg", "lr.svg", "--json");
        Assert.True(found.Status == 0, found.Errors);
        Assert.InRange((double)found.Json["valley"]!, 1e-5, 1);
        JsonArray trials = found.Json["trials"]!.AsArray();
        Assert.Equal([(double)found.Json["suggested"]!, (double)found.Json["recipe"]!], trials.Take(2).Select(t => (double)t!["rate"]!));
        Assert.All(trials, t => Assert.Equal(200, (int)t!["steps"]!));
        Assert.All(trials.Take(2), t => Assert.InRange((double)t!["accuracy"]!, 0.2, 1));
        Assert.Contains(trials, t => (double)t!["rate"]! == (double)found.Json["best"]!);
        Assert.EndsWith($" --lr {(double)found.Json["best"]!}\n", found.Errors, StringComparison.Ordinal);
        Assert.Matches(@"\n +rate +from +steps +(runs +)?validation loss +validation accuracy\n", found.Errors);
        Assert.Matches(@"\n +0\.1 +recipe +200 +\d", found.Errors);
        Assert.InRange((double)found.Json["steepest"]!, 1e-6, 10);
        Assert.Equal(found.Json["rates"]!.AsArray().Count, found.Json["losses"]!.AsArray().Count);
        Assert.Contains("lenet5 on fashion-mnist: loss against learning rate\n", found.Errors, StringComparison.Ordinal);
        Assert.Contains("\n  convolve train lenet5 --data fashion-mnist --limit 2000 --batch-size 50 --lr ", found.Errors,
            StringComparison.Ordinal);
        Assert.Equal(["lr.svg"], Directory.GetFileSystemEntries(_cli.At(".")).Select(Path.GetFileName));
        Assert.Contains("suggested", File.ReadAllText(_cli.At("lr.svg")), StringComparison.Ordinal);
        CliResult only = _cli.Run("lr-find", "lenet5", "--data", "fashion-mnist", "--limit", "2000", "--batch-size", "50", "--steps", "60",
            "--no-trial", "--json");
        Assert.Empty(only.Json["trials"]!.AsArray());
        Assert.Equal((double)found.Json["suggested"]!, (double)only.Json["best"]!);
        CliResult given = _cli.Run("lr-find", "lenet5", "--data", "fashion-mnist", "--lr", "0.1");
        Assert.Equal((2, "convolve: lr-find looks for the learning rate: remove --lr.\n"), (given.Status, given.Errors));
        CliResult scaled = InProcess.Run(1000, "lr-find", "lenet5", "--data", "fashion-mnist", "--base-batch-size", "32");
        Assert.Equal((2, "convolve: lr-find looks for the learning rate: remove --base-batch-size.\n"), (scaled.Status, scaled.Errors));
        CliResult falling = _cli.Run("lr-find", "lenet5", "--data", "fashion-mnist", "--limit", "300", "--from-lr", "1", "--to-lr", "0.1");
        Assert.Equal((2, "convolve: The learning rate must rise from above 0, such as from 1e-6 to 10, got 1 to 0.1.\n"),
            (falling.Status, falling.Errors));
    }

    // On a large machine it would fit, and train for hours.
    private sealed class NotLargeFactAttribute : FactAttribute
    {
        public NotLargeFactAttribute() => Skip = Machine.AvailableMemoryBytes is null or > 32L << 30 ? "there is too much memory" : null;
    }
}
