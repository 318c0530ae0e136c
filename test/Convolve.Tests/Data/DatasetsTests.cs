using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Data.Inputs;
using Convolve.Testing;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data;

public sealed class DatasetsTests
{
    private const string System = "/usr/share/datasets/fashion-mnist";

    [Fact]
    public void The_known_sets_describe_themselves()
    {
        Assert.Equal(["mnist", "fashion-mnist", "cifar10", "cifar100", "cifar100-coarse"], Datasets.All.Select(i => i.Name));
        Assert.All(Datasets.All.Take(2), info =>
        {
            Assert.Equal((60000, 10000, new ImageSize(1, 28, 28), 10), (info.TrainCount, info.TestCount, info.Size, info.ClassNames.Count));
            Assert.Equal(70000 * (784 + 4), info.MemoryBytes);
            Assert.Equal([47040016, 60008, 7840016, 10008], info.Files.Select(f => f.Bytes));
            Assert.All(info.Files, f => Assert.Matches("^[0-9a-f]{32} [0-9a-f]{32}$", $"{f.Digest} {f.PackedDigest}"));
            Assert.Equal(2, info.Mirrors.Count);
        });
        Assert.Equal(16, Datasets.All.Take(2).SelectMany(i => i.Files).SelectMany(f => new[] { f.Digest, f.PackedDigest }).Distinct()
            .Count());
    }

    [Theory]
    [InlineData("cifar10", 10, 1, "airplane", "truck")]
    [InlineData("cifar100", 100, 2, "apple", "worm")]
    [InlineData("cifar100-coarse", 20, 2, "aquatic_mammals", "vehicles_2")]
    public void The_cifar_sets_describe_themselves(string name, int classes, int labelBytes, string first, string last)
    {
        DatasetInfo info = Datasets.Find(name);
        Assert.Equal((50000, 10000, new ImageSize(3, 32, 32), classes),
            (info.TrainCount, info.TestCount, info.Size, info.ClassNames.Count));
        Assert.Equal((first, last), (info.ClassNames[0], info.ClassNames[^1]));
        Assert.Equal(info.ClassNames.Order(StringComparer.Ordinal), info.ClassNames); // as the authors numbered them
        Assert.Equal(50000L * (3072 + labelBytes), info.Files.Where(f => f.Role == DatasetRole.Train).Sum(f => f.Bytes));
        Assert.Equal(10000L * (3072 + labelBytes), info.Files.Where(f => f.Role == DatasetRole.Test).Sum(f => f.Bytes));
        Assert.All(info.Files.Where(f => !f.IsOptional), f => Assert.Matches("^[0-9a-f]{64}$", f.Digest));
        Assert.All(info.Archive!.Versions, v => Assert.Matches("^([0-9a-f]{32}|[0-9a-f]{40})$", v.Digest));
        Assert.Equal(name == "cifar10" ? (170052171, "c32a1d4ab5d03f1284b67883e8d87530") : (168513733, "03b5dce01913d631647c71ecec9e9cb8"),
            (info.Archive.Versions[0].Bytes, info.Archive.Versions[0].Digest));
        Assert.Equal(info.Archive.Versions.Count, info.Mirrors.Count);
        // The address that the authors publish.
        Assert.Matches("^https://www.cs.toronto.edu/~kriz/cifar-100?-binary.tar.gz$",
            new Uri(info.Mirrors[0], info.Archive.Name).AbsoluteUri);
    }

    [Theory]
    [InlineData("fashion_mnist", " Did you mean fashion-mnist?")]
    [InlineData("FashionMNIST", " Did you mean fashion-mnist?")]
    [InlineData("minst", " Did you mean mnist?")]
    [InlineData("emnist", " Did you mean mnist?")]
    [InlineData("cifar-10", " Did you mean cifar10?")]
    [InlineData("imagenet", "")]
    [InlineData("", "")]
    public void An_unknown_name_lists_the_known_ones(string name, string suggestion)
    {
        string expected =
            $"Unknown data set \"{name}\".{suggestion} Use one of mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse, or " +
            $"folder:PATH for your own pictures.";
        Assert.Equal(expected, Assert.Throws<DatasetException>(() => Datasets.Load(name)).Message);
        Assert.Equal(expected, Assert.Throws<DatasetException>(() => Datasets.Verify(name)).Message);
        Assert.Equal(expected, Assert.Throws<DatasetException>(() => Datasets.Locate(name)).Message);
        Assert.Equal("mnist", Datasets.Find("MNIST").Name);
    }

