using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Transforms;

public sealed class TransformListTests
{
    private static readonly ImageSize Cifar = new(3, 32, 32);

    [Theory]
    [InlineData("", "resize:32x32")]
    [InlineData("horizontal-flip", "resize:32x32")]
    [InlineData("random-crop:32:padding=4,horizontal-flip,random-erasing,mixup", "resize:32x32")]
    [InlineData("random-crop:28", "resize:32x32,center-crop:28")]
    [InlineData("resize:70,random-crop:64,horizontal-flip", "resize:32x32,resize:70,center-crop:64")]
    [InlineData("resize:227x227,horizontal-flip", "resize:32x32,resize:227x227")]
    [InlineData("color-jitter:0.4,random-resized-crop:224,rotation:5,noise:0.1", "resize:32x32,resize:256,center-crop:224")]
    [InlineData("random-resized-crop:32", "resize:32x32")]
    [InlineData("random-resized-crop:64x48:antialias=false",
        "resize:32x32,resize:73x55:keep-aspect=true:antialias=false,center-crop:64x48")]
    [InlineData("random-crop:24,resize:32x32", "resize:32x32,center-crop:24,resize:32x32")]
    public void Evaluation_is_what_is_left_without_chance(string typed, string expected)
    {
        TransformList list = TransformList.Parse(typed);
        Assert.Equal(expected, list.Evaluation(Cifar).ToString());
        // Images of the size trained on end at the same size in both.
        Assert.Equal(list.Infer(Cifar), list.Evaluation(Cifar).Infer(Cifar));
        Assert.DoesNotContain(list.Evaluation(Cifar), t => t.IsRandom);
    }

    [Theory]
    [InlineData("", "resize:64x64", "resize:64x64")]
    [InlineData("horizontal-flip,mixup", "horizontal-flip,resize:64x64,mixup", "resize:64x64")]
    [InlineData("random-resized-crop:64", "random-resized-crop:64", "resize:73,center-crop:64")]
    [InlineData("resize:70,random-crop:64,random-crop:64:padding=3", "resize:70,random-crop:64,random-crop:64:padding=3",
        "resize:70,center-crop:64")]
    public void Images_of_many_sizes_end_at_the_networks(string typed, string expected, string evaluation)
    {
        ImageSize[] sizes = [new(3, 80, 90), new(3, 70, 400), new(3, 200, 71)];
        ReadDataset set = new("many", [.. sizes.Select(s => (s, new byte[s.Length]))], [0, 0, 0], ["one"]);
        TransformList list = TransformList.Parse(typed).For(new("train", set, [0, 1, 2]), new(3, 64, 64));
        Assert.Equal(expected, list.ToString());
        Assert.Equal(evaluation, list.Evaluation(null).ToString());
        Assert.All(sizes, s => Assert.Equal(new(3, 64, 64), list.Infer(s)));
        Assert.All(sizes, s => Assert.Equal(new(3, 64, 64), list.Evaluation(null).Infer(s)));
    }

    [Theory]
    [InlineData("resize:70,random-crop:64", 227,
        "resize:70,random-crop:64 make images of 3x64x64 from 3x32x32, but the network takes 3x227x227. End with resize:227x227, or " +
        "choose the size of the last crop or resize accordingly.")]
    [InlineData("random-crop:28", 32,
        "random-crop:28 makes images of 3x28x28 from 3x32x32, but the network takes 3x32x32. End with resize:32x32, or choose the " +
        "size of the last crop or resize accordingly.")]
    [InlineData("random-crop:64", 64,
        "random-crop:64: expected an image of at least 64x64 pixels, got 3x32x32. Put resize:64 before it, or crop at most " +
        "32x32.")]
    [InlineData("resize:30,center-crop:32", 32,
        "center-crop:32: expected an image of at least 32x32 pixels, got 3x30x30. Put resize:32 before it, or crop at most " +
        "30x30.")]
    [InlineData("random-crop:32:padding=32:padding-mode=reflect", 32,
        "random-crop:32:padding=32:padding-mode=reflect: an image of 3x32x32 has too few pixels to be mirrored 32 deep. Use a padding " +
        "of at most 31, or padding-mode=zero.")]
    public void What_does_not_fit_is_refused(string typed, int target, string message)
    {
        Split split = new("train", TestData.Set(2, size: Cifar), [0, 1]);
        Assert.Equal(message, Assert.Throws<DatasetException>(() => TransformList.Parse(typed).For(split, new(3, target, target))).Message);
    }

    [Theory]
    [InlineData("lighting", "lighting: expected a color image, got 1x28x28. Leave lighting out.")]
    [InlineData("color-jitter:0.4",
        "color-jitter:brightness=0.4:contrast=0.4:saturation=0.4: expected a color image, got 1x28x28. Grayscale " +
        "images take color-jitter:brightness=0.4:contrast=0.4.")]
    public void Grey_images_have_no_colors_to_change(string typed, string message)
    {
        Split split = new("train", TestData.Set(2, size: new(1, 28, 28)), [0, 1]);
        Assert.Equal(message, Assert.Throws<DatasetException>(() => TransformList.Parse(typed).For(split, new(1, 28, 28))).Message);
        _ = TransformList.Parse("color-jitter:brightness=0.4:contrast=0.4,rotation:5,noise:0.1").For(split, new(1, 28, 28));
    }

    [Fact]
    public void A_set_of_many_sizes_is_checked_image_by_image()
    {
        ImageSize[] sizes = [new(3, 80, 90), new(3, 20, 90)];
        ReadDataset set = new("many", [.. sizes.Select(s => (s, new byte[s.Length]))], [0, 0], ["one"]);
        Split all = new("train", set, [0, 1]);
        Assert.Contains("random-crop:64: expected an image of at least 64x64 pixels, got 3x20x90",
            Assert.Throws<DatasetException>(() => TransformList.Parse("random-crop:64").For(all, new(3, 64, 64))).Message,
            StringComparison.Ordinal);
        Assert.Contains("resize:64 makes images of 3x64x72 from 3x80x90",
            Assert.Throws<DatasetException>(() => TransformList.Parse("resize:64").For(all, new(3, 64, 64))).Message,
            StringComparison.Ordinal);
        ImagePipeline pipeline = new(TestData.Plain(new(3, 64, 64)) with { Steps = [new CenterCrop(64)] }, 3);
        Assert.Throws<DatasetException>(() => pipeline.Check(all));
        pipeline.Check(new("train", set, [0]));
    }

    [Fact]
    public void Lighting_learns_its_colors_from_the_training_split_alone()
    {
        Dataset set = TestData.Set(6, size: new(3, 4, 4));
        TransformList list = TransformList.Parse("horizontal-flip,lighting:0.2");
        TransformList fitted = list.Fit(new("train", set, [0, 2]));
        Assert.Equal(ColorComponents.Of(new("train", set, [0, 2])), ((Lighting)fitted[1]).Components);
        Assert.NotEqual(fitted, list.Fit(new("train", set, [1])));
        Assert.Same(fitted, fitted.Fit(new("train", set, [1]))); // what is stored stays
        Assert.Equal(fitted, TransformList.Parse(fitted.ToString()));
    }
}
