using Convolve.Data;
using Convolve.Data.Folders;
using Convolve.Training;
using static Convolve.Data.Folders.ImageFolderFindingKind;

namespace Convolve.Tests.Data.Folders;

/// <summary>Which pictures are for what: by the names of folders, by their bytes, and by what a run was trained on.</summary>
public sealed class FolderSplitTests : IDisposable
{
    private readonly PictureFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Training", "Testing")]
    [InlineData("TRAIN", "Holdout")]
    [InlineData("training_set", "test-set")]
    [InlineData("trainset", "testset")]
    [InlineData("Train Images", "eval")]
    [InlineData("train", "dev")]
    public void Splits_are_known_by_their_usual_names(string train, string test)
    {
        Fill(train, 8);
        Fill(test, 3);
        LoadedData data = Datasets.Load(_folder.Name);
        Assert.Equal(["apple", "pear", "plum"], data.Train.ClassNames);
        Assert.Equal((24, 9), (data.Train.Count, data.Test.Count));
        ImageFolderReport report = ImageFolder.Verify(_folder.Name);
        Assert.True(report.IsOk);
        bool isOdd = !train.Equals("train", StringComparison.OrdinalIgnoreCase);
        Assert.Equal(isOdd, report.Findings.Any(f => f.Kind == Layout && f.Message == $"{_folder[train]} is used as the train split."));
        Assert.Equal(isOdd, data.Remarks.Any(r => r == $"{_folder[train]} is used as the train split."));
    }

    [Fact]
    public void Three_splits_with_usual_names()
    {
        Fill("Training", 5);
        Fill("Validation", 3);
        Fill("Testing", 2);
        LoadedData data = Datasets.Load(_folder.Name);
        Assert.Equal((15, 9, 6), (data.Train.Count, data.Validation!.Count, data.Test.Count));
    }

    [Theory]
    [InlineData("fold1", "fold2", true)]
    [InlineData("part_a1", "part_b1", false)]
    [InlineData("mine", "train-2017", true)]
    [InlineData("north", "south", false)]
    public void Splits_under_other_names_are_noticed(string one, string other, bool isRefused)
    {
        Fill(one, 4);
        Fill(other, 4);
        if (isRefused)
        {
            Assert.Equal(
                $"{_folder.Root}: {one} and {other} each have the folders apple, pear and plum, so they look like splits, not classes. " +
                $"Name them train, validation and test, or put the class folders side by side.",
                Assert.Throws<DatasetException>(() => ImageFolder.Verify(_folder.Name)).Message);
            return;
        }
        Assert.Contains(Datasets.Load(_folder.Name).Remarks,
            r => r.EndsWith($"{one} and {other} are used as the classes; if they are splits, name them train, validation and test.",
            StringComparison.Ordinal));
        Assert.Contains(ImageFolder.Verify(_folder.Name).Findings, f => f.Kind == Layout);
    }

    [Fact]
    public void Classes_may_be_called_training_and_cooking()
    {
        int salt = 0;
        foreach (string name in (string[])["training/tom", "training/ann", "cooking/tom", "cooking/eve"])
            _folder.AddMany(name, 3, salt += 100);
        Assert.Equal(["cooking", "training"], Datasets.Load(_folder.Name).Train.ClassNames);
    }

    [Fact]
    public void Copies_are_on_one_side_of_every_split()
    {
        _folder.AddMany("common", 60, 1);
        _folder.AddMany("rare", 6, 1000);
        foreach (string file in Directory.GetFiles(_folder["rare"]))
            for (int i = 0; i < 9; i++)
                File.Copy(file, $"{file[..^4]}-{i}.png");
        for (ulong seed = 0; seed < 10; seed++)
        {
            DataSplits data = Datasets.Load(_folder.Name).Split(seed: seed);
            HashSet<UInt128>[] digests = [.. ((Split[])[data.Train, data.Validation, data.Test])
                .Select(s => s.Indices.Select(s.Dataset.DigestOf).ToHashSet())];
            Assert.Empty(digests[0].Intersect(digests[1]));
            Assert.Empty(digests[0].Intersect(digests[2]));
            Assert.Empty(digests[1].Intersect(digests[2]));
            Assert.Equal(2, data.Validation.Indices.Select(data.Validation.Dataset.LabelOf).Distinct().Count());
        }
    }

