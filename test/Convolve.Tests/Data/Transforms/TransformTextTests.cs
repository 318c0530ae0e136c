using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Kernels;

namespace Convolve.Tests.Data.Transforms;

public sealed class TransformTextTests
{
    /// <summary>Every kind, with all that may be chosen.</summary>
    private static readonly string[] Texts =
    [
        "resize:256", "resize:224x224", "resize:40x30", "resize:70:antialias=false", "resize:64x48:keep-aspect=true",
        "resize:5x5:antialias=false",
        "center-crop:64", "center-crop:64x48", "random-crop:32", "random-crop:32:padding=4",
        "random-crop:8x9:padding=4:padding-mode=reflect",
        "random-resized-crop:224", "random-resized-crop:96x64:scale=0.25..1:ratio=0.5..2:antialias=false", "horizontal-flip",
        "horizontal-flip:0.25",
        "rotation:15", "translation:0.1", "color-jitter", "color-jitter:brightness=0.4:contrast=0.3:saturation=0.2:hue=0.1", "lighting",
        "lighting:0.2",
        "lighting:colors=0.2/0.1/0.15/-0.05/0.04/0.01/0.002/0.003/-1E-10", "noise:0.05", "random-erasing",
        "random-erasing:0.25:scale=0.1..0.2:ratio=1..3:fill=random",
        "mixup", "mixup:0.4:probability=0.5", "cutmix", "cutmix:0.5:probability=0.75",
    ];

    public static TheoryData<string> Written => [.. Texts];

    [Theory, MemberData(nameof(Written))]
    public void What_is_read_is_written_again(string text)
    {
        TransformList list = TransformList.Parse(text);
        Assert.Equal(text, list.ToString());
        Assert.Equal(list, TransformList.Parse(list.ToString()));
        Assert.Equal(list[0].GetHashCode(), TransformList.Parse(text)[0].GetHashCode());
    }

