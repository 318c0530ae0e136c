using Convolve.Data;
using Convolve.Data.Inputs;

namespace Convolve.Tests.Data.Sets;

public sealed class DatasetTests
{
    [Fact]
    public void A_set_in_memory_gives_the_bytes_it_keeps()
    {
        byte[] pixels = [1, 2, 3, 4, 5, 6, 7, 8];
        MemoryDataset set = new("kept", new(1, 2, 2), pixels, [0, 1], ["a", "b"]);
        Assert.True(set.Read(1, []).Overlaps(pixels, out int at));
        Assert.Equal((-4, 0, "kept: 2 images of 1x2x2 in 2 classes"), (at, set.BufferLengthOf(1), set.ToString()));
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = set.SizeOf(2); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = set.Read(-1, []); });
    }

    [Fact]
    public void Images_of_many_sizes_are_measured_and_loaded_each_by_its_own()
    {
        ImageSize[] sizes = [new(3, 4, 6), new(3, 9, 5), new(3, 8, 8)];
        ReadDataset set = new("many", [.. sizes.Select((s, i) => (s, TestData.Pixels(s.Length, i)))], [0, 1, 0], ["a", "b"]);
        Assert.Equal((null, "many: 3 images of many sizes in 2 classes"), (set.Size, set.ToString()));
        Preprocessing preprocessing = Preprocessing.Fit(new("train", set, [0, 1, 2]), new(3, 8, 8), Normalization.TrainingSplit);
        byte[] green = [.. Enumerable.Range(0, 3)
            .SelectMany(i => set.PixelsOf(i).Slice(sizes[i].PixelCount, sizes[i].PixelCount).ToArray())];
        Assert.Equal(green.Average(b => b / 255.0), preprocessing.Mean[1], 1e-6);

        ImagePipeline pipeline = new(preprocessing, 3);
        foreach (int i in (int[])[0, 1, 2, 1, 0])
        {
            float[] together = new float[192], alone = new float[192];
            pipeline.Write(set.PixelsOf(i), sizes[i], together);
            Thread other = new(() => pipeline.Write(set.PixelsOf(i), sizes[i], alone)); // whose scratch has seen no other size
            other.Start();
            other.Join();
            Assert.Equal(alone, together);
        }
    }

    [Fact]
    public void Labels_may_go_beyond_a_byte()
    {
        string[] names = [.. Enumerable.Range(0, 1000).Select(i => $"{i}")];
        ReadDataset set = new("large", [(new(1, 1, 1), [7])], [999], names);
        Assert.Equal(999, set.LabelOf(0));
        Assert.Equal(
            "large: label 1000 of image 0 is outside 0 to 999, the numbers of its 1000 classes. Check the label file, or name more " +
            "classes.",
            Assert.Throws<DatasetException>(() => new ReadDataset("large", [(new(1, 1, 1), [7])], [1000], names)).Message);
    }
}
