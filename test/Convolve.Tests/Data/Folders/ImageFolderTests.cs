using Convolve.Data;
using Convolve.Data.Folders;
using Convolve.Data.Inputs;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Folders;

public sealed class ImageFolderTests : IDisposable
{
    private readonly PictureFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("class2", "class10")]
    [InlineData("a", "b")]
    [InlineData("B", "a")] // by code, as PyTorch sorts
    [InlineData("a", "a1")]
    [InlineData("a1b2", "a1b10")]
    [InlineData("a01", "a2")]
    [InlineData("a01", "a1")]
    [InlineData("7", "x")]
    [InlineData("", "0")]
    [InlineData("99999999999999999999999", "100000000000000000000000")]
    public void Names_are_in_natural_order(string first, string second)
    {
        Assert.True(NaturalOrder.Instance.Compare(first, second) < 0);
        Assert.True(NaturalOrder.Instance.Compare(second, first) > 0);
        Assert.Equal(0, NaturalOrder.Instance.Compare(second, second));
    }

    [Fact]
    public void A_divided_folder_gives_its_splits()
    {
        byte[] first = _folder.Add("train/c10/b/deep.png", 1), second = _folder.Add("train/c2/2.PNG", 2, height: 9);
        byte[] test = _folder.Add("Test/c2/x.png", 3), validation = _folder.Add("valid/c10/y.png", 4);
        _folder.Add("Test/c10/z.png", 5);
        LoadedData data = Datasets.Load(_folder.Name);
        Assert.Equal(["c2", "c10"], data.Train.ClassNames);
        Assert.Equal((2, 2, 1, 1), (data.Train.Count, data.Test.Count, data.Validation!.Count, data.Train.Channels));
        Assert.Equal((0, 1), (data.Train.LabelOf(0), data.Train.LabelOf(1)));
        Assert.Equal((null, new ImageSize(1, 9, 5), new ImageSize(1, 6, 5)), (data.Train.Size, data.Train.SizeOf(0), data.Train.SizeOf(1)));
        Assert.Equal(second, data.Train.PixelsOf(0).ToArray());
        Assert.Equal(first, data.Train.PixelsOf(1).ToArray());
        Assert.Equal(test, data.Test.PixelsOf(0).ToArray());
        Assert.Equal(validation, data.Validation.PixelsOf(0).ToArray());
        Assert.Equal($"{_folder.Name} train", data.Train.Name);

        DataSplits splits = data.Split(validationFraction: 0.5, seed: 3);
        Assert.Equal((2, 1, 2), (splits.Train.Count, splits.Validation.Count, splits.Test.Count)); // its own validation, whole
        Assert.Same(data.Validation, splits.Validation.Dataset);
        Assert.Equal((1, 1, 1), data.Split(limit: 1) is var few ? (few.Train.Count, few.Validation.Count, few.Test.Count) : default);
    }

    [Fact]
    public void Grey_is_made_of_color_and_color_of_grey_as_asked()
    {
        byte[] grey = _folder.Add("a/grey.png", 1), color = _folder.Add("b/1.png", 2, channels: 3);
        _folder.AddMany("a", 3, 10);
        foreach ((int? asked, int channels) in ((int?, int)[])[(null, 3), (1, 1), (3, 3)])
        {
            LoadedData data = Datasets.Load(_folder.Name, new() { Channels = asked });
            Assert.Equal(channels, data.Train.Channels);
            Assert.Equal(new ImageSize(channels, 6, 5), data.Train.Size);
            byte[][] all = [.. new[] { data.Train,
                data.Test }.SelectMany(set => Enumerable.Range(0, set.Count).Select(i => set.PixelsOf(i).ToArray()))];
            Assert.Contains(channels == 1 ? grey : [.. grey, .. grey, .. grey], all);
            byte[] expected = channels == 3 ? color
                : [.. Enumerable.Range(0, 30).Select(i =>
                (byte)(color[i] * 19595 + color[30 + i] * 38470 + color[60 + i] * 7471 + 32768 >> 16))];
            Assert.Contains(expected, all);
        }
        Assert.All(Directory.GetFiles(_folder["b"]), File.Delete);
        _folder.AddMany("b", 2, 30);
        Assert.Equal(1, Datasets.Load(_folder.Name).Train.Channels); // all are grey now
    }

    [Fact]
    public void A_tenth_of_a_flat_folder_is_tested_on_by_its_bytes_alone()
    {
        _folder.AddMany("cat", 30, 100);
        _folder.AddMany("dog", 20, 200);
        LoadedData data = Datasets.Load(_folder.Name);
        Assert.Equal((45, 5, null), (data.Train.Count, data.Test.Count, data.Validation));
        Assert.Equal((3, 2), (data.Test.Labels.Count(0), data.Test.Labels.Count(1)));
        Assert.Equal([0, 1, 0, 1, 0, 1], data.Train.Labels[..6]); // in turns, for --limit
        HashSet<string> tested = Pixels(data.Test);
        Assert.Empty(tested.Intersect(Pixels(data.Train)));
        Assert.Equal(new DatasetInfo[] { Datasets.Find(_folder.Name) }.Select(i => (i.Name, i.TrainCount)), [(_folder.Name, 50)]);

        // Other names and ten more pictures: what was tested still is, but for those that the larger test split pushes in.
        foreach (string file in Directory.GetFiles(_folder["cat"]))
            File.Move(file, Path.Combine(_folder["cat"], "renamed-" + Path.GetFileName(file)));
        Assert.Equal(tested, Pixels(Datasets.Load(_folder.Name).Test));
        // The same picture again is on the same side.
        foreach (string file in Directory.GetFiles(_folder["dog"]))
            File.Copy(file, file + ".copy.png");
        LoadedData twice = Datasets.Load(_folder.Name);
        Assert.Empty(Pixels(twice.Test).Intersect(Pixels(twice.Train)));
        Assert.Equal(4, twice.Test.Labels.Count(1));

        LoadedData other = Datasets.Load(_folder.Name, new() { TestsAll = true });
        Assert.Equal((70, 30), (other.Split(0).Test.Count, other.Test.Labels.Count(0)));
        DataSplits splits = data.Split(seed: 7);
        Assert.Equal((41, 4, 5), (splits.Train.Count, splits.Validation.Count, splits.Test.Count)); // a tenth of 45, rounded to even
    }

    [Fact]
    public void Without_a_test_folder_the_validation_folder_is_tested_on()
    {
        foreach (string part in (string[])["train", "val"])
            foreach (string name in (string[])["a", "b"])
                _folder.AddMany($"{part}/{name}", 5, part[0] * 1000 + name[0] * 10);
        List<string> words = [];
        LoadedData data = Datasets.Load(_folder.Name, progress: new HeardWords(words));
        Assert.Equal((10, 10, null), (data.Train.Count, data.Test.Count, data.Validation));
        Assert.Contains($"There is no test folder: {_folder["val"]} is the test split, and the validation split is drawn from " +
            $"train.", words);
    }

    [Fact]
    public void A_large_set_is_read_from_its_files()
    {
        byte[] one = _folder.Add("a/1.png", 1), other = _folder.Add("b/1.png", 2);
        FolderScan scan = FolderScan.Of(FolderListing.Of(_folder.Root), new(), keeps: false, null, default);
        Assert.False(scan.HasPixels);
        FolderDataset set = new("x", 1, new(1, 6, 5),
            [.. scan.Files.Select((f, i) => new FolderImage(scan.Listing.Files[i].Path, new(1, 6, 5), f.Moments!, null, f.Digest))], [0, 1],
            ["a", "b"], new DatasetOptions());
        Assert.Equal(one, set.PixelsOf(0).ToArray());
        Assert.Equal(other, set.PixelsOf(1).ToArray());
        byte[] buffer = new byte[40];
        Assert.True(set.Read(1, buffer).Overlaps(buffer));
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = set.Read(1, buffer);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 400); // the file's handle
        Assert.Throws<ArgumentException>(() => { _ = set.Read(1, new byte[29]); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = set.SizeOf(2); });

        _folder.Add("a/1.png", 1, height: 7);
        Assert.Equal($"{_folder["a/1.png"]} has 5 x 7 pixels, but had 5 x 6 when the data set was loaded. Don't change the files while " +
            $"they are in use.",
            Assert.Throws<DatasetException>(() => { _ = set.Read(0, buffer); }).Message);
        File.WriteAllText(_folder["a/1.png"], "GIF89a");
        Assert.Contains("It was good when the data set was " +
            "loaded", Assert.Throws<DatasetException>(() => { _ = set.Read(0, buffer); }).Message,
            StringComparison.Ordinal);
        File.Delete(_folder["a/1.png"]);
        Assert.StartsWith($"{_folder["a/1.png"]} cannot be read: ",
            Assert.Throws<DatasetException>(() => { _ = set.Read(0, buffer); }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(null)]
    public void Mean_and_deviation_are_those_of_the_pixels(int? channels)
    {
        for (int i = 0; i < 12; i++)
            _folder.Add($"{(i % 2 == 0 ? "a" : "b")}/{i}.png", i, i % 3 == 0 ? 1 : 3, 3 + i, 30);
        Dataset set = Datasets.Load(_folder.Name, new() { Channels = channels }).Train;
        int[] all = [.. Enumerable.Range(0, set.Count)];
        Assert.All(all, i => Assert.Equal(set.Channels, set.MomentsOf(i).Length));
        Dataset read = ReadDataset.Of(set);
        Assert.Equal(ChannelStatistics.Of(new("train", read, all)), ChannelStatistics.Of(new("train", set, all)));
    }

    [Fact]
    public void Reading_kept_pictures_allocates_nothing()
    {
        _folder.AddMany("a", 20, 1, channels: 3);
        _folder.AddMany("b", 20, 50, channels: 3);
        Dataset set = Datasets.Load(_folder.Name).Train;
        Assert.Equal(0, set.BufferLengthOf(0));
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < set.Count; i++)
                _ = set.Read(i, []);
            Assert.True(round == 0 || GC.GetAllocatedBytesForCurrentThread() == before);
        }
    }

    [Fact]
    public void Another_picture_of_the_same_name_and_size_makes_other_splits()
    {
        foreach (string part in (string[])["train", "test"])
            for (int c = 0; c < 2; c++)
                _folder.AddMany($"{part}/c{c}", 6, part.Length * 1000 + c * 100);
        string before = Digest();
        Assert.Equal(before, Digest());
        File.Copy(_folder["train/c0/1.png"], _folder["test/c1/2.png"], overwrite: true);
        Assert.NotEqual(before, Digest());

        string Digest() => Datasets.Load(_folder.Name).Split().Digest();
    }

    [Fact]
    public void A_class_that_is_not_trained_is_told_of()
    {
        foreach (string folder in (string[])["train/a", "train/b", "test/a", "test/bee"])
            _folder.AddMany(folder, 3, folder.Length * 10_000 + folder[^1] * 10);
        LoadedData data = Datasets.Load(_folder.Name);
        Assert.Equal(3, data.Test.Count);
        Assert.Equal(
            $"{_folder["test/bee"]} has pictures (3) of a class that {_folder["train"]} doesn't have, so they have no label. Add the " +
            $"class there, or remove the folder.", data.Remarks[0]);
        Assert.Equal("Not tested, because the test split has no picture of it: b.", Assert.Single(data.Remarks.Skip(1)));
    }

    [Fact]
    public void A_class_may_be_called_train()
    {
        _folder.AddMany("train", 4, 1);
        _folder.AddMany("bus", 4, 20);
        Assert.Equal(["bus", "train"], Datasets.Load(_folder.Name).Train.ClassNames);
    }

    [Fact]
    public void There_may_be_more_classes_than_a_byte_counts()
    {
        for (int c = 0; c < 300; c++)
            _folder.AddMany($"class{c}", 2, c * 10);
        LoadedData data = Datasets.Load(_folder.Name);
        Assert.Equal((300, 300, "class299", 299), (data.Train.Count, data.Test.Count, data.Train.ClassNames[299], data.Train.LabelOf(299)));
    }

    private static HashSet<string> Pixels(Dataset set) =>
        [.. Enumerable.Range(0, set.Count).Select(i => Convert.ToHexString(set.PixelsOf(i)))];
}
