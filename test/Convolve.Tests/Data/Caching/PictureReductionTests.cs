using Convolve.Data;
using Convolve.Data.Caching;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Caching;

/// <summary>What is kept of a picture gives the network the same bits as the whole picture, in training and in evaluation.</summary>
public class PictureReductionTests
{
    private static readonly ImageSize Target = new(3, 24, 20);

    public static TheoryData<string, int, int, string> Cases => new()
    {
        // transforms, height, width, the size of what is kept
        { "", 61, 73, "3x48x40" }, // the rows and columns that the resize of the pipeline looks at
        { "", 120, 100, "3x48x40" }, // 5 times: the middle pixels alone count, and their neighbors come with a share of 0
        { "", 240, 20, "3x48x20" },
        { "", 30, 26, "3x30x26" }, // too few could be left out
        { "", 24, 20, "3x24x20" },
        { "", 9, 7, "3x9x7" },
        { "", 9, 200, "3x9x40" },
        { "horizontal-flip", 61, 143, "3x48x40" },
        { "horizontal-flip", 120, 101, "3x48x40" },
        { "horizontal-flip:1", 61, 73, "3x48x40" },
        { "horizontal-flip,mixup:1", 120, 100, "3x48x60" }, // the neighbors of mirror images come with them
        { "resize:24x20", 61, 73, "3x24x20" },
        { "resize:24x20:antialias=false,color-jitter:brightness=0.4", 61, 73, "3x24x20" },
        { "resize:30,random-crop:24x20,horizontal-flip", 61, 73, "3x30x35" },
        { "resize:70x60", 61, 73, "3x48x40" },
        { "random-resized-crop:24x20", 61, 73, "3x61x73" }, // crops are taken from the whole picture
        { "random-crop:24x20,horizontal-flip", 61, 73, "3x61x73" },
        { "rotation:10,resize:24x20", 61, 73, "3x61x73" },
        { "color-jitter:contrast=0.4", 61, 73, "3x61x73" }, // contrast needs the mean of all pixels
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_input_has_the_same_bits(string text, int height, int width, string kept)
    {
        ImageSize size = new(3, height, width);
        byte[] pixels = TestData.Pixels(size.Length);
        TransformList transforms = TransformList.Parse(text);
        Preprocessing preprocessing = TestData.Plain(Target, [.4f, .5f, .45f], [.2f, .3f, .25f]) with
        {
            Steps = transforms.Evaluation(size),
        };
        ImagePipeline pipeline = new(preprocessing, 3);
        Augmentation augmentation = new(transforms, pipeline, 7);
        PictureReduction training = new(transforms, Target), evaluation = new(preprocessing.Steps, Target);
        Assert.Equal(kept, training.Of(new byte[training.LengthOf(size)], size).Size.ToString());
        float[] expected = new float[Target.Length], actual = new float[Target.Length];
        ushort[] expectedHalves = new ushort[Target.Length], halves = new ushort[Target.Length];
        for (int epoch = 0; epoch < 6; epoch++)
        {
            augmentation.Write(pixels, size, epoch, 3, expected);
            augmentation.Write(Reduced(training), epoch, 3, actual);
            Assert.Equal(expected, actual);
            augmentation.Write(pixels, size, epoch, 3, expectedHalves);
            augmentation.Write(Reduced(training), epoch, 3, halves);
            Assert.Equal(expectedHalves, halves);
        }
        pipeline.Write(pixels, size, expected);
        pipeline.Write(Reduced(evaluation), actual);
        Assert.Equal(expected, actual);
        pipeline.Write(pixels, size, actual); // the axes of the whole picture are back
        Assert.Equal(expected, actual);

        KeptPicture Reduced(PictureReduction reduction)
        {
            byte[] kept = new byte[reduction.LengthOf(size)];
            reduction.Reduce(pixels, size, kept);
            return reduction.Of(kept, size);
        }
    }

    // Steps that begin with the size of the training images are done to pictures of another size, too.
    [Fact]
    public void Pictures_of_another_size_are_brought_to_the_first_size_before()
    {
        ImageSize usual = new(3, 61, 73), other = new(3, 90, 50);
        byte[] pixels = TestData.Pixels(other.Length);
        Preprocessing preprocessing = TestData.Plain(Target) with { Steps = TransformList.Empty.Evaluation(usual) };
        ImagePipeline pipeline = new(preprocessing, 3);
        PictureReduction reduction = new(preprocessing.Steps, Target);
        byte[] kept = new byte[reduction.LengthOf(other)];
        reduction.Reduce(pixels, other, kept);
        float[] expected = new float[Target.Length], actual = new float[Target.Length];
        pipeline.Write(pixels, other, expected);
        pipeline.Write(reduction.Of(kept, other), actual);
        Assert.Equal(expected, actual);
        Assert.Equal(3 * 48 * 40, kept.Length);
    }

    [Fact]
    public void Keys_say_what_is_kept()
    {
        string[] texts = ["", "horizontal-flip", "resize:24x20", "resize:25x20", "resize:24x20:antialias=false", "rotation:10"];
        string[] keys = [.. texts.Select(text => new PictureReduction(TransformList.Parse(text), Target).Key)];
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(new PictureReduction(TransformList.Parse("rotation:20"), Target).Key, keys[^1]); // the whole picture in both
        Assert.NotEqual(new PictureReduction(TransformList.Empty, new(3, 24, 21)).Key, keys[0]);
    }
}
