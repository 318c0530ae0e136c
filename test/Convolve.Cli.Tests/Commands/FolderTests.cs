using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Imaging;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Fashion-MNIST as PNG files in a folder for each class, and a run trained on it.</summary>
public sealed class FolderRun : IDisposable
{
    public static readonly string[] Options = ["--epochs", "2", "--batch-size", "32", "--lr", "0.05", "--json"];

    public FolderRun()
    {
        LoadedData data = Datasets.Load("fashion-mnist");
        Write(data.Train, "set/train", 600);
        Write(data.Test, "set/test", 200);
        Result = Cli.Run(["train", "lenet5", "--data", "folder:set", .. Options, "--out", "run"]);
        Assert.True(Result.Status == 0, Result.Errors);
    }

    public Cli Cli { get; } = new();

    public CliResult Result { get; }

    public void Write(Dataset data, string folder, int count)
    {
        for (int i = 0; i < count; i++)
        {
            string name = $"{folder}/{data.ClassNames[data.LabelOf(i)].Replace('/', ' ')}";
            Directory.CreateDirectory(Cli.At(name));
            File.WriteAllBytes(Cli.At($"{name}/{i}.png"), PngEncoder.Encode(data.PixelsOf(i), 1, 28, 28));
        }
    }

    public void Dispose() => Cli.Dispose();
}

/// <summary>Folders of pictures, from the command line.</summary>
public sealed class FolderTests(FolderRun folder) : IClassFixture<FolderRun>
{
    private readonly Cli _cli = folder.Cli;

