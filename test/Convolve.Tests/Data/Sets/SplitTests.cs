using Convolve.Data;
using Convolve.Data.Inputs;

namespace Convolve.Tests.Data.Sets;

public sealed class SplitTests
{
    [Theory]
    [InlineData(1000, .1, 100)]
    [InlineData(1005, .1, 100)]
    [InlineData(40, .1, 4)]
    [InlineData(11, .1, 1)]
    [InlineData(1000, .333, 333)]
    [InlineData(1000, .99, 990)]
    [InlineData(1000, 0, 0)]
    public void Splits_are_disjoint_complete_and_stratified(int count, double fraction, int expected)
    {
        Dataset train = TestData.Set(count), test = TestData.Set(30);
        DataSplits splits = DataSplits.Create(train, test, fraction, seed: 7);
        Assert.Equal(expected, splits.Validation.Count);
        Assert.Equal(Enumerable.Range(0, count), splits.Train.Indices.Concat(splits.Validation.Indices).Order());
        Assert.Equal(splits.Train.Indices.Order(), splits.Train.Indices);
        Assert.Equal(splits.Validation.Indices.Order(), splits.Validation.Indices);
        Assert.Equal(Enumerable.Range(0, 30), splits.Test.Indices);
        Assert.Same(test, splits.Test.Dataset);
        int[] perClass = [.. Enumerable.Range(0, 10).Select(c => splits.Validation.Indices.Count(i => train.LabelOf(i) == c))];
        Assert.True(perClass.Max() - perClass.Min() <= 1, string.Join(" ", perClass));
        Assert.All(Enumerable.Range(0, 10), c => Assert.Contains(splits.Train.Indices, i => train.LabelOf(i) == c));
    }

    [Fact]
    public void The_draw_depends_on_the_seed_alone()
    {
        Dataset train = TestData.Set(500), test = TestData.Set(10);
        Assert.Equal(DataSplits.Create(train, test, seed: 1), DataSplits.Create(train, test, seed: 1));
        Assert.NotEqual(DataSplits.Create(train, test, seed: 1).Validation, DataSplits.Create(train, test, seed: 2).Validation);
        // Pinned: another draw would make runs of older versions see their validation images in training.
        Assert.Equal([23, 34, 51, 65, 106, 162, 190], DataSplits.Create(TestData.Set(200), test, .035, seed: 42).Validation.Indices);
    }

    [Fact]
    public void The_limit_keeps_the_first_images()
    {
        DataSplits splits = DataSplits.Create(TestData.Set(500), TestData.Set(50), .2, seed: 1, limit: 100);
        Assert.Equal((80, 20, 50), (splits.Train.Count, splits.Validation.Count, splits.Test.Count));
        Assert.Equal(99, splits.Train.Indices.Concat(splits.Validation.Indices).Max());
        Assert.Equal(20, DataSplits.Create(TestData.Set(500), TestData.Set(50), limit: 20).Test.Count);
    }