    [Fact]
    public void Every_kind_is_written_and_tested()
    {
        Type[] kinds = [.. typeof(Transform).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Transform)))];
        Assert.Equal(kinds.ToHashSet(), TransformText.Types.ToHashSet());
        Assert.Equal(kinds.Length, Texts.Select(t => TransformList.Parse(t)[0].GetType()).Distinct().Count());
        Assert.All(kinds, kind => Assert.True(kind.IsSealed && kind.GetMethod("<Clone>$") is not null, kind.Name));
        Assert.All(TransformList.Syntax, line => Assert.Contains(Texts, t => line.Split(':')[0].TrimEnd('[') == t.Split(':')[0]));
        // A kind without a kernel throws another exception.
        foreach (string text in Texts)
        {
            TransformList list = TransformList.Parse(text);
            if (list[0] is not Lighting { Components: null })
                _ = Pictures.Apply(list, Pictures.Of(new(3, 64, 64)), new(3, 64, 64));
        }
    }

    [Fact]
    public void Short_ways_to_say_it_mean_the_same()
    {
        TransformList usual = [new RandomCrop(32) { Padding = 4 }, new HorizontalFlip()], mixed = [new MixUp()];
        Assert.Equal(usual, TransformList.Parse(" random-crop : 32 : padding=4 , flip "));
        Assert.Equal(new ColorJitter(0.4f), TransformList.Parse("color-jitter:0.4")[0]);
        Assert.Equal(new ColorJitter(0.4f) { Hue = 0.1f, Contrast = 0.2f },
            TransformList.Parse("color-jitter:0.4:hue=0.1:contrast=0.2")[0]);
        Assert.Equal(Resize.ShorterSide(256), TransformList.Parse("resize:256")[0]);
        Assert.Equal(new Resize(256), TransformList.Parse("resize:256x256")[0]);
        Assert.Empty(TransformList.Parse(""));
        Assert.NotEqual(mixed, TransformList.Parse("mixup:0.3"));
    }

    [Theory]
    [InlineData("random-corp:32",
        "Unknown transform \"random-corp\". Did you mean random-crop? Use one of resize, center-crop, random-crop, " +
        "random-resized-crop, horizontal-flip, rotation, translation, color-jitter, lighting, noise, random-erasing, mixup, cutmix.")]
    [InlineData("flip,,flip", "Unknown transform \"\"")]
    [InlineData("random-crop", "random-crop: the size is missing. Write random-crop:64 or random-crop:64x48 (height, width).")]
    [InlineData("random-crop:32x32x3",
        "random-crop: the size: expected a number of pixels, or two as in 64x48 (height, width), got \"32x32x3\".")]
    [InlineData("random-crop:-3", "random-crop: the size: expected a number of pixels, or two as in 64x48 (height, width), got \"-3\".")]
    [InlineData("random-crop:0",
        "random-crop: a size of 0x0 is invalid. Height and width must be at least 1, and their product at most 536870911.")]
    [InlineData("resize:60000x60000", "resize: a size of 60000x60000 is invalid.")]
    [InlineData("random-crop:32:4", "random-crop: \"4\" has no name, and only one value can do without. Write KEY=VALUE.")]
    [InlineData("random-crop:32:pad=4",
        "random-crop: unknown option \"pad\". Did you mean padding? Its options are padding, padding-mode.")]
    [InlineData("random-crop:32:padding=4:padding=4", "random-crop: padding is given twice.")]
    [InlineData("random-crop:32:padding=4.5", "random-crop: padding: expected a whole number, got \"4.5\".")]
    [InlineData("random-crop:32:padding=2000", "random-crop: padding must be from 0 to 1000, got 2000.")]
    [InlineData("random-crop:32:padding-mode=edge", "random-crop: padding-mode: expected one of zero, reflect, got \"edge\".")]
    [InlineData("resize:32:antialias=yes", "resize: antialias: expected true or false, got \"yes\".")]
    [InlineData("center-crop:32:x=1", "center-crop: unknown option \"x\". center-crop has no options.")]
    [InlineData("rotation", "rotation: the number is missing. Write rotation:0.1, say.")]
    [InlineData("rotation:200", "rotation: the angle must be from 0 to 180, got 200.")]
    [InlineData("rotation:NaN", "rotation: the value: expected a number, got \"NaN\".")]
    [InlineData("noise:1e99", "noise: the value: expected a number, got \"1e99\".")]
    [InlineData("horizontal-flip:1.5", "horizontal-flip: the probability must be from 0 to 1, got 1.5.")]
    [InlineData("random-resized-crop:224:scale=0.5", "random-resized-crop: scale: expected two numbers as in 0.08..1, got \"0.5\".")]
    [InlineData("random-resized-crop:224:scale=1..0.5",
        "random-resized-crop: scale is 1..0.5, and must go from a smaller to a larger number, both from 0.0001 to 1.")]
    [InlineData("lighting:colors=1/2/3", "lighting: colors: expected 9 numbers between slashes, got \"1/2/3\".")]
    [InlineData("color-jitter:hue=0.6", "color-jitter: the hue must be from 0 to 0.5, got 0.6.")]
    [InlineData("mixup,flip", "mixup mixes finished images, but horizontal-flip comes after it. Put mixup last.")]
    [InlineData("mixup,cutmix,mixup:0.3", "mixup is given twice. Give it once.")]
    [InlineData("mixup:0", "mixup: alpha must be from 0.001 to 1000, got 0.")]
    public void What_is_not_understood_is_refused(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<DatasetException>(() => TransformList.Parse(text)).Message, StringComparison.Ordinal);

    // Whatever comes, it is read or refused with the one exception.
    [Fact]
    public void Hostile_texts_are_refused_as_data()
    {
        CounterRandom random = new(9, RandomPurpose.Test);
        string[] parts = [":", "=", ",", "..", "x", "/", "resize", "random-crop", "color-jitter", "mixup", "padding", "scale", "9", "-1",
            "0.5", "1e38", "\0", "é", " ", "true"];
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, 1 + random.NextInt32(7)).Select(_ => parts[random.NextInt32(parts.Length)]));
            try
            {
                TransformList list = TransformList.Parse(text);
                Assert.Equal(list, TransformList.Parse(list.ToString()));
                read++;
            }
            catch (DatasetException)
            {
            }
        }
        Assert.InRange(read, 50, 19_000);
    }
}
