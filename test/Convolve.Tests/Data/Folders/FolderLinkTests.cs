using System.Diagnostics;
using Convolve.Data;
using Convolve.Data.Folders;
using static Convolve.Data.Folders.ImageFolderFindingKind;

namespace Convolve.Tests.Data.Folders;

/// <summary>Every real folder counts once, whatever links lead to it; and only regular files are read.</summary>
public sealed class FolderLinkTests : IDisposable
{
    private readonly PictureFolder _folder = new();

    public FolderLinkTests()
    {
        _folder.AddMany("a", 8, 1);
        _folder.AddMany("b/deep", 8, 50);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a/again", "a")]
    [InlineData("a/again", "b")]
    [InlineData("a/again", "")]
    [InlineData("b/deep/up", "b")]
    [InlineData("again", "")]
    public void A_link_back_counts_nothing_twice(string link, string target)
    {
        Directory.CreateSymbolicLink(_folder[link], _folder[target]);
        Directory.CreateSymbolicLink(_folder["a/more"], _folder["a"]);
        ImageFolderReport report = ImageFolder.Verify(_folder.Name);
        Assert.Equal(["a", "b"], report.ClassNames);
        Assert.Equal([8, 8], Counts(report));
        Assert.Equal(target != "b" || link == "b/deep/up", report.IsOk);
        if (link != "again")
            Assert.Contains(report.Findings, f => f.Path == _folder[link]
                && f.Kind == (target == "b" && link[0] == 'a' ? TwoLabels : Link));
        Assert.Equal(16, Datasets.Load(_folder.Name) is var data ? data.Train.Count + data.Test.Count : 0);
    }

    [Fact]
    public void Links_out_of_the_folder_are_followed_once()
    {
        using PictureFolder pool = new();
        pool.AddMany("x/y", 4, 100);
        Directory.CreateSymbolicLink(pool["x/y/loop"], pool["x"]);
        Directory.CreateSymbolicLink(pool["second"], pool["x"]);
        Directory.CreateSymbolicLink(pool["third"], pool["second"]);
        Directory.CreateSymbolicLink(_folder["a/pool"], pool["third"]);
        Directory.CreateSymbolicLink(_folder["a/inner"], pool["x/y"]);
        Directory.CreateSymbolicLink(_folder["c"], pool.Root);
        ImageFolderReport report = ImageFolder.Verify(_folder.Name);
        // The folder that is reached first has them; c, a class by a link, has what is left.
        Assert.Equal(20, Counts(report).Sum());
        Assert.DoesNotContain(report.Findings, f => f.Kind is Repeated or BadFile);
    }

    [Fact]
    public void Links_to_files_of_the_same_class_count_once_and_broken_ones_are_bad()
    {
        File.CreateSymbolicLink(_folder["a/link.png"], _folder["a/1.png"]);
        File.CreateSymbolicLink(_folder["a/chain.png"], _folder["a/link.png"]);
        File.CreateSymbolicLink(_folder["a/of-b.png"], _folder["b/deep/1.png"]);
        File.CreateSymbolicLink(_folder["a/gone.png"], _folder["a/nothing.png"]);
        Directory.CreateSymbolicLink(_folder["a/nowhere"], _folder["nowhere"]);
        ImageFolderReport report = ImageFolder.Verify(_folder.Name);
        Assert.Equal([9, 8], Counts(report));
        Assert.Equal([_folder["a/gone.png"]], report.Findings.Where(f => f.Kind == BadFile).Select(f => f.Path));
        Assert.Equal(2, report.Findings.Count(f => f.Kind == Link));
        Assert.Contains(report.Findings, f => f.Kind == TwoLabels);
    }

    [Fact]
    public void A_folder_in_two_splits_is_a_leak()
    {
        using PictureFolder set = new();
        foreach (string name in (string[])["train/a", "train/b", "test/b"])
            set.AddMany(name, 4, name[^1] * 100 + name.Length * 10);
        Directory.CreateSymbolicLink(set["test/a"], set["train/a"]);
        ImageFolderReport report = ImageFolder.Verify(set.Name);
        Assert.Equal((Leak, set["test/a"]), (report.Findings[0].Kind, report.Findings[0].Path));
        LoadedData data = Datasets.Load(set.Name);
        Assert.Equal((8, 4), (data.Train.Count, data.Test.Count));
        Assert.Contains(data.Remarks, r => r.StartsWith(set["test/a"], StringComparison.Ordinal)
            && r.Contains("the test would use training pictures", StringComparison.Ordinal));
        Assert.Contains("Not tested, because the test split has no picture of it: a.", data.Remarks);
    }

    [Fact]
    public void Folders_have_no_greatest_depth()
    {
        string deep = "a/" + string.Join('/', Enumerable.Range(0, 40).Select(i => $"f{i}"));
        _folder.Add(deep + "/x.png", 999);
        Assert.Equal([9, 8], Counts(ImageFolder.Verify(_folder.Name)));
    }

    [Fact]
    public void Folders_of_the_kernel_are_refused_and_not_entered()
    {
        if (!Directory.Exists("/proc/self"))
            return;
        foreach (string path in (string[])["/proc/self", "/proc", "/sys/class"])
        {
            if (Directory.Exists(path))
                Assert.Contains("is in a kernel file system (",
                    Assert.Throws<DatasetException>(() => ImageFolder.Verify("folder:" + path)).Message, StringComparison.Ordinal);
        }
        Directory.CreateSymbolicLink(_folder["a/process"], "/proc/self");
        Directory.CreateSymbolicLink(_folder["b/root"], "/proc/self/root");
        ImageFolderReport report = ImageFolder.Verify(_folder.Name);
        Assert.Equal([8, 8], Counts(report));
        Assert.Equal(["a/process", "b/root"],
            report.Findings.Where(f => f.Kind == Link).Select(f => Path.GetRelativePath(_folder.Root, f.Path)));
    }

    [Fact]
    public void What_is_no_regular_file_is_not_opened()
    {
        using (var pipes = Process.Start("mkfifo", [_folder["a/pipe.jpg"], _folder["pipe"]]))
            pipes.WaitForExit();
        File.CreateSymbolicLink(_folder["a/to-pipe.jpg"], _folder["pipe"]);
        File.CreateSymbolicLink(_folder["a/zero.jpg"], "/dev/zero");
        File.CreateSymbolicLink(_folder["b/process.png"], "/proc/self/environ");
        using FileStream grown = new(_folder["b/sparse.png"], FileMode.CreateNew);
        grown.SetLength(1L << 40);
        ImageFolderReport report = ImageFolder.Verify(_folder.Name);
        Assert.Equal(["a/pipe.jpg", "a/to-pipe.jpg", "a/zero.jpg", "b/process.png", "b/sparse.png"],
            report.Findings.Where(f => f.Kind == BadFile).Select(f => Path.GetRelativePath(_folder.Root, f.Path))
            .Order(StringComparer.Ordinal));
    }

    private static IEnumerable<int> Counts(ImageFolderReport report) =>
        Enumerable.Range(0, report.ClassNames.Count).Select(label => report.Parts.Sum(p => p.CountsByClass[label]));
}
