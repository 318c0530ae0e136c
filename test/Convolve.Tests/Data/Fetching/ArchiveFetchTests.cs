using System.Formats.Tar;
using System.Text;
using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Files;
using Convolve.Testing;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Fetching;

/// <summary>
/// Sets whose files are published in one archive: downloaded, checked, unpacked. Whatever goes wrong, nothing half is left, and the next
/// fetch mends it.
/// </summary>
public sealed class ArchiveFetchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MirrorServer _server = new();

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_set_found_nowhere_is_downloaded_and_unpacked_once()
    {
        ArchivedSet set = Served();
        ProgressLines progress = new();
        LoadedData data = set.Load(progress: progress);
        Assert.Equal((12, 4, set.FilesDirectory), (data.Train.Count, data.Test.Count, data.Directory));
        Assert.Empty(data.Remarks);
        Assert.Equal(["/" + ArchivedSet.ArchiveName], _server.Paths);
        Assert.Equal([ArchivedSet.FolderName], set.Present); // the archive is not kept
        Assert.Equal(["batch_1.bin", "batch_2.bin", "names.txt", "test.bin"],
            Directory.GetFiles(set.FilesDirectory).Select(Path.GetFileName).Order());
        Assert.Contains($"Unpacking {ArchivedSet.ArchiveName} into {set.FilesDirectory}", progress.Lines);
        Assert.True(set.Fetch().IsFound);
        _ = set.Load();
        Assert.Single(_server.Requests);
    }

    public static TheoryData<string, string> BadMirrors => new()
    {
        { "404 Not Found", "HTTP 404 Not Found" },
        { "403 Forbidden", "HTTP 403 Forbidden" },
        { "500 Internal Server Error", "HTTP 500 Internal Server Error" },
        { "page", "announces 16 bytes, expected SIZE: it is another file, or a web page" },
        { "page of no size", "sent a web page instead of the file; a firewall or a login page may be in between" },
        { "other", "holds SIZE bytes with the MD5 [0-9a-f]{32}, expected SIZE with [0-9a-f]{32}" },
        { "longer", @"announces \d+ bytes, expected SIZE: it is another file, or a web page" },
        { "longer, not announced", "sent more than the file's SIZE bytes" },
        { "shorter", @"announces \d+ bytes, expected SIZE: it is another file, or a web page" },
        { "shorter, not announced", @"holds 50 bytes with the MD5 [0-9a-f]{32}, expected SIZE with [0-9a-f]{32}" },
        { "cut", "cut off after 50 bytes of SIZE bytes: The response ended prematurely.*" },
        { "silent", "no response for 0 s" },
        { "stalled", "stalled after 50 bytes of SIZE bytes: less than 1 kB/s for 0 s" },
    };

    [Theory]
    [MemberData(nameof(BadMirrors))]
    public void The_next_mirror_is_asked_and_every_failure_is_told(string fault, string problem)
    {
        using MirrorServer bad = new();
        double patience = fault is "silent" or "stalled" ? 0.2 : 20;
        ArchivedSet set = new(_folder, null, bad.Address, _server.Address) { Patience = TimeSpan.FromSeconds(patience) };
        byte[] archive = set.Archive, page = Encoding.ASCII.GetBytes("<html>404</html>");
        bad.Answer = _ => fault switch
        {
            "page" => MirrorServer.Reply(page, "200 OK", "Content-Type: text/html"),
            "page of no size" => [.. MirrorServer.Head("200 OK"), .. page],
            "other" => MirrorServer.Reply([.. archive[..^1], (byte)~archive[^1]]),
            "longer" => MirrorServer.Reply([.. archive, 0]),
            "longer, not announced" => [.. MirrorServer.Head("200 OK"), .. archive, 0],
            "shorter" => MirrorServer.Reply(archive[..50]),
            "shorter, not announced" => [.. MirrorServer.Head("200 OK"), .. archive[..50]],
            "cut" => MirrorServer.Reply(archive)[..^(archive.Length - 50)],
            "silent" => null,
            "stalled" => [.. MirrorServer.Head("200 OK", $"Content-Length: {archive.Length}"), .. archive[..50]],
            _ => MirrorServer.Reply(page, fault),
        };
        if (fault == "stalled")
            bad.Linger = TimeSpan.FromSeconds(20);
        _server.Answer = _ => MirrorServer.Reply([], "404 Not Found");
        DownloadException e = Assert.Throws<DownloadException>(() => set.Fetch());
        string[] lines = e.Message.Split(Environment.NewLine);
        Assert.Equal("small cannot be downloaded: no mirror delivered small-binary.tar.gz.", lines[0]);
        Assert.Matches($"^  {bad.Address}small-binary.tar.gz: {problem.Replace("SIZE", $"{archive.Length}", StringComparison.Ordinal)}$",
            lines[1]);
        Assert.Equal($"  {_server.Address}small-binary.tar.gz: HTTP 404 Not Found", lines[2]);
        Assert.Equal($"Check the network and run `Datasets.Load(\"small\", new() {{ AllowDownload = true }})` to resume the download; " +
            $"or put small-binary.tar.gz " +
            $"(MD5 {TestData.Md5(archive)}) into {set.Directory} and run it again; or set CONVOLVE_DATA to a folder with its files; or " +
            $"set CONVOLVE_MIRRORS to another mirror.", lines[3]);
        string[] part = fault is "cut" or "stalled" ? [".small-binary.tar.gz.part", ".small-binary.tar.gz.part.origin"] : [];
        Assert.Equal(part, set.Present);

        _server.Answer = request => MirrorServer.Serve(request, archive);
        Assert.True(set.Fetch().IsFound);
        Assert.Equal([ArchivedSet.FolderName], set.Present);
        Assert.True(set.Store.Verify("small", new(), default).IsPublished);
    }

    [Fact]
    public void A_fetch_that_was_interrupted_goes_on_where_it_ended()
    {
        ArchivedSet set = Served();
        using CancellationTokenSource cancel = new();
        _server.Pace = (60, TimeSpan.FromMilliseconds(30));
        string part = Path.Combine(set.Directory, ".small-binary.tar.gz.part");
        Task<DatasetLocation> fetch = Task.Run(() => set.Fetch(cancellation: cancel.Token));
        Assert.True(SpinWait.SpinUntil(() => File.Exists(part) && new FileInfo(part).Length > 50, TimeSpan.FromSeconds(20)));
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => fetch.GetAwaiter().GetResult());
        Assert.Equal([".small-binary.tar.gz.part", ".small-binary.tar.gz.part.origin"], set.Present);
        long kept = new FileInfo(part).Length;
        _server.Pace = null;
        Assert.True(set.Fetch().IsFound);
        Assert.Equal([null, kept], _server.Requests.Select(r => r.From));
        Assert.Equal([ArchivedSet.FolderName], set.Present);
    }

    [Fact]
    public void An_unpacking_that_was_interrupted_needs_no_second_download()
    {
        ArchivedSet set = Served();
        using CancellationTokenSource cancel = new();
        Heard progress = new(line =>
        {
            if (line.StartsWith("Unpacking", StringComparison.Ordinal))
                cancel.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => set.Fetch(progress, cancel.Token));
        Assert.Equal([".small-binary.tar.gz.part", ".small-binary.tar.gz.part.origin"], set.Present);
        // A process that was killed meanwhile leaves more.
        _folder.Write("cache/small/.unpacking/batch_1.bin", [1, 2, 3]);
        Assert.True(set.Fetch().IsFound);
        Assert.Single(_server.Requests);
        Assert.Equal([ArchivedSet.FolderName], set.Present);
        Assert.True(set.Store.Verify("small", new(), default).IsPublished);
    }

    [Theory]
    [InlineData("small-binary.tar.gz")]
    [InlineData("small/small-binary.tar.gz")]
    public void An_archive_that_lies_there_is_unpacked_in_place_of_a_download(string place)
    {
        ArchivedSet set = new(_folder);
        string archive = _folder.Write(Path.Combine("own", place), set.Archive);
        DatasetOptions options = new() { DataDirectory = Path.Combine(_folder.FullName, "own") };
        DatasetLocation location = set.Store.Fetch("small", options, null, default);
        Assert.Equal(Path.Combine(_folder.FullName, "own", "small", ArchivedSet.FolderName), location.Directory);
        Assert.Equal(set.Archive, File.ReadAllBytes(archive)); // it is the user's
        Assert.True(set.Store.Verify("small", options, default).IsPublished);
    }

    [Theory]
    [InlineData("repacked")]
    [InlineData("cut")]
    [InlineData("page")]
    [InlineData("empty")]
    public void An_archive_that_is_not_the_published_one_is_refused_with_the_ways_out(string kind)
    {
        ArchivedSet set = Served();
        byte[] bytes = kind switch
        {
            "repacked" => TestData.Gzip(TarFiles.Of([.. ArchivedSet.Entries(set.Content)])), // the same files, and who knows what else
            "cut" => set.Archive[..^9],
            "page" => Encoding.ASCII.GetBytes("<html>404</html>"),
            _ => [],
        };
        string archive = _folder.Write("cache/small/" + ArchivedSet.ArchiveName, bytes);
        DatasetException e = Assert.Throws<DatasetException>(() => set.Fetch());
        Assert.Equal($"{archive} is not small's archive: it holds {bytes.Length} bytes with the MD5 {TestData.Md5(bytes)}, expected " +
            $"{set.Archive.Length} with {TestData.Md5(set.Archive)}. Move it away and run `Datasets.Load(\"small\", new() {{ " +
            $"AllowDownload = true }})` to download the " +
            $"published one. If it is what you want, unpack it yourself, with its files in {set.FilesDirectory}.", e.Message);
        Assert.Equal(bytes, File.ReadAllBytes(archive));
        Assert.Equal([ArchivedSet.ArchiveName], set.Present);
        Assert.Empty(_server.Requests);
        File.Delete(archive);
        Assert.True(set.Fetch().IsFound);
    }

    // What a publisher could do, or whoever forges a digest as well.
    public static TheoryData<string> Hostile => ["outside", "absolute", "link", "twice", "damaged", "missing"];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Of_a_hostile_archive_nothing_is_left(string kind)
    {
        TarEntry[] Publish(byte[][] content)
        {
            TarEntry[] good = [.. ArchivedSet.Entries(content)];
            string victim = Path.Combine(_folder.FullName, "victim");
            return kind switch
            {
                "outside" => [.. good, TarFiles.File("../../victim", [1])],
                "absolute" => [.. good, TarFiles.File(victim, [1])],
                "link" => [TarFiles.Link(TarEntryType.SymbolicLink, ArchivedSet.FolderName, _folder.FullName), .. good],
                "twice" => [.. good, TarFiles.File("test.bin", [.. content[2].Reverse()])],
                "damaged" => [good[0], TarFiles.File("batch_2.bin", [.. content[1][..^1], 77]), good[2]],
                _ => good[1..],
            };
        }

        ArchivedSet set = Served(Publish);
        DatasetException e = Assert.Throws<DatasetException>(() => set.Fetch());
        Assert.Contains("Nothing from it was kept. Delete it and download the data set again.", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFileSystemEntries(_folder.FullName, "*", SearchOption.AllDirectories),
            f => Path.GetFileName(f) == "victim" || f.EndsWith(".bin", StringComparison.Ordinal));
        Assert.False(set.Store.Locate(set.Info, new()).IsFound);
        // The publisher mends it: what was kept of the bad one is not in the way.
        _server.Requests.Clear();
        ArchivedSet mended = Served();
        Assert.True(mended.Fetch().IsFound);
        Assert.True(mended.Store.Verify("small", new(), default).IsPublished);
    }

    [Fact]
    public void A_damaged_folder_is_put_aside()
    {
        ArchivedSet set = Served();
        set.WriteAll(set.FilesDirectory, 1, [1, 2, 3]);
        _folder.Write("cache/small/small-batches-bin/notes.txt", [7]); // the user's own
        for (int round = 0; round < 2; round++)
        {
            Assert.True(set.Fetch().IsFound);
            Assert.True(set.Store.Verify("small", new(), default).IsPublished);
            File.WriteAllBytes(Path.Combine(set.FilesDirectory, "test.bin"), []);
        }
        Assert.Equal(["small-batches-bin", "small-batches-bin.bad", "small-batches-bin.bad2"], set.Present);
        Assert.Equal([7], File.ReadAllBytes(Path.Combine(set.Directory, "small-batches-bin.bad", "notes.txt")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whatever_write_fails_nothing_half_is_left_and_the_next_fetch_mends_it(bool archived)
    {
        HashSet<string> failed = [];
        for (int n = 0; ; n++)
        {
            using TemporaryFolder folder = new();
            ArchivedSet set = new(folder, null, _server.Address);
            SmallSet plain = new(folder, _server.Address);
            _server.Answer = request => MirrorServer.Serve(request, archived ? set.Archive : plain.Packed(request.Path));
            string name = archived ? "small" : "tiny";
            DatasetLocation Fetch() => archived ? set.Fetch() : plain.Store.Fetch("tiny", new(), null, default);
            DatasetReport Verify() => archived ? set.Store.Verify("small", new(), default) : plain.Store.Verify("tiny", new(), default);
            using (Faults faults = new(n, Faults.DiskFull))
            {
                try
                {
                    Assert.True(Fetch().IsFound);
                    Assert.True(faults.Steps.Count <= n, $"operation {n} failed, and nobody was told");
                    Assert.Equal(Enum.GetNames<FileStep>().Except(["Delete"]).Order(), failed.Order());
                    break;
                }
                catch (DownloadException e)
                {
                    Assert.Matches(
                        $"^{name} cannot be fetched. Cannot write '{folder.FullName}/cache/.+': disk full. Free space on the disk " +
                        $"of '.+', or write to another disk. The partial download is kept; to resume it, run `Datasets.Load.+`. " +
                        "To use another folder, set XDG_CACHE_HOME or the data directory.$", e.Message);
                    failed.Add(faults.Steps[n]);
                }
            }
            Assert.Empty(Directory.GetFileSystemEntries(folder.FullName, ".unpacking", SearchOption.AllDirectories));
            Assert.All(Verify().Files, f => Assert.True(f.Path is null || f.IsOk, f.Problem));
            Assert.True(Fetch().IsFound);
            Assert.True(Verify().IsPublished);
            Assert.Empty(Directory.GetFileSystemEntries(folder.FullName, "*.part*", SearchOption.AllDirectories));
        }
    }

    private ArchivedSet Served(Func<byte[][], TarEntry[]>? publish = null)
    {
        ArchivedSet set = new(_folder, publish, _server.Address);
        _server.Answer = request => MirrorServer.Serve(request, set.Archive);
        return set;
    }

    private sealed class Heard(Action<string> hear) : IProgress<DataProgress>
    {
        public void Report(DataProgress value) => hear(value.Text);
    }
}