    [NeedsFact(Feature.FashionMnist)]
    public void The_packaged_fashion_mnist_loads_and_is_intact()
    {
        DatasetOptions options = new() { DataDirectory = System };
        LoadedData data = Datasets.Load("fashion-mnist", options);
        Assert.Equal((60000, 10000, System), (data.Train.Count, data.Test.Count, data.Directory));
        Assert.Equal("Ankle boot", data.Train.ClassNames[data.Train.LabelOf(0)]);
        Assert.All(Enumerable.Range(0, 10), c => Assert.Equal(6000, data.Train.Labels.Count(c)));

        DataSplits splits = DataSplits.Create(data.Train, data.Test, seed: 1);
        Assert.Equal((54000, 6000, 10000), (splits.Train.Count, splits.Validation.Count, splits.Test.Count));
        // The published mean and deviation of the whole training set.
        Preprocessing p = Preprocessing.Fit(DataSplits.Create(data.Train, data.Test, 0).Train, new(1, 28, 28), Normalization.TrainingSplit);
        Assert.Equal(.2860, p.Mean[0], 1e-4);
        Assert.Equal(.3530, p.Std[0], 1e-4);

        DatasetReport report = Datasets.Verify("fashion-mnist", options);
        Assert.True(report.IsOk, string.Join("\n", report.Files.Select(f => f.Problem)));
        Assert.Equal([47040016, 60008, 7840016, 10008], report.Files.Select(f => f.Bytes));
    }

