using System.Text;
using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Testing;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Fetching;

/// <summary>Sets whose files are published one by one.</summary>
public sealed class DatasetDownloadTests
{
    [Fact]
    public void A_set_found_nowhere_is_downloaded_once()
    {
        using TemporaryFolder folder = new();
        using MirrorServer server = new();
        SmallSet set = new(folder, server.Address);
        server.Answer = request => Good(set, request.Path);
        ProgressLines progress = new();
        LoadedData data = set.Store.Load("tiny", new(), progress, default);
        Assert.Equal((20, 10), (data.Train.Count, data.Test.Count));
        Assert.Equal(Path.Combine(set.CacheDirectory, "tiny"), data.Directory);
        Assert.Equal(4, server.Requests.Count);
        Assert.Equal([".fetching", .. set.Info.Files.Select(f => f.PackedName).Order(StringComparer.Ordinal)], FilesIn(data.Directory));
        Assert.Contains(progress.Lines, l =>
            l.StartsWith($"Downloading {server.Address}train-images-idx3-ubyte.gz (", StringComparison.Ordinal));
        Assert.Equal($"Reading tiny from {data.Directory}", progress.Lines.Last());

        set.Store.Load("tiny", new(), null, default);
        Assert.True(set.Store.Fetch("tiny", new(), null, default).IsFound);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public void Fetch_gets_only_what_is_missing_or_bad()
    {
        using TemporaryFolder folder = new();
        using MirrorServer server = new();
        SmallSet set = new(folder, server.Address);
        server.Answer = request => Good(set, request.Path);
        DatasetOptions options = new() { DataDirectory = Path.Combine(folder.FullName, "own") };
        set.WriteAll(Path.Combine(options.DataDirectory, "tiny"));
        folder.Write("own/tiny/train-labels-idx1-ubyte", [1, 2, 3]);
        File.Delete(Path.Combine(options.DataDirectory, "tiny", "t10k-images-idx3-ubyte"));
        DatasetLocation location = set.Store.Fetch("tiny", options, null, default);
        Assert.Equal(Path.Combine(options.DataDirectory, "tiny"), location.Directory);
        Assert.Equal(["/train-labels-idx1-ubyte.gz", "/t10k-images-idx3-ubyte.gz"], server.Paths);
        Assert.True(set.Store.Verify("tiny", options, default).IsOk);
        Assert.Equal(20, set.Store.Load("tiny", options, null, default).Train.Count);
    }

    [Fact]
    public void Other_archives_of_the_same_content_are_taken()
    {
        using TemporaryFolder folder = new();
        using MirrorServer server = new();
        SmallSet set = new(folder, server.Address);
        // The same content, not compressed, whose archive has another digest; and one that is not packed at all.
        server.Answer = request => MirrorServer.Reply(request.Path.Contains("labels", StringComparison.Ordinal) ? set.Unpacked(request.Path)
            : Stored(set.Unpacked(request.Path)));
        Assert.Equal(10, set.Store.Load("tiny", new(), null, default).Test.Count);
    }

    public static TheoryData<string, string> BadMirrors => new()
    {
        { "missing", "HTTP 404 Not Found" },
        { "page", "sent a web page of 29 bytes instead of the file" },
        { "other", "sent other content: its MD5 is [0-9a-f]{32}, expected [0-9a-f]{32}" },
        { "damaged", @"sent \d+ bytes of gzip that are damaged or cut off" },
        { "short", @"sent \d+ bytes of gzip that are damaged or cut off" },
        { "cut off", @"cut off after \d+ bytes of \d+ bytes: The response ended prematurely" },
        { "nothing", "sent nothing" },
        { "endless", @"announces 200000 bytes, more than the file's \d+" },
        { "endless, not announced", @"sent more than the file's \d+ bytes" },
        { "closed", "closed the connection without a response|An error occurred" },
        { "silent", "no response for 0 s" },
    };

    [Theory]
    [MemberData(nameof(BadMirrors))]
    public void The_next_mirror_is_asked_and_every_failure_is_told(string fault, string problem)
    {
        using TemporaryFolder folder = new();
        using MirrorServer bad = new(), good = new();
        SmallSet set = new(folder, bad.Address, good.Address) { Patience = TimeSpan.FromSeconds(fault == "silent" ? 0.2 : 20) };
        bad.Answer = request => Fault(fault, set, request.Path);
        good.Answer = request => Good(set, request.Path);
        Assert.Equal(20, set.Store.Load("tiny", new(), null, default).Train.Count);
        // From then on, the mirror that delivered comes first. A connection that is closed without an answer, the HTTP client tries again
        // by itself.
        Assert.Single(bad.Requests.Select(r => r.Path).Distinct());
        Assert.True(bad.Requests.Count == 1 || fault == "closed");

        Directory.Delete(set.CacheDirectory, recursive: true);
        good.Answer = request => Fault("missing", set, request.Path);
        DownloadException e = Assert.Throws<DownloadException>(() => set.Store.Load("tiny", new(), null, default));
        string[] lines = e.Message.Split(Environment.NewLine);
        Assert.Equal(4, lines.Length);
        Assert.Equal("tiny cannot be downloaded: no mirror delivered train-images-idx3-ubyte.gz.", lines[0]);
        Assert.Matches($"^  {bad.Address}train-images-idx3-ubyte.gz: .*({problem})", lines[1]);
        Assert.Equal($"  {good.Address}train-images-idx3-ubyte.gz: HTTP 404 Not Found", lines[2]);
        Assert.Equal(
            "Check the network and run `Datasets.Load(\"tiny\", new() { AllowDownload = true })` to resume the download; or put " +
            "train-images-idx3-ubyte.gz, " +
            "train-labels-idx1-ubyte.gz, " +
            $"t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz into {Path.Combine(set.CacheDirectory, "tiny")}; or set " +
            $"CONVOLVE_MIRRORS to another mirror.", lines[3]);
        // Nothing that could be taken for a file of the set; of a transfer that was cut off, what has come.
        string[] kept = fault == "cut off" ? [".train-images-idx3-ubyte.gz.part", ".train-images-idx3-ubyte.gz.part.origin"] : [];
        Assert.Equal([".fetching", .. kept], FilesIn(Path.Combine(set.CacheDirectory, "tiny")));
    }

    [Fact]
    public void Cancelling_ends_a_download_and_leaves_nothing_that_looks_whole()
    {
        using TemporaryFolder folder = new();
        using MirrorServer server = new();
        SmallSet set = new(folder, server.Address);
        using CancellationTokenSource cancel = new();
        server.Answer = _ =>
        {
            cancel.Cancel();
            return null;
        };
        Assert.ThrowsAny<OperationCanceledException>(() => set.Store.Load("tiny", new(), null, cancel.Token));
        Assert.Equal([".fetching"], FilesIn(Path.Combine(set.CacheDirectory, "tiny")));
    }

    // What waits on a download holds no thread: none of the tasks runs where the caller is, and cancelling ends a stalled one.
    [Fact]
    public async Task A_download_without_blocking_can_be_cancelled_and_resumed()
    {
        using TemporaryFolder folder = new();
        using MirrorServer server = new();
        SmallSet set = new(folder, server.Address);
        using CancellationTokenSource cancel = new();
        server.Answer = request => Good(set, request.Path);
        server.Pace = (100, TimeSpan.FromMilliseconds(300));
        Task<LoadedData> slow = set.Store.LoadAsync("tiny", new(), null, cancel.Token);
        Assert.True(SpinWait.SpinUntil(() => server.Requests.Count > 0, TimeSpan.FromSeconds(20)));
        Assert.False(slow.IsCompleted);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        server.Pace = null;
        LoadedData data = await set.Store.LoadAsync("tiny", new(), null, default);
        Assert.Equal((20, 10), (data.Train.Count, data.Test.Count));
        Assert.True((await set.Store.FetchAsync("tiny", new(), null, default)).IsFound);
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_told()
    {
        using TemporaryFolder folder = new();
        folder.Write("cache", [1]);
        SmallSet set = new(folder, new Uri("http://127.0.0.1:1/"));
        DownloadException e = Assert.Throws<DownloadException>(() => set.Store.Load("tiny", new(), null, default));
        string target = Path.Combine(set.CacheDirectory, "tiny");
        Assert.StartsWith($"tiny cannot be fetched. Cannot write '{target}/.fetching': a part of '{target}' is a file, not a folder. " +
            "Choose another folder. ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mirrors_can_be_named_in_place_of_the_sets_own()
    {
        using TemporaryFolder folder = new();
        using MirrorServer own = new(), named = new();
        SmallSet set = new(folder, own.Address) { MirrorsVariable = $"{own.Address}gone  {named.Address}data/" };
        named.Answer = request => Good(set, request.Path["/data/tiny".Length..]);
        own.Answer = _ => MirrorServer.Reply([], "404 Not Found");
        set.Store.Fetch("tiny", new() { DataDirectory = Path.Combine(folder.FullName, "a") }, null, default);
        Assert.Equal(["/gone/tiny/train-images-idx3-ubyte.gz"], own.Paths);
        Assert.Equal(4, named.Requests.Count);
        // Those of the options come before those of the environment.
        set.Store.Fetch("tiny", new() { DataDirectory = Path.Combine(folder.FullName, "b"), Mirrors = [$"{named.Address}data"] }, null,
            default);
        Assert.Equal((1, 8), (own.Requests.Count, named.Requests.Count));
        foreach (string bad in new[] { "host/data", "ftp://host/", "file:///data", "" })
        {
            DatasetException e = Assert.Throws<DatasetException>(
                () => set.Store.Fetch("tiny", new() { DataDirectory = Path.Combine(folder.FullName, "c"), Mirrors = [bad] }, null,
                default));
            Assert.StartsWith($"The mirror \"{bad}\" is not a URL. Use one that starts with https:// or http://", e.Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_second_that_fetches_into_a_folder_waits_for_the_first()
    {
        using TemporaryFolder folder = new();
        using MirrorServer server = new();
        SmallSet set = new(folder, server.Address);
        string target = Path.Combine(set.CacheDirectory, "tiny");
        ProgressLines progress = new();
        Task<LoadedData> second;
        using (await FolderLock.AcquireAsync(target, "tiny", null, default))
        {
            second = Task.Run(() => set.Store.Load("tiny", new(), progress, default));
            Assert.True(SpinWait.SpinUntil(() => progress.Lines.Any(), TimeSpan.FromSeconds(20)));
            Assert.Equal($"Waiting for another process that is downloading tiny to {target}", progress.Lines.First());
            Assert.False(second.IsCompleted);
            set.WriteAll(target);
        }

        Assert.Equal(20, (await second).Train.Count);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(50));
        using FolderLock held = await FolderLock.AcquireAsync(folder.FullName, "tiny", null, default);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FolderLock.AcquireAsync(folder.FullName, "tiny", null, cancel.Token));
    }

    [Fact]
    public void Bad_files_that_come_first_are_named_after_a_fetch()
    {
        using TemporaryFolder folder = new();
        using MirrorServer server = new();
        SmallSet set = new(folder, server.Address) { DataVariable = Path.Combine(folder.FullName, "env") };
        server.Answer = request => Good(set, request.Path);
        set.WriteAll(set.DataVariable);
        folder.Write("env/train-labels-idx1-ubyte", [1, 2, 3]);
        DatasetException e = Assert.Throws<DatasetException>(() => set.Store.Fetch("tiny", new(), null, default));
        Assert.Equal(
            $"tiny is now complete in {set.CacheDirectory}/tiny, but {set.DataVariable} is searched first and has bad files of it. " +
            $"Delete those.",
            e.Message.Replace('\\', '/'));
    }

    private static IEnumerable<string?> FilesIn(string directory) =>
        Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static byte[] Good(SmallSet set, string path) => MirrorServer.Reply(set.Packed(path));

    private static byte[]? Fault(string fault, SmallSet set, string path)
    {
        byte[] packed = set.Packed(path);
        byte[] damaged = [.. packed];
        damaged[^6] ^= 1;
        return fault switch
        {
            "missing" => MirrorServer.Reply(Encoding.ASCII.GetBytes("gone"), "404 Not Found"),
            "page" => MirrorServer.Reply(Encoding.ASCII.GetBytes("<html><body>Log in</body></ht>"[..29])),
            "other" => MirrorServer.Reply(TestData.Gzip([.. set.Unpacked(path)[..^1], 77])),
            "damaged" => MirrorServer.Reply(damaged),
            "short" => MirrorServer.Reply(packed[..^3]),
            "cut off" => MirrorServer.Reply(packed)[..^20],
            "nothing" => MirrorServer.Reply([]),
            "endless" => MirrorServer.Reply(new byte[200_000]),
            "endless, not announced" => [.. MirrorServer.Head("200 OK"), .. new byte[200_000]],
            "closed" => [],
            _ => null,
        };
    }

    private static byte[] Stored(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (System.IO.Compression.GZipStream gzip = new(packed, System.IO.Compression.CompressionLevel.NoCompression))
            gzip.Write(bytes);
        return packed.ToArray();
    }
}