    [Fact]
    public void TrainingLearns()
    {
        JsonObject json = folder.Result.Json;
        Assert.Equal(("folder:" + _cli.At("set"), 61706), ((string)json["dataset"]!, (int)json["parameters"]!));
        Assert.InRange((double)json["test_accuracy"]!, 0.5, 1);
        Assert.Contains($"Reading and checking 800 pictures in {_cli.At("set")}\n", folder.Result.Errors, StringComparison.Ordinal);
        Assert.Contains("\ndata        540 training, 60 validation, 200 test images of 1x28x28\n", folder.Result.Errors,
            StringComparison.Ordinal);
        Assert.Contains("\n  convolve train lenet5 --data folder:set --epochs 2 --batch-size 32 --lr 0.05 --seed 1 ", folder.Result.Errors,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("validation")]
    public void A_split_of_a_run_stays_what_it_was_when_pictures_are_added(string split)
    {
        Dataset pictures = Datasets.Load("fashion-mnist").Train;
        string set = $"growing-{split}", run = $"grown-{split}";
        folder.Write(pictures, set, 200);
        Assert.Equal(0, _cli.Run(["train", "lenet5", "--data", $"folder:{set}", .. FolderRun.Options, "--out", run]).Status);
        JsonObject before = _cli.Run("evaluate", run, "--split", split, "--json").Json;
        folder.Write(pictures, set, 400);
        JsonObject after = _cli.Run("evaluate", run, "--split", split, "--json").Json;
        Assert.Equal((int)before["images"]!, (int)after["images"]!);
        Assert.Equal((double)before["accuracy"]!, (double)after["accuracy"]!);
        Assert.Equal((double)before["loss"]!, (double)after["loss"]!, 1e-5);
        Assert.Contains("The folder has changed since the run", after["data_remarks"]![0]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void EvaluationPreprocessesAsTheTraining()
    {
        JsonObject json = _cli.Run("evaluate", "run", "--json").Json;
        Assert.Equal(200, (int)json["images"]!);
        Assert.Equal((double)folder.Result.Json["test_accuracy"]!, (double)json["accuracy"]!);
        Assert.Equal((double)folder.Result.Json["test_loss"]!, (double)json["loss"]!, 1e-5);
        JsonObject validation = _cli.Run("evaluate", "run", "--split", "validation", "--json").Json;
        Assert.Equal((double)folder.Result.Json["validation_accuracy"]!, (double)validation["accuracy"]!);

        // The same pictures from elsewhere, in another size and in color, are brought to the same input.
        Dataset test = Datasets.Load("fashion-mnist").Test;
        for (int i = 0; i < 200; i++)
        {
            string name = $"color/{test.ClassNames[test.LabelOf(i)].Replace('/', ' ')}";
            Directory.CreateDirectory(_cli.At(name));
            byte[] wide = [.. Enumerable.Range(0, 28 * 28).Select(p => test.PixelsOf(i)[p]).SelectMany(p => (byte[])[p, p])];
            byte[] large = [.. Enumerable.Range(0, 56).SelectMany(y => wide[(y / 2 * 56)..(y / 2 * 56 + 56)])];
            File.WriteAllBytes(_cli.At($"{name}/{i}.png"), PngEncoder.Encode([.. large, .. large, .. large], 3, 56, 56));
        }
        JsonObject color = _cli.Run("evaluate", "run", "--data", "folder:color", "--json").Json;
        Assert.Equal(200, (int)color["images"]!); // the folder is not divided: nothing of it was trained on
        Assert.Equal((double)json["accuracy"]!, (double)color["accuracy"]!, 0.03);
    }

    [Fact]
    public void TheSameFolderGivesTheSameFigures()
    {
        CliResult again = _cli.Run(["train", "lenet5", "--data", "folder:./set/", .. FolderRun.Options, "--out", "again"]);
        Assert.Equal((double)folder.Result.Json["train_loss"]!, (double)again.Json["train_loss"]!);
        Assert.Equal(File.ReadAllBytes(_cli.At("run/model.safetensors")), File.ReadAllBytes(_cli.At("again/model.safetensors")));
    }

    [Fact]
    public void AFlatFolderIsDividedAndTheRunIsNamedAfterIt()
    {
        LoadedData data = Datasets.Load("fashion-mnist");
        folder.Write(data.Train, "my set", 300);
        JsonObject json = _cli.Run("train", "lenet5", "--data", "folder:my set", "--epochs", "1", "--json").Json;
        Assert.StartsWith(_cli.At("runs/lenet5-my set-"), (string)json["run"]!, StringComparison.Ordinal);
        JsonObject test = _cli.Run("evaluate", (string)json["run"]!, "--json").Json;
        Assert.InRange((int)test["images"]!, 25, 35);
        Assert.Equal((double)json["test_accuracy"]!, (double)test["accuracy"]!);
    }

    [Fact]
    public void BadFilesStopTheTrainingUnlessTheyAreSkipped()
    {
        LoadedData data = Datasets.Load("fashion-mnist");
        folder.Write(data.Train, "damaged", 200);
        string cut = Directory.GetFiles(_cli.At("damaged/Bag"))[0];
        File.WriteAllBytes(cut, File.ReadAllBytes(cut)[..60]);
        File.WriteAllText(_cli.At("damaged/Bag/none.jpg"), "no picture");

        CliResult refused = _cli.Run("train", "lenet5", "--data", "folder:damaged", "--epochs", "1");
        Assert.Equal(2, refused.Status);
        Assert.StartsWith(
            $"convolve: 2 of 201 pictures of folder:{_cli.At("damaged")} cannot be used. The first: {_cli.At("damaged/Bag/")}",
            refused.Errors, StringComparison.Ordinal);
        Assert.EndsWith("`; they can be skipped. See --skip-bad.\n", refused.Errors, StringComparison.Ordinal);

        CliResult skipped = _cli.Run("train", "lenet5", "--data", "folder:damaged", "--epochs", "1", "--skip-bad", "--out", "skipped");
        Assert.True(skipped.Status == 0, skipped.Errors);
        Assert.Contains(
            $"\nLeft out: {cut}: this PNG file is cut off: it ends after 60 bytes, before its IEND chunk. Get the file again.\n",
            skipped.Output, StringComparison.Ordinal);
        Assert.Contains("\n2 of 201 pictures are left out.\n", skipped.Output, StringComparison.Ordinal);
        Assert.True((bool)JsonNode.Parse(File.ReadAllText(_cli.At("skipped/recipe.json")))!["skip_bad"]!);
        JsonArray remarks = JsonNode.Parse(File.ReadAllText(_cli.At("skipped/environment.json")))!["data_remarks"]!.AsArray();
        Assert.Equal(3, remarks.Count);
        Assert.Equal("2 of 201 pictures are left out.", (string)remarks[2]!);
        Assert.Equal(0, _cli.Run("evaluate", "skipped").Status); // as the recipe says

        CliResult verified = _cli.Run("data", "verify", "folder:damaged");
        Assert.Equal(2, verified.Status);
        Assert.Equal([$"convolve: {cut}: this PNG file is cut off: it ends after 60 bytes, before its IEND chunk. Get the file again.",
            $"convolve: {_cli.At("damaged/Bag/none.jpg")}: this is not a JPEG, PNG, WebP, BMP or GIF file: it begins with " +
            $"6E6F207069637475. Convert it to PNG, or remove it."],
            verified.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.EndsWith($"\nfolder:{_cli.At("damaged")}: 2 problems found.\n", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifySaysWhatIsThere()
    {
        CliResult result = _cli.Run("data", "verify", "folder:set");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Matches(@"\nsplit  images +size  smallest  largest  folder *\n",
            result.Output.Replace(_cli.Folder, "", StringComparison.Ordinal));
        Assert.Matches(@"\ntrain     600 +[\d.]+ KiB  1x28x28   1x28x28  .*/set/train\n", result.Output);
        Assert.Matches(@"\nclass +train  test\nAnkle boot +\d+ +\d+\nBag ", result.Output);
        Assert.EndsWith($"\nfolder:{_cli.At("set")}: no problems found.\n", result.Output, StringComparison.Ordinal);

        JsonObject set = _cli.Run("data", "verify", "folder:set", "fashion-mnist", "--json").Json["datasets"]![1]!.AsObject();
        Assert.Equal(["name", "folder", "ok", "splits", "findings"], set.Select(p => p.Key));
        Assert.Equal(["name", "folder", "images", "bytes", "smallest", "largest", "classes"],
            set["splits"]![0]!.AsObject().Select(p => p.Key));
        Assert.Equal(600, set["splits"]![0]!["classes"]!.AsObject().Sum(c => (int)c.Value!));
    }

    [Fact]
    public void PicturesAreKnownByTheirBytes()
    {
        Directory.CreateSymbolicLink(_cli.At("linked"), _cli.At("set"));
        JsonObject own = _cli.Run("evaluate", "run", "--json").Json,
            linked = _cli.Run("evaluate", "run", "--data", "folder:linked", "--json").Json;
        Assert.Equal((200, (double)own["accuracy"]!), ((int)linked["images"]!, (double)linked["accuracy"]!));
        Assert.Empty(linked["data_remarks"]!.AsArray());

        Directory.CreateSymbolicLink(_cli.At("seen"), _cli.At("set/train"));
        CliResult seen = _cli.Run("evaluate", "run", "--data", "folder:seen");
        Assert.Equal(
            (2, $"convolve: 600 of 600 pictures of {_cli.At("seen")} were trained on or chose the best epoch, so nothing is left to test "
            + "on. Evaluate the training or validation split, or use other pictures. See --split.\n"), (seen.Status, seen.Errors));

        foreach (string name in (string[])["Bag", "Coat"])
            foreach ((string part, int count) in ((string, int)[])[("train", 3), ("test", 2)])
                foreach (string file in Directory.GetFiles(_cli.At($"set/{part}/{name}")).Take(count))
                {
                    Directory.CreateDirectory(_cli.At($"some/{name}"));
                    File.Copy(file, _cli.At($"some/{name}/{part}-{Path.GetFileName(file)}"));
                }
        File.WriteAllText(_cli.At("some/Bag/x.tif"), "II*");
        JsonObject some = _cli.Run("evaluate", "run", "--data", "folder:some", "--json").Json;
        Assert.Equal(4, (int)some["images"]!);
        Assert.Equal(["1 file is left out, because only JPEG, PNG, WebP, BMP and GIF are read: 1 .tif. TIFF isn't supported: convert " +
            "these files to PNG.",
            "Not tested, because the test split has no picture of them: Ankle boot, Dress, Pullover, Sandal, Shirt, Sneaker and 2 more.",
            "6 of 10 pictures were trained on or chose the best epoch, and are left out of the test."],
            some["data_remarks"]!.AsArray().Select(r => (string)r!));
        Directory.Move(_cli.At("some/Coat"), _cli.At("some/Cloak"));
        CliResult other = _cli.Run("evaluate", "run", "--data", "folder:some");
        Assert.Equal(2, other.Status);
        Assert.Contains($"{_cli.At("some/Cloak")} has pictures of a class that the network was not trained on: its classes are " +
            "Ankle boot, Bag,",
            other.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Folder /no/such does not exist. Check the path.", "train", "lenet5", "--data", "folder:/no/such")]
    [InlineData("Folder /no/such does not exist. Check the path.", "data", "verify", "folder:/no/such")]
    [InlineData("Expected folder: and the path of a folder with one folder per class, got \"folder:\".", "train",
        "lenet5", "--data", "folder:")]
    [InlineData("folder:set is a folder of your own pictures: there is nothing to download.", "data", "fetch", "folder:set")]
    [InlineData("The data directory /data is for data sets known by " +
        "name,", "train", "lenet5", "--data", "folder:set", "--data-dir", "/data")]
    public void WhatIsWrongIsOneMessage(string message, params string[] line)
    {
        CliResult result = _cli.Run(line);
        Assert.StartsWith("convolve: " + message, result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors, '\n');
        Assert.Equal((2, ""), (result.Status, result.Output));
    }
}