    [NeedsFact(Feature.FashionMnist)]
    public void Another_sets_files_are_recognised()
    {
        DatasetOptions options = new() { DataDirectory = System };
        string path = Path.Combine(System, "t10k-labels-idx1-ubyte.gz");
        string expected =
            $"{path} is not mnist's t10k-labels-idx1-ubyte: its unpacked content has the MD5 15d484375f8d13e6eb1aabb0c3f46965, expected " +
            "27ae3e4e09519cfbb04c329615203637. This is fashion-mnist's t10k-labels-idx1-ubyte: keep each data set in its own folder, " +
            $"since their files have the same names. Delete it and run `Datasets.Load(\"mnist\", new() {{ AllowDownload = true, " +
            $"DataDirectory = " +
            $"\"{System}\" }})` to download it again.";
        DatasetReport report = Datasets.Verify("mnist", options);
        Assert.False(report.IsOk);
        Assert.Equal(expected, report.Files[3].Problem);
        DatasetException e = Assert.Throws<DatasetException>(() => Datasets.Load("mnist", options));
        Assert.Contains("This is fashion-mnist's train-images-idx3-ubyte: keep each data set in its own folder", e.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_are_searched_in_order()
    {
        using TemporaryFolder folder = new();
        SmallSet set = new(folder) { DataVariable = Path.Combine(folder.FullName, "env") };
        string system = Path.Combine(folder.FullName, "system"), cache = Path.Combine(folder.FullName, "cache", "tiny"), env =
            Path.Combine(folder.FullName, "env");
        Assert.False(set.Store.Locate(set.Info, new()).IsFound);
        Assert.Equal([Path.Combine(env, "tiny"), env, cache, system], set.Store.Locate(set.Info, new()).Searched);
        foreach ((string place, DatasetSource source) in new[]
            {
                (system, DatasetSource.System), (cache, DatasetSource.Cache), (env, DatasetSource.Environment),
                    (Path.Combine(env, "tiny"), DatasetSource.Environment),
            })
        {
            set.WriteAll(place);
            DatasetLocation found = set.Store.Locate(set.Info, new());
            Assert.Equal((place, source), (found.Directory, found.Source));
            Assert.Equal(place, set.Store.Load("tiny", new(), null, default).Directory);
        }

        // A folder that is named is the only one, in either of its forms.
        string own = Path.Combine(folder.FullName, "own");
        DatasetOptions options = new() { DataDirectory = own };
        Assert.False(set.Store.Locate(set.Info, options).IsFound);
        Assert.Throws<DatasetException>(() => set.Store.Load("tiny", options, null, default));
        set.WriteAll(own);
        Assert.Equal(own, set.Store.Load("tiny", options, null, default).Directory);
        set.WriteAll(Path.Combine(own, "tiny"), f => f.Name.Replace("-idx", ".idx", StringComparison.Ordinal) + ".gz", TestData.Gzip);
        Assert.Equal(Path.Combine(own, "tiny"), set.Store.Load("tiny", options, null, default).Directory);
    }

    [Fact]
    public void Missing_files_are_named_with_every_place()
    {
        using TemporaryFolder folder = new();
        SmallSet set = new(folder);
        string own = Path.Combine(folder.FullName, "own");
        set.WriteAll(own);
        File.Delete(Path.Combine(own, "t10k-labels-idx1-ubyte"));
        DatasetException e = Assert.Throws<DatasetException>(() => set.Store.Load("tiny", new() { DataDirectory = own }, null, default));
        Assert.Equal(
            "tiny was not found. Looked for train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, " +
            "t10k-labels-idx1-ubyte, " +
            $"plain or with .gz, in {own}/tiny (no such folder); {own} (lacks t10k-labels-idx1-ubyte). Put them into {own}/tiny, fetch " +
            $"them with `Datasets.Load(\"tiny\", new() {{ AllowDownload = true, DataDirectory = \"{own}\" }})`, or leave out the data " +
            $"directory to search the " +
            $"usual places.",
            e.Message.Replace('\\', '/'));
        e = Assert.Throws<DatasetException>(() => set.Store.Load("tiny", new() { AllowDownload = false }, null, default));
        Assert.EndsWith("Run `Datasets.Load(\"tiny\", new() { AllowDownload = true })`, or set CONVOLVE_DATA to the folder with its " +
            "files.", e.Message,
            StringComparison.Ordinal);

        DatasetReport report = set.Store.Verify("tiny", new() { DataDirectory = own }, default);
        Assert.Equal([true, true, true, false], report.Files.Select(f => f.IsOk));
        Assert.StartsWith($"Neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz is in {own}.", report.Files[3].Problem,
            StringComparison.Ordinal);
        Assert.Null(set.Store.Verify("tiny", new(), default).Directory);
    }

    [Fact]
    public void Bad_files_are_lines_of_the_report_and_exceptions_of_load()
    {
        using TemporaryFolder folder = new();
        SmallSet set = new(folder);
        set.WriteAll(Path.Combine(folder.FullName, "own"));
        folder.Write("own/train-images-idx3-ubyte", TestData.Images(20, salt: 1));
        folder.Write("own/train-labels-idx1-ubyte", [0x1F, 0x8B, 8, 0, 1, 2, 3]);
        folder.Write("own/t10k-images-idx3-ubyte", set.Content[0]);
        folder.Write("own/t10k-labels-idx1-ubyte", [.. set.Content[3], 0]);
        DatasetOptions options = new() { DataDirectory = Path.Combine(folder.FullName, "own") };
        DatasetReport report = set.Store.Verify("tiny", options, default);
        string[] expected = ["It is damaged or another file.", "gzip", "is longer than the", "is longer than the"];
        for (int i = 0; i < 4; i++)
        {
            Assert.Contains(expected[i], report.Files[i].Problem, StringComparison.Ordinal);
            Assert.StartsWith(report.Files[i].Path!, report.Files[i].Problem, StringComparison.Ordinal);
            Assert.EndsWith($"`Datasets.Load(\"tiny\", new() {{ AllowDownload = true, DataDirectory = \"{options.DataDirectory}\" }})` " +
                $"to download it again.",
                report.Files[i].Problem, StringComparison.Ordinal);
        }

        Assert.Throws<DatasetException>(() => set.Store.Load("tiny", options, null, default));
        set.WriteAll(options.DataDirectory);
        folder.Write("own/t10k-labels-idx1-ubyte", set.Content[1]);
        Assert.Contains("is longer than", set.Store.Verify("tiny", options, default).Files[3].Problem, StringComparison.Ordinal);
        folder.Write("own/train-labels-idx1-ubyte", set.Content[3]);
        Assert.Contains(
            "This is tiny's t10k-labels-idx1-ubyte: two files have swapped names.",
            set.Store.Verify("tiny", options, default).Files[1].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_says_where_the_cache_is()
    {
        DatasetEnvironment environment = DatasetEnvironment.Current();
        Assert.True(Path.IsPathRooted(environment.CacheDirectory));
        Assert.Equal("convolve", Path.GetFileName(environment.CacheDirectory));
    }
}