    [Fact]
    public void What_cannot_be_split_is_refused()
    {
        Dataset set = TestData.Set(100);
        Assert.Throws<DatasetException>(() => DataSplits.Create(set, TestData.Set(10, size: new(1, 3, 2))));
        Assert.Throws<DatasetException>(() => DataSplits.Create(set, TestData.Set(10, classes: 9)));
        DatasetException e = Assert.Throws<DatasetException>(() => DataSplits.Create(set, set, .1, 0, limit: 10));
        Assert.Equal(
            "small: 10 training images are too few for a validation split, because no class has two. Use more images, or a validation " +
            "fraction of 0.", e.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => DataSplits.Create(set, set, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => DataSplits.Create(set, set, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => DataSplits.Create(set, set, limit: 0));
        Assert.Throws<DatasetException>(() => new Split("train", set, [0, 100]));
        Assert.Throws<DatasetException>(() => new Split("train", set, [-1]));
    }

    [Fact]
    public void Split_is_a_value()
    {
        Dataset set = TestData.Set(9);
        Assert.Equal(new Split("a", set, [1, 2]), new Split("a", set, [1, 2]));
        Assert.NotEqual(new Split("a", set, [1, 2]), new Split("a", set, [2, 1]));
        Assert.Equal("a: 2 images of small", new Split("a", set, [1, 2]).ToString());
    }

    [Fact]
    public void Sampler_gives_each_image_once_per_epoch_in_an_order_of_its_own()
    {
        Split split = new("train", TestData.Set(103), [.. Enumerable.Range(3, 100)]);
        BatchSampler sampler = new(split, 32, seed: 5, shuffle: true);
        Assert.Equal((4, 32, 100), (sampler.BatchCount, sampler.BatchSize, sampler.Count));
        int[] zero = Epoch(sampler, 0), one = Epoch(sampler, 1);
        Assert.Equal(split.Indices, zero.Order());
        Assert.Equal(split.Indices, one.Order());
        Assert.NotEqual(zero, one);
        Assert.NotEqual(split.Indices, zero);
        Assert.Equal(4, sampler.Batch(0, 3).Length);

        BatchSampler later = new(split, 7, seed: 5, shuffle: true);
        Assert.Equal(one, Epoch(later, 1));
        Assert.Equal(zero, Epoch(later, 0));
        Assert.NotEqual(zero, Epoch(new BatchSampler(split, 32, seed: 6, shuffle: true), 0));
        Assert.Equal(split.Indices, Epoch(new BatchSampler(split, 9, 5, shuffle: false), 3));
    }

    [Fact]
    public void Sampler_keeps_the_last_epoch_while_the_next_begins_and_allocates_nothing()
    {
        Split split = new("train", TestData.Set(100), [.. Enumerable.Range(0, 100)]);
        BatchSampler sampler = new(split, 100, 1, shuffle: true);
        ReadOnlySpan<int> zero = sampler.Batch(0, 0);
        int[] copy = zero.ToArray();
        _ = sampler.Batch(1, 0);
        Assert.Equal(copy, zero.ToArray());
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int epoch = 0; epoch < 20; epoch++)
            _ = sampler.Batch(epoch, 0);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Sampler_refuses_what_is_not_there()
    {
        Split split = new("train", TestData.Set(10), [1, 2, 3]);
        Assert.Throws<DatasetException>(() => new BatchSampler(new Split("train", TestData.Set(10), []), 1, 0, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchSampler(split, 0, 0, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = new BatchSampler(split, 2, 0, true).Batch(0, 2); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = new BatchSampler(split, 2, 0, true).Batch(0, -1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = new BatchSampler(split, 2, 0, true).Batch(-1, 0); });
        Assert.Equal(1, new BatchSampler(split, int.MaxValue, 0, true).BatchCount);
    }

    [Fact]
    public void Dataset_refuses_parts_that_do_not_fit()
    {
        ImageSize size = new(1, 2, 2);
        Assert.Equal(
            "x: 7 pixel bytes do not fit 2 labels: images of 1x2x2 need 8 bytes. Check that images and labels belong together.",
            Assert.Throws<DatasetException>(() => new MemoryDataset("x", size, new byte[7], [0, 1], ["a", "b"])).Message);
        Assert.Equal(
            "x: label 2 of image 1 is outside 0 to 1, the numbers of its 2 classes. Check the label file, or name more classes.",
            Assert.Throws<DatasetException>(() => new MemoryDataset("x", size, new byte[8], [0, 2], ["a", "b"])).Message);
        Assert.Throws<DatasetException>(() => new MemoryDataset("x", size, [], [], ["a"]));
        Assert.Throws<DatasetException>(() => new MemoryDataset("x", new(1, 0, 2), [], [0], ["a"]));
        Assert.Throws<DatasetException>(() => new MemoryDataset("x", new(int.MaxValue, 3, 3), [], [0], ["a"]));
        Assert.Throws<DatasetException>(() => new MemoryDataset("x", size, new byte[4], [0], []));
        Assert.Throws<DatasetException>(() => new MemoryDataset("x", size, new byte[4], [0], ["a", "a"]));
        Dataset all = new MemoryDataset("x", new(1, 1, 1), new byte[1], [255], [.. Enumerable.Range(0, 256).Select(i => $"{i}")]);
        Assert.Equal(255, all.LabelOf(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = all.PixelsOf(1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = all.PixelsOf(-1); });
    }

    private static int[] Epoch(BatchSampler sampler, int epoch) =>
        [.. Enumerable.Range(0, sampler.BatchCount).SelectMany(step => sampler.Batch(epoch, step).ToArray())];
}
