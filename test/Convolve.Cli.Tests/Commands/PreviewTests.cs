using System.Text.Json.Nodes;
using Convolve.Imaging;

namespace Convolve.Cli.Tests.Commands;

public sealed class PreviewTests
{
    [Fact]
    public void ASheetIsAPngWithARowForEachImage()
    {
        using Cli cli = new();
        CliResult result = cli.Run("data", "preview", "fashion-mnist", "--augment", "random-crop:28:padding=4,flip", "--images", "3",
            "--epochs", "4", "--out", "sheet.png", "--json");
        Assert.True(result.Status == 0, result.Errors);
        Assert.Equal((3, 4, 3 * (118 + 20) + 20 + 6, 6 * 118 + 6 + 24),
            ((int)result.Json["images"]!, (int)result.Json["epochs"]!, (int)result.Json["height"]!, (int)result.Json["width"]!));
        Assert.Equal(["random-crop:28:padding=4", "horizontal-flip"], result.Json["augment"]!.AsArray().Select(t => (string)t!));
        Assert.Equal(cli.At("sheet.png"), (string)result.Json["file"]!);
        ImageInfo info = ImageDecoder.ReadInfo(File.ReadAllBytes(cli.At("sheet.png")), "sheet.png");
        Assert.Equal((440, 738), (info.Height, info.Width));

        CliResult words = cli.Run("data", "preview", "fashion-mnist", "--network", "alexnet-d2l", "--images", "1", "--epochs", "1",
            "--augment", "resize:256,random-crop:224,cutmix");
        Assert.Equal(0, words.Status);
        Assert.EndsWith(
            "fashion-mnist-preview.png: 1 images; each row shows the image, what evaluation sees, and what training sees in 1 epochs.\n",
            words.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(cli.At("fashion-mnist-preview.png")));
    }

    [Fact]
    public void AFolderOfPicturesOfManySizesIsShownAsTheNetworkTakesThem()
    {
        using Cli cli = new();
        for (int i = 0; i < 20; i++)
        {
            Directory.CreateDirectory(cli.At($"set/{i % 2}"));
            (int height, int width) = (20 + i, 60 - i);
            File.WriteAllBytes(cli.At($"set/{i % 2}/{i}.png"),
                PngEncoder.Encode([.. Enumerable.Range(0, 3 * height * width).Select(p => (byte)(p * i))], 3, height, width));
        }
        File.WriteAllText(cli.At("set/0/none.jpg"), "no picture");
        Assert.Equal(2, cli.Run("data", "preview", "folder:set").Status);
        JsonNode grey = cli.Run("data", "preview", "folder:set", "--skip-bad", "--network", "lenet5", "--augment",
            "color-jitter:contrast=0.4,cutmix", "--images", "2", "--epochs", "2", "--json").Json;
        Assert.Equal((cli.At("set-preview.png"), 2 * (118 + 20) + 20 + 6), ((string)grey["file"]!, (int)grey["height"]!));
        CliResult color = cli.Run("data", "preview", "folder:set", "--skip-bad", "--images", "1", "--epochs", "1", "--augment",
            "random-crop:16,color-jitter:0.4:hue=0.1,lighting", "--out", "color.png");
        Assert.True(color.Status == 0, color.Errors);
        CliResult refused = cli.Run("data", "preview", "folder:set", "--skip-bad", "--network", "lenet5", "--augment",
            "color-jitter:hue=0.1");
        Assert.Equal(2, refused.Status);
        Assert.Contains("expected a color image", refused.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--augment random-crop:64", "random-crop:64: expected an image of at least 64x64 pixels, got 1x28x28")]
    [InlineData("--network alexnet-d2l --augment random-crop:24",
        "random-crop:24 makes images of 1x24x24 from 1x28x28, but the network takes 1x224x224.")]
    [InlineData("--images 101", "--images: expected a whole number from 1 to 100, got 101.")]
    [InlineData("--out nowhere/sheet.png", "--out nowhere/sheet.png: the folder ")]
    public void WhatCannotBeShownIsRefused(string options, string message)
    {
        using Cli cli = new();
        CliResult result = cli.Run([.. "data preview fashion-mnist".Split(' '), .. options.Split(' ')]);
        Assert.Equal((2, ""),
            (result.Status, result.Output.Replace("Reading fashion-mnist from /usr/share/datasets/fashion-mnist\n", "",
            StringComparison.Ordinal)));
        Assert.StartsWith("convolve: " + message, result.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(cli.Folder));
    }
}