    [Fact]
    public void A_set_of_nothing_but_copies_says_so()
    {
        foreach (string label in (string[])["train/a", "train/b", "test/a", "test/b"])
        {
            _folder.AddMany(label, 1, 7);
            string file = Directory.GetFiles(_folder[label]).Single();
            for (int i = 0; i < 4; i++)
                File.Copy(file, $"{file[..^4]}-{i}.png");
        }
        DatasetException e = Assert.Throws<DatasetException>(() => Datasets.Load(_folder.Name).Split());
        Assert.EndsWith(": no class has two different pictures, so none can be set apart for validation: of 10 training images, 8 are " +
            "copies. Look at the pictures: were they damaged when they were saved? Otherwise use a validation fraction of 0.", e.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Small_classes_give_one_picture_or_a_remark()
    {
        _folder.AddMany("large", 60, 1);
        _folder.AddMany("small", 5, 1000);
        _folder.AddMany("tiny", 2, 2000);
        LoadedData set = Datasets.Load(_folder.Name);
        DataSplits data = set.Split();
        int[] counts = [.. Enumerable.Range(0, 3)
            .Select(label => data.Validation.Indices.Count(i => data.Validation.Dataset.LabelOf(i) == label))];
        Assert.Equal((1, 0), (counts[1], counts[2]));
        Assert.Equal("The validation split has no picture of tiny, so the best epoch is chosen without them.", Assert.Single(data.Remarks));
        // A run of an older version keeps its splits.
        DataSplits plain = set.Split(rule: SplitRule.Plain);
        Assert.Equal(set.Train.Count, plain.Train.Count + plain.Validation.Count);
        Assert.DoesNotContain(1, plain.Validation.Indices.Select(set.Train.LabelOf));
    }

    [Fact]
    public void Without_copies_and_small_classes_both_rules_draw_the_same()
    {
        Fill("", 30);
        LoadedData set = Datasets.Load(_folder.Name);
        for (ulong seed = 0; seed < 5; seed++)
            Assert.Equal(set.Split(0.2, seed, rule: SplitRule.Plain).Validation.Indices, set.Split(0.2, seed).Validation.Indices);
    }

    [Fact]
    public void What_is_left_out_by_its_extension_is_counted()
    {
        Fill("", 4);
        for (int i = 0; i < 7; i++)
            _folder.Write($"apple/{i}.PSD", [1]);
        _folder.Write("pear/1.heic", [1]);
        _folder.Write("pear/notes", [1]);
        const string Unread =
            "files are left out, because only JPEG, PNG, WebP, BMP and GIF are read: 7 .psd, 1 without an extension, 1 .heic";
        Assert.Equal($"9 {Unread}.", Assert.Single(Datasets.Load(_folder.Name).Remarks));
        _folder.Write("pear/2.TIFF", [1]);
        Assert.Equal($"10 {Unread}, 1 .tiff. TIFF isn't supported: convert these files to PNG.",
            Assert.Single(Datasets.Load(_folder.Name).Remarks));
        Assert.Contains($"{_folder["pear/2.TIFF"]} is a TIFF file, which isn't supported, and is left out. Convert it to PNG.",
            ImageFolder.Verify(_folder.Name).Findings.Select(f => f.Message));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_check_calls_bad_what_training_refuses(int count)
    {
        Fill("", count);
        string refusal = Assert.Throws<DatasetException>(() => Datasets.Load(_folder.Name).Split()).Message;
        ImageFolderFinding bad = Assert.Single(ImageFolder.Verify(_folder.Name).Findings, f => f.IsBad);
        Assert.Equal((Untrainable, $"{refusal} `convolve train` refuses the folder in this state."), (bad.Kind, bad.Message));
    }

    [Fact]
    public void Trained_pictures_are_known_wherever_they_are()
    {
        Fill("", 20);
        DataSplits run = Datasets.Load(_folder.Name).Split();
        TrainedPictures.Of(run)!.Write(_folder["pictures.bin"]);
        TrainedPictures trained = TrainedPictures.Read(_folder["pictures.bin"])!;
        using PictureFolder moved = new();
        int name = 100;
        foreach (string file in Directory.GetFiles(_folder.Root, "*.png", SearchOption.AllDirectories))
            moved.Write($"{Path.GetFileName(Path.GetDirectoryName(file))}/{name--}.png", File.ReadAllBytes(file));
        LoadedData same = Datasets.Load(moved.Name, new() { TestsAll = true, Trained = trained });
        Assert.Equal(Digests(run.Test), Digests(new("test", same.Test, [.. Enumerable.Range(0, same.Test.Count)])));
        Assert.Equal("54 of 60 pictures were trained on or chose the best epoch, and are left out of the test.",
            Assert.Single(same.Remarks));

        moved.AddMany("apple/new", 5, 12345);
        Assert.Equal(11, Datasets.Load(moved.Name, new() { TestsAll = true, Trained = trained }).Test.Count);
        foreach (string file in Directory.GetFiles(moved.Root, "*.png", SearchOption.AllDirectories))
            if (!run.Train.Indices.Select(run.Train.Dataset.FileOf)
                .Any(own => File.ReadAllBytes(own!).SequenceEqual(File.ReadAllBytes(file))))
                File.Delete(file);
        Assert.Contains("were trained on", Assert.Throws<DatasetException>(() =>
            Datasets.Load(moved.Name, new() { TestsAll = true, Trained = trained })).Message, StringComparison.Ordinal);

        byte[] bytes = File.ReadAllBytes(_folder["pictures.bin"]);
        foreach (int length in (int[])[0, 7, 31, bytes.Length - 1])
        {
            File.WriteAllBytes(_folder["pictures.bin"], bytes[..length]);
            Assert.Contains("is damaged", Assert.Throws<DatasetException>(() => TrainedPictures.Read(_folder["pictures.bin"])).Message,
                StringComparison.Ordinal);
        }
        Assert.Null(TrainedPictures.Read(_folder["none"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_split_of_a_run_is_what_the_run_recorded_whatever_came_to_the_folder(bool isTrain)
    {
        SplitPart part = isTrain ? SplitPart.Train : SplitPart.Validation;
        Fill("", 20);
        Recipe recipe = new() { Network = "", Dataset = _folder.Name, ValidationFraction = 0.2, Limit = 40, Seed = 3 };
        DataSplits run = recipe.Split(Datasets.Load(_folder.Name));
        TrainedPictures pictures = TrainedPictures.Of(run)!;
        Split Of(DataSplits splits) => part == SplitPart.Train ? splits.Train : splits.Validation;
        DataSplits Again() => recipe.Split(Datasets.Load(_folder.Name, new()
        {
            ClassNames = ["apple", "pear", "plum"],
            Recorded = new(pictures, part, recipe.Split),
        }));

        DataSplits same = Again();
        Assert.Equal(Of(run).Indices, Of(same).Indices);
        Assert.Empty(same.Remarks);

        _folder.AddMany("apple/new", 30, 54321);
        DataSplits more = Again();
        Assert.Equal(Digests(Of(run)), Digests(Of(more)));
        Assert.Equal($"The folder has changed since the run: the {Of(run).Name} split has the pictures that the run recorded.",
            more.Remarks[0]);

        string[] files = [.. Of(run).Indices.Select(i => Of(run).Dataset.FileOf(i)!)];
        int count = files.Length;
        File.Delete(files[0]);
        DataSplits fewer = Again();
        Assert.Equal(count - 1, Of(fewer).Count);
        Assert.Equal($"1 of the {count} pictures of the run's {Of(run).Name} split is no longer in the folder.", fewer.Remarks[0]);

        foreach (string file in files)
            File.Delete(file);
        Assert.Equal($"{_folder.Root} has none of the {count} pictures of the run's {Of(run).Name} split. Put them back, or evaluate " +
            "another split.", Assert.Throws<DatasetException>(Again).Message);
    }

    private static IEnumerable<UInt128> Digests(Split split) => split.Indices.Select(split.Dataset.DigestOf).Order();

    [Fact]
    public void Classes_of_a_network_are_matched_by_name()
    {
        _folder.AddMany("plum", 3, 1);
        LoadedData data = Datasets.Load(_folder.Name, new() { TestsAll = true, ClassNames = ["pear", "plum", "apple"] });
        Assert.Equal((3, 1), (data.Test.Count, data.Test.LabelOf(0)));
        Assert.Equal("Not tested, because the test split has no picture of them: pear, apple.", Assert.Single(data.Remarks));
        _folder.AddMany("kiwi", 2, 50);
        Assert.Equal(
            $"{_folder["kiwi"]} has pictures of a class that the network was not trained on: its classes are pear, plum, apple. Remove " +
            $"or rename the " +
            $"folder.",
            Assert.Throws<DatasetException>(() =>
            Datasets.Load(_folder.Name, new() { TestsAll = true, ClassNames = ["pear", "plum", "apple"] })).Message);
    }

    private void Fill(string split, int count)
    {
        int salt = 0;
        foreach (string name in (string[])["apple", "pear", "plum"])
            _folder.AddMany(Path.Combine(split, name), count,
                split.Length * 100_000 + (split.Length > 0 ? split[0] : 0) * 1000 + 200 * salt++);
    }
}
