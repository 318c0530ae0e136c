using System.Text;
using System.Text.RegularExpressions;
using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Kernels;
using Convolve.Tests.Data.Fetching;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Sets;

/// <summary>Sets in CIFAR's layout, found in a folder: whole and published, whole with other bytes, or refused.</summary>
public sealed class CifarSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ArchivedSet _set;
    private readonly DatasetOptions _options;

    public CifarSetTests()
    {
        _set = new(_folder);
        _options = new() { DataDirectory = Path.Combine(_folder.FullName, "own") };
    }

    private string Own => Path.Combine(_folder.FullName, "own", ArchivedSet.FolderName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_published_files_are_loaded_and_nothing_is_remarkable()
    {
        foreach (string place in (string[])["own/small/" + ArchivedSet.FolderName, "own/small", "own/" + ArchivedSet.FolderName, "own"])
        {
            _set.WriteAll(Path.Combine(_folder.FullName, place));
            ProgressLines progress = new();
            LoadedData data = _set.Load(_options, progress);
            Assert.Equal((12, 4, Path.Combine(_folder.FullName, place)), (data.Train.Count, data.Test.Count, data.Directory));
            Assert.Equal("small train: 12 images of 3x2x3 in 4 classes", data.Train.ToString());
            Assert.Equal(_set.Content[0][1..19], data.Train.PixelsOf(0).ToArray());
            Assert.Equal(_set.Content[1][1..19], data.Train.PixelsOf(7).ToArray());
            Assert.Equal(_set.Content[2][0], data.Test.LabelOf(0));
            Assert.Empty(data.Remarks);
            Assert.Equal([$"Reading small from {data.Directory}"], progress.Lines);
            DatasetReport report = _set.Store.Verify("small", _options, default);
            Assert.True(report.IsPublished && report.Note is null);
            Assert.Equal(["SHA-256", "SHA-256", "SHA-256", null], report.Files.Select(f => f.DigestKind));
            Directory.Delete(_options.DataDirectory!, recursive: true);
        }
    }

    [Fact]
    public void Other_bytes_in_the_same_layout_are_taken_and_told()
    {
        byte[] other = [.. _set.Content[1]];
        other[5] ^= 1;
        _set.WriteAll(Own, 1, other);
        File.Delete(Path.Combine(Own, "names.txt")); // need not be there
        string note = $"{Own} has the layout of small, but not the published bytes. It can be used, but results on it are not results on " +
            $"small itself. To get the published data set, move it away and run `Datasets.Load(\"small\", new() {{ AllowDownload = " +
            $"true, DataDirectory = \"{_options.DataDirectory}\" }})`.";
        ProgressLines progress = new();
        LoadedData data = _set.Load(_options, progress);
        Assert.Equal([note], data.Remarks);
        Assert.Equal([note], data.Split(0.25).Remarks); // as a run folder has it
        Assert.Equal([$"Reading small from {Own}", note], progress.Lines);

        DatasetReport report = _set.Store.Verify("small", _options, default);
        Assert.Equal((true, false, note), (report.IsOk, report.IsPublished, report.Note));
        Assert.Equal([true, false, true], report.Files.Select(f => f.Note is null));
        Assert.Equal($"{Own}/batch_2.bin has the layout of small's batch_2.bin, but not its bytes: the SHA-256 is " +
            $"{TestData.Sha256(other)}, that of the published file {TestData.Sha256(_set.Content[1])}. It can be used, but results on it " +
            $"are not results on small. To get the published one, move it away and run `Datasets.Load(\"small\", new() {{ " +
            $"AllowDownload = true, DataDirectory = \"{_options.DataDirectory}\" }})`.", report.Files[1].Note);

        progress = new();
        Assert.Equal(Own, _set.Store.Fetch("small", _options, progress, default).Directory); // what can be used is not replaced
        Assert.Equal([$"small is in {Own}", note], progress.Lines);
    }

    public static TheoryData<string, int, string> Bad => new()
    {
        { "cut", 0, @" has 132 bytes, but 7 images of 3x2x3 with 1 label byte each take 133\. It is cut off, or another file\. Get the " +
            @"file again\." },
        { "long", 1, @" has 96 bytes, but 5 images of 3x2x3 with 1 label byte each take 95\. It is another file, or has extra bytes at " +
            @"its end\. " +
            @"Get the file again\." },
        { "label", 2, @" has the label 4 at image 3, outside 0 to 3\. It is damaged or has another layout\. Get the file again\." },
        { "packed and cut", 0, @" unpacks to 132 bytes, but 7 images of 3x2x3 with 1 label byte each take 133\. .*" },
        { "packed and long", 0, @" unpacks to more than 133 bytes, but 7 images .*" },
        { "packed bomb", 1, @" unpacks to more than 95 bytes, but 5 images .*" },
        { "packed without its end", 0, @" (does not end where its gzip data ends|is damaged).*" },
        { "empty", 1, @" is empty \(0 bytes\)\. Get the file again\." },
        { "page", 0, @" is a web page, not images\. A server or proxy sent a page instead\. Get the file again\." },
        { "pickle", 0, @" is from the Python version of the data set\. Only the binary version can be read\. Get the archive " +
            @"with ""binary"" in its name\." },
        { "folder", 2, " is a folder; expected a file.*|small was not found.*" },
        { "another's", 1, @" has 76 bytes, but 5 images .*" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_file_is_a_line_of_the_report_and_an_exception_of_load(string kind, int file, string pattern)
    {
        byte[] good = _set.Content[file];
        _set.WriteAll(Own, file, kind switch
        {
            "cut" => good[..^1],
            "long" => [.. good, 0],
            "label" => [.. good[..^19], 4, .. good[^18..]],
            "packed and cut" => TestData.Gzip(good[..^1]),
            "packed and long" => TestData.Gzip([.. good, 0]),
            "packed bomb" => TestData.Gzip([.. good, .. new byte[10 << 20]]),
            "packed without its end" => TestData.Gzip(good)[..^1],
            "page" => Encoding.ASCII.GetBytes("<html>404</html>"),
            "pickle" => [0x80, 2, 1, 1],
            "another's" => _set.Content[2],
            _ => [],
        });
        string path = Path.Combine(Own, _set.Info.Files[file].Name);
        if (kind == "folder")
        {
            File.Delete(path);
            Directory.CreateDirectory(path);
        }
        DatasetException e = Assert.Throws<DatasetException>(() => _set.Load(_options));
        if (kind == "folder")
        {
            Assert.Contains($"(lacks {_set.Info.Files[file].Name})", e.Message, StringComparison.Ordinal);
            return;
        }
        string mend = $" Delete it and run `Datasets.Load(\"small\", new() {{ AllowDownload = true, DataDirectory = " +
            $"\"{_options.DataDirectory}\" }})` to " +
            $"download it again.";
        Assert.Matches($"^{Regex.Escape(path)}{pattern}{Regex.Escape(mend)}$", e.Message);
        DatasetReport report = _set.Store.Verify("small", _options, default);
        Assert.False(report.IsOk);
        Assert.Equal([e.Message], report.Files.Select(f => f.Problem).OfType<string>());
        // A copy packed by itself is as good as the plain file.
        File.WriteAllBytes(path, TestData.Gzip(good));
        Assert.Empty(_set.Load(_options).Remarks);
    }

    [Fact]
    public void Files_with_each_others_names_are_refused()
    {
        // The same number of records, so that only the digest tells.
        byte[] other = [.. _set.Content[2], .. _set.Content[2][..19]];
        _set.WriteAll(Own, 1, other);
        DatasetInfo swapped = new("swapped", "Noise.", _set.Info.Size, _set.Info.ClassNames, 12, 4)
        {
            Files = [new("x.bin", other.Length, DatasetRole.Train, TestData.Sha256(other))],
        };
        DatasetStore store = new(_set.Environment, [_set.Info, swapped]);
        string message = $"{Own}/batch_2.bin is not small's batch_2.bin: its unpacked content has the SHA-256 {TestData.Sha256(other)}, " +
            $"expected {TestData.Sha256(_set.Content[1])}. " +
            "This is swapped's x.bin: keep each data set in its own folder, since their files have the same names. " +
            $"Delete it and run `Datasets.Load(\"small\", new() {{ AllowDownload = true, DataDirectory = \"{_options.DataDirectory}\" " +
            $"}})` to download it " +
            $"again.";
        Assert.Equal(message, Assert.Throws<DatasetException>(() => store.Load("small", _options, null, default)).Message);
        Assert.Equal(message, store.Verify("small", _options, default).Files[1].Problem);
    }

    [Fact]
    public void Missing_batches_are_named_with_every_place()
    {
        _set.WriteAll(Own);
        File.Delete(Path.Combine(Own, "batch_2.bin"));
        File.Delete(Path.Combine(Own, "test.bin"));
        string own = _options.DataDirectory!;
        Assert.Equal($"small was not found. Looked for batch_1.bin, batch_2.bin, test.bin in {own}/small/small-batches-bin " +
            $"(no such folder); {own}/small (no such folder); {own}/small-batches-bin (lacks batch_2.bin, test.bin); {own} (none of " +
            $"them). " +
            $"Put them into {own}/small/small-batches-bin, fetch them with `Datasets.Load(\"small\", new() {{ AllowDownload = true, " +
            $"DataDirectory = \"{own}\" " +
            $"}})`, or leave out " +
            $"the data directory to search the usual places.",
            Assert.Throws<DatasetException>(() => _set.Load(_options)).Message);
        DatasetReport report = _set.Store.Verify("small", _options, default);
        Assert.Equal([true, false, false, true], report.Files.Select(f => f.IsOk));
        Assert.Equal($"batch_2.bin is not in {Own}. Run `Datasets.Load(\"small\", new() {{ AllowDownload = true, DataDirectory = " +
            $"\"{own}\" " +
            $"}})`.", report.Files[1].Problem);

        Directory.Delete(Own, recursive: true);
        Directory.CreateDirectory(Path.Combine(own, "small-batches-py"));
        Assert.Contains($"{own}/small-batches-py is the Python or Matlab version of the data set; only the binary version can be read. ",
            Assert.Throws<DatasetException>(() => _set.Load(_options)).Message, StringComparison.Ordinal);
        _folder.Write("own/" + ArchivedSet.ArchiveName, _set.Archive);
        Assert.Contains($"{own}/small-binary.tar.gz is there, but not unpacked: run `Datasets.Load(\"small\", new() {{ AllowDownload = " +
            $"true }})`. ",
            Assert.Throws<DatasetException>(() => _set.Load(_options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ant\nbee\ncow\n", "names class 3 not at all, expected \"dog\"")]
    [InlineData("ant\ncow\nbee\ndog\n", "names class 1 \"cow\", expected \"bee\"")]
    [InlineData("ant\nbee\ncow\ndog\neel\n", "names class 4 \"eel\", expected not at all")]
    [InlineData("Ant\nbee\ncow\ndog\n", "names class 0 \"Ant\", expected \"ant\"")]
    [InlineData("\e]0;title\a\e[2Jant\n", "names class 0 \"?]0;title??[2Jant\", expected \"ant\"")]
    [InlineData("ant\rbee\n", "names class 0 \"ant?bee\", expected \"ant\"")]
    [InlineData("\0\0\0\0", "names class 0 \"????\", expected \"ant\"")]
    [InlineData("<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>",
        "names class 0 \"<!DOCTYPE html><html><head><title>404 No...\", expected \"ant\"")]
    public void A_list_of_other_names_is_refused(string content, string problem)
    {
        _set.WriteAll(Own, 3, Encoding.UTF8.GetBytes(content));
        string message = $"{Own}/names.txt {problem}: the labels of these files mean something else, or the file is damaged. Delete it " +
            $"and run `Datasets.Load(\"small\", new() {{ AllowDownload = true, DataDirectory = \"{_options.DataDirectory}\" }})` to " +
            $"download it again.";
        Assert.Equal(message, Assert.Throws<DatasetException>(() => _set.Load(_options)).Message);
        Assert.Equal([message], _set.Store.Verify("small", _options, default).Files.Select(f => f.Problem).OfType<string>());
    }

    [Theory]
    [InlineData("ant\r\nbee\r\n\r\ncow\r\n  dog")]
    [InlineData("\n\nant\nbee\ncow\ndog")]
    public void A_list_of_the_names_may_be_laid_out_otherwise(string content)
    {
        _set.WriteAll(Own, 3, Encoding.UTF8.GetBytes(content));
        Assert.Empty(_set.Load(_options).Remarks);
    }

    [Fact]
    public void Whatever_is_in_a_list_of_names_is_one_line()
    {
        CounterRandom random = new(11, RandomPurpose.Test);
        for (int round = 0; round < 100; round++)
        {
            byte[] content = new byte[1 + random.NextInt32(round % 10 == 0 ? 100_000 : 60)];
            foreach (ref byte value in content.AsSpan())
                value = (byte)random.NextUInt32();
            _set.WriteAll(Own, 3, content);
            string message = Assert.Throws<DatasetException>(() => _set.Load(_options)).Message;
            Assert.StartsWith($"{Own}/names.txt ", message, StringComparison.Ordinal);
            Assert.DoesNotContain(message, char.IsControl);
        }
    }

    [Fact]
    public void The_real_sets_are_known_by_their_sizes()
    {
        string folder = Path.Combine(_folder.FullName, "real", "cifar-10-batches-bin");
        Directory.CreateDirectory(folder);
        foreach (DatasetFile file in Datasets.Find("cifar10").Files.Where(f => !f.IsOptional))
            using (FileStream zeros = File.Create(Path.Combine(folder, file.Name)))
                zeros.SetLength(file.Bytes); // 184 MB of airplanes, all black, that take no disk
        DatasetOptions options = new() { DataDirectory = Path.Combine(_folder.FullName, "real") };
        LoadedData data = Datasets.Load("cifar10", options);
        Assert.Equal((50000, 10000, folder), (data.Train.Count, data.Test.Count, data.Directory));
        Assert.Equal("cifar10 train: 50000 images of 3x32x32 in 10 classes", data.Train.ToString());
        Assert.Single(data.Remarks);
        DatasetReport report = Datasets.Verify("cifar10", options);
        Assert.Equal((true, false, 6), (report.IsOk, report.IsPublished, report.Files.Count(f => f.Note is not null)));
    }
}
