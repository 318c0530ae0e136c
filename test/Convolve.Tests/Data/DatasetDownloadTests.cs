using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Convolve.Data;

namespace Convolve.Tests.Data;

public sealed class DatasetDownloadTests
{
    [Fact]
    public void A_set_found_nowhere_is_downloaded_once()
    {
        using TemporaryFolder folder = new();
        using Server server = new();
        SmallSet set = new(folder, server.Address);
        server.Answer = path => Good(set, path);
        Lines progress = new();
        LoadedData data = set.Store.Load("tiny", new(), progress, default);
        Assert.Equal((20, 10), (data.Train.Count, data.Test.Count));
        Assert.Equal(Path.Combine(set.CacheDirectory, "tiny"), data.Directory);
        Assert.Equal(4, server.Requests.Count);
        Assert.Equal(set.Info.Files.Select(f => f.ArchiveName).Order(),
            Directory.GetFiles(data.Directory).Select(Path.GetFileName).Order());
        Assert.Contains(progress.Reported, l =>
            l.StartsWith($"Downloading {server.Address}train-images-idx3-ubyte.gz (", StringComparison.Ordinal));
        Assert.Equal($"Reading tiny from {data.Directory}", progress.Reported[^1]);

        set.Store.Load("tiny", new(), null, default);
        Assert.True(set.Store.Fetch("tiny", new(), null, default).IsFound);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public void Fetch_gets_only_what_is_missing_or_bad()
    {
        using TemporaryFolder folder = new();
        using Server server = new();
        SmallSet set = new(folder, server.Address);
        server.Answer = path => Good(set, path);
        DatasetOptions options = new() { DataDirectory = Path.Combine(folder.Path, "own") };
        set.WriteAll(Path.Combine(options.DataDirectory, "tiny"));
        folder.Write("own/tiny/train-labels-idx1-ubyte", [1, 2, 3]);
        File.Delete(Path.Combine(options.DataDirectory, "tiny", "t10k-images-idx3-ubyte"));
        DatasetLocation location = set.Store.Fetch("tiny", options, null, default);
        Assert.Equal(Path.Combine(options.DataDirectory, "tiny"), location.Directory);
        Assert.Equal(["/train-labels-idx1-ubyte.gz", "/t10k-images-idx3-ubyte.gz"], server.Requests);
        Assert.True(set.Store.Verify("tiny", options, default).IsOk);
        Assert.Equal(20, set.Store.Load("tiny", options, null, default).Train.Count);
    }

    [Fact]
    public void Other_archives_of_the_same_content_are_taken()
    {
        using TemporaryFolder folder = new();
        using Server server = new();
        SmallSet set = new(folder, server.Address);
        // The same content in two members, whose archive has another digest; and one that is not packed at all.
        server.Answer = path => path.Contains("labels", StringComparison.Ordinal) ? Reply(Unpacked(set, path))
            : Reply(Stored(Unpacked(set, path)));
        Assert.Equal(10, set.Store.Load("tiny", new(), null, default).Test.Count);
    }

    public static TheoryData<string, string> BadMirrors => new()
    {
        { "missing", "HTTP 404 Not Found" },
        { "page", "sent a web page of 29 bytes in place of the file" },
        { "other", "sent other content: its MD5 is [0-9a-f]{32}, expected [0-9a-f]{32}" },
        { "damaged", @"sent \d+ bytes of gzip that are damaged or cut off" },
        { "short", @"sent \d+ bytes of gzip that are damaged or cut off" },
        { "cut off", "The response ended prematurely" },
        { "nothing", "sent nothing" },
        { "endless", @"sent more than the \d+ bytes that the unpacked file has" },
        { "closed", "An error occurred|The response ended|Connection|Unable|transport" },
        { "silent", "no answer for 1 s" },
    };

    [Theory]
    [MemberData(nameof(BadMirrors))]
    public void The_next_mirror_is_asked_and_every_failure_is_told(string fault, string problem)
    {
        using TemporaryFolder folder = new();
        using Server bad = new(), good = new();
        SmallSet set = new(folder, bad.Address, good.Address) { Patience = TimeSpan.FromSeconds(fault == "silent" ? 1 : 20) };
        bad.Answer = path => Fault(fault, set, path);
        good.Answer = path => Good(set, path);
        Assert.Equal(20, set.Store.Load("tiny", new(), null, default).Train.Count);
        Assert.Single(bad.Requests.Distinct()); // From then on, the mirror that delivered comes first.

        Directory.Delete(set.CacheDirectory, recursive: true);
        good.Answer = path => Fault("missing", set, path);
        DataException e = Assert.Throws<DataException>(() => set.Store.Load("tiny", new(), null, default));
        string[] lines = e.Message.Split(Environment.NewLine);
        Assert.Equal(4, lines.Length);
        Assert.Equal("tiny cannot be downloaded: no mirror delivered train-images-idx3-ubyte.gz.", lines[0]);
        Assert.Matches($"^  {bad.Address}train-images-idx3-ubyte.gz: .*({problem})", lines[1]);
        Assert.Equal($"  {good.Address}train-images-idx3-ubyte.gz: HTTP 404 Not Found", lines[2]);
        Assert.Equal(
            "Check the network and run `convolve data fetch tiny`, or put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, " +
            $"t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz into {Path.Combine(set.CacheDirectory, "tiny")}.", lines[3]);
        Assert.Empty(Directory.GetFiles(set.CacheDirectory, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Cancelling_ends_a_download_and_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        using Server server = new();
        SmallSet set = new(folder, server.Address);
        using CancellationTokenSource cancel = new();
        server.Answer = _ =>
        {
            cancel.Cancel();
            return null;
        };
        Assert.ThrowsAny<OperationCanceledException>(() => set.Store.Load("tiny", new(), null, cancel.Token));
        Assert.Empty(Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_told()
    {
        using TemporaryFolder folder = new();
        folder.Write("cache", [1]);
        SmallSet set = new(folder, new Uri("http://127.0.0.1:1/"));
        DataException e = Assert.Throws<DataException>(() => set.Store.Load("tiny", new(), null, default));
        Assert.Contains($"the folder {Path.Combine(set.CacheDirectory, "tiny")} cannot be made", e.Message, StringComparison.Ordinal);
    }

    private static byte[] Unpacked(SmallSet set, string path) =>
        set.Content[set.Info.Files.Select(f => f.ArchiveName).ToList().IndexOf(path.TrimStart('/'))];

    private static byte[] Good(SmallSet set, string path) => Reply(TestData.Gzip(Unpacked(set, path)));

    private static byte[]? Fault(string fault, SmallSet set, string path)
    {
        byte[] packed = TestData.Gzip(Unpacked(set, path));
        byte[] damaged = [.. packed];
        damaged[^6] ^= 1;
        return fault switch
        {
            "missing" => Reply(Encoding.ASCII.GetBytes("gone"), "404 Not Found"),
            "page" => Reply(Encoding.ASCII.GetBytes("<html><body>Log in</body></ht>"[..29])),
            "other" => Reply(TestData.Gzip([.. Unpacked(set, path)[..^1], 77])),
            "damaged" => Reply(damaged),
            "short" => Reply(packed[..^3]),
            "cut off" => Reply(packed)[..^20],
            "nothing" => Reply([]),
            "endless" => Reply(new byte[200_000]),
            "closed" => [],
            _ => null,
        };
    }

    private static byte[] Reply(byte[] body, string status = "200 OK") =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n")), .. body];

    private static byte[] Stored(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (System.IO.Compression.GZipStream gzip = new(packed, System.IO.Compression.CompressionLevel.NoCompression))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private sealed class Lines : IProgress<string>
    {
        public List<string> Reported { get; } = [];

        public void Report(string value)
        {
            lock (Reported)
                Reported.Add(value);
        }
    }

    /// <summary>Answers each request with raw bytes and hangs up; for null it says nothing until it is disposed.</summary>
    private sealed class Server : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly List<TcpClient> _silent = [];

        public Server()
        {
            _listener.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
            _ = ServeAsync();
        }

        public Uri Address { get; }

        public Func<string, byte[]?> Answer { get; set; } = _ => [];

        public List<string> Requests { get; } = [];

        public void Dispose()
        {
            _listener.Dispose();
            _silent.ForEach(c => c.Dispose());
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                    await HandleAsync(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }

        private async Task HandleAsync(TcpClient client)
        {
            NetworkStream stream = client.GetStream();
            byte[] buffer = new byte[8192];
            int length = 0;
            do
                length += await stream.ReadAsync(buffer.AsMemory(length));
            while (!Encoding.ASCII.GetString(buffer, 0, length).Contains("\r\n\r\n", StringComparison.Ordinal));
            string path = Encoding.ASCII.GetString(buffer, 0, length).Split(' ')[1];
            Requests.Add(path);
            if (Answer(path) is not { } answer)
            {
                _silent.Add(client);
                return;
            }

            try
            {
                await stream.WriteAsync(answer);
            }
            catch (IOException)
            {
                // The client has seen enough.
            }

            client.Dispose();
        }
    }
}
