using System.Diagnostics;
using System.Net.Sockets;
using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Files;
using Convolve.Testing;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Fetching;

/// <summary>
/// One file from mirrors that behave as mirrors do: they cut off, stall, lie about sizes, forget ranges, change the file.
/// </summary>
public sealed class DownloadTests : DownloadCase
{
    [Fact]
    public async Task A_connection_that_breaks_is_taken_up_where_it_ended()
    {
        Server.Answer = request => Server.Requests.Count == 1 ? MirrorServer.Serve(request, Content, "\"v1\"")[..150_000]
            : MirrorServer.Serve(request, Content, "\"v1\"");
        await Succeeds();
        Assert.Equal(2, Server.Requests.Count);
        Assert.InRange(Server.Requests[1].From!.Value, 140_000, 150_000);
        Assert.Equal("\"v1\"", Server.Requests[1].Headers["If-Range"]);
        DownloadProgress[] steps = [.. Progress.Reported.OfType<DownloadProgress>()];
        Assert.Equal(Content.Length, steps[^1].Bytes);
        Assert.Equal(steps.Select(s => s.Bytes).Order(), steps.Select(s => s.Bytes));
        Assert.All(steps, s => Assert.Equal(Content.Length, s.TotalBytes));
        Assert.Contains(Progress.Lines, l => l.Contains(", resuming at 14", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_an_earlier_run_has_left_is_continued()
    {
        using CancellationTokenSource cancel = new();
        Server.Pace = (50_000, TimeSpan.FromMilliseconds(20));
        Server.Answer = request => MirrorServer.Serve(request, Content, "\"v1\"");
        Task first = Run([Server.Address], cancellation: cancel.Token);
        Assert.True(SpinWait.SpinUntil(() => Part.Length > 60_000, TimeSpan.FromSeconds(20)));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        long kept = Part.Length;
        Assert.InRange(kept, 60_000, Content.Length - 1);
        Server.Pace = null;
        await Succeeds();
        Assert.Equal(kept, Server.Requests[^1].From);
    }

    [Fact]
    public async Task A_file_that_has_changed_is_fetched_from_its_start()
    {
        await Leave(100_000, new(Server.Address.AbsoluteUri, Content.Length, "\"v1\""), TestData.Pixels(100_000, salt: 9));
        Server.Answer = request => MirrorServer.Serve(request, Content, "\"v2\"");
        await Succeeds();
        Assert.Single(Server.Requests);
        Assert.Equal(100_000, Server.Requests[0].From);
    }

    [Fact]
    public async Task A_beginning_of_another_file_is_found_out_by_the_digest()
    {
        // Without a validator the server cannot tell that its file is another one.
        await Leave(100_000, new(Server.Address.AbsoluteUri, Content.Length, null), TestData.Pixels(100_000, salt: 9));
        Server.Answer = request => MirrorServer.Serve(request, Content);
        await Succeeds();
        Assert.Equal([100_000, null], Server.Requests.Select(r => r.From));
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_starts_again()
    {
        Server.Answer = request => Server.Requests.Count == 1 ? MirrorServer.Reply(Content)[..150_000] : MirrorServer.Reply(Content);
        await Succeeds();
        Assert.Equal(2, Server.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_and_always_breaks_is_given_up()
    {
        Server.Answer = _ => MirrorServer.Reply(Content)[..150_000];
        Assert.Matches(@"^http://127.0.0.1:\d+/: cut off after \d+ bytes of \d+ bytes: The response ended prematurely.*$", await Fails());
        Assert.InRange(Server.Requests.Count, 3, 4);
    }

    [Fact]
    public async Task A_part_larger_than_the_servers_file_is_given_up()
    {
        await Leave(399_990, new("http://elsewhere/", Content.Length + 50, null), Content);
        byte[] shorter = Content[..399_980];
        Server.Answer = request => MirrorServer.Serve(request, shorter);
        Assert.Null((await Run([Server.Address], content: shorter)).Single());
        Assert.Equal([399_990, null], Server.Requests.Select(r => r.From));
    }

    [Theory]
    [InlineData("Content-Range: bytes 0-399999/400000")]
    [InlineData("Content-Range: bytes 100000-399998/399999")]
    [InlineData("X: y")]
    public async Task Another_range_than_the_one_asked_for_is_not_taken(string header)
    {
        await Leave(100_000, new(Server.Address.AbsoluteUri, Content.Length, "\"v1\""));
        Server.Answer = request => request.From is null ? MirrorServer.Reply(Content)
            : MirrorServer.Reply(Content[100_000..], "206 Partial Content", header);
        await Succeeds();
        Assert.Equal([100_000, null], Server.Requests.Select(r => r.From));
    }

    [Fact]
    public async Task A_range_that_nobody_asked_for_is_refused()
    {
        Server.Answer = _ => MirrorServer.Reply(Content, "206 Partial Content", "Content-Range: bytes 5-400004/400005");
        Assert.EndsWith("HTTP 206 Partial Content", await Fails(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_mirror_goes_on_where_the_first_ended()
    {
        using MirrorServer second = new();
        Server.Answer = request => request.From is null ? MirrorServer.Serve(request, Content, "\"v1\"")[..50_000]
            : MirrorServer.Reply([], "404 Not Found");
        second.Answer = request => MirrorServer.Serve(request, Content, "\"other\"");
        Assert.Null((await Run([Server.Address, second.Address])).Single());
        Assert.InRange(second.Requests.Single().From!.Value, 40_000, 50_000);
        Assert.False(second.Requests[0].Headers.ContainsKey("If-Range"));
    }

    [Fact]
    public async Task A_part_that_is_whole_needs_no_mirror()
    {
        await Leave(Content.Length, new("http://elsewhere/", Content.Length, null));
        Assert.Null((await Run([new("http://127.0.0.1:1/")])).Single());
    }

    [Theory]
    [InlineData("")]
    [InlineData("another program's")]
    [InlineData("convolve download 1\nhttp://x/\nmany\n\n")]
    public async Task A_part_of_unknown_origin_is_not_continued(string origin)
    {
        await Leave(100_000, new("", null, null), TestData.Pixels(100_000, salt: 9));
        await File.WriteAllTextAsync(Part.Path + ".origin", origin);
        Server.Answer = request => MirrorServer.Serve(request, Content);
        await Succeeds();
        Assert.Null(Server.Requests.Single().From);
    }

    [Fact]
    public async Task A_page_in_place_of_the_file_leaves_the_part_alone()
    {
        await Leave(100_000, new(Server.Address.AbsoluteUri, Content.Length, "\"v1\""));
        Server.Answer = _ => [.. MirrorServer.Head("200 OK", "Content-Type: text/html; charset=utf-8"), .. "  \r\n<!DOCTYPE html>Log in"u8];
        Assert.EndsWith("sent a web page instead of the file; a firewall or a login page may be in between", await Fails(sizes: []),
            StringComparison.Ordinal);
        Assert.Equal(100_000, Part.Length);
        Assert.Single(Server.Requests);
    }

    [Theory]
    [InlineData(399_999)]
    [InlineData(400_001)]
    [InlineData(12)]
    public async Task A_file_of_another_size_is_refused_before_it_comes(int size)
    {
        Server.Answer = _ => MirrorServer.Reply(new byte[size]);
        Assert.EndsWith($"announces {size} bytes, expected 400000: it is another file, or a web page", await Fails(),
            StringComparison.Ordinal);
        Assert.Equal(0, Part.Length);
    }

    [Fact]
    public async Task A_size_that_is_announced_and_does_not_come_is_a_cut()
    {
        Server.Answer = _ => [.. MirrorServer.Head("200 OK", "Content-Length: 400000"), .. Content[..1000]];
        Assert.Contains("cut off after 1000 bytes of 400000 bytes", await Fails(), StringComparison.Ordinal);
        Assert.Equal(3, Server.Requests.Count);
    }

    [Fact]
    public async Task A_size_that_is_not_announced_is_found_out()
    {
        Server.Answer = request => request.From is { }
            from ? MirrorServer.Serve(request, Content) : [.. MirrorServer.Head("200 OK"), .. Content];
        await Succeeds();
        Part.Delete();
        Server.Answer = _ => [.. MirrorServer.Head("200 OK"), .. Content[..1000]];
        Assert.EndsWith("holds other bytes", await Fails(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500 Internal Server Error", 3)]
    [InlineData("503 Service Unavailable", 3)]
    [InlineData("429 Too Many Requests", 3)]
    [InlineData("403 Forbidden", 1)]
    [InlineData("404 Not Found", 1)]
    [InlineData("416 Range Not Satisfiable", 1)]
    public async Task What_may_pass_is_asked_again(string status, int times)
    {
        Server.Answer = _ => MirrorServer.Reply([], status);
        Assert.EndsWith($"HTTP {status}", await Fails(), StringComparison.Ordinal);
        Assert.Equal(times, Server.Requests.Count);
        Assert.Equal(times - 1, Progress.Lines.Count(l => l == "Trying again in 0 s"));
    }

    [Fact]
    public async Task What_a_server_says_does_not_reach_the_terminal_as_it_is()
    {
        Server.Answer = _ => MirrorServer.Reply([], $"404 \e[31m{new string('x', 70)}");
        Assert.EndsWith($"HTTP 404 ?[31m{new string('x', 55)}...", await Fails(), StringComparison.Ordinal);
        Server.Answer = _ => "\e[31mHTTP\r\n\r\n"u8.ToArray();
        Assert.DoesNotContain(await Fails(), char.IsControl);
    }

    [Fact]
    public async Task A_size_that_is_announced_too_small_is_found_out()
    {
        Server.Answer = _ => [.. MirrorServer.Head("200 OK", "Content-Length: 1000"), .. Content];
        Assert.EndsWith("announces 1000 bytes, expected 400000: it is another file, or a web page", await Fails(),
            StringComparison.Ordinal);
        Assert.EndsWith("holds other bytes", await Fails(sizes: []), StringComparison.Ordinal); // of a file whose size is not known
    }

    [Fact]
    public async Task Silence_and_a_trickle_are_stalls()
    {
        Server.Answer = _ => MirrorServer.Reply(Content);
        Server.Pace = (30, TimeSpan.FromMilliseconds(30));
        Stopwatch time = Stopwatch.StartNew();
        Assert.Matches(@"stalled after \d+ bytes of 400000 bytes: less than 1 kB/s for 0 s$", await Fails(patience: 0.3));
        Assert.InRange(time.Elapsed.TotalSeconds, 0.3, 10);
        Server.Answer = _ => null;
        Assert.EndsWith("no response for 0 s", await Fails(patience: 0.1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_mirror_is_not_stalled()
    {
        byte[] content = Content[..60_000];
        Server.Answer = request => MirrorServer.Serve(request, content);
        Server.Pace = (6000, TimeSpan.FromMilliseconds(60));
        Assert.Null((await Run([Server.Address], patience: 0.3, content: content)).Single());
        Assert.Single(Server.Requests);
    }

    [Fact]
    public async Task A_refused_connection_is_told()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)); // a port that nobody listens to
        int port = ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;
        Assert.Equal($"http://127.0.0.1:{port}/: the connection was refused: nothing answers at 127.0.0.1:{port}",
            (await Run([new($"http://127.0.0.1:{port}/")])).Single());
    }

    [Theory]
    [InlineData(HttpRequestError.NameResolutionError, "can't resolve host: no network, or the name server doesn't answer")]
    [InlineData(HttpRequestError.SecureConnectionError, "no secure connection to host: because")]
    [InlineData(HttpRequestError.ProxyTunnelError, "the proxy refused the connection: because")]
    [InlineData(HttpRequestError.ConnectionError, "no connection to host: because")]
    [InlineData(HttpRequestError.InvalidResponse, "answered with something that is not HTTP: because")]
    [InlineData(HttpRequestError.Unknown, "because")]
    public void Failures_of_the_network_have_words(HttpRequestError error, string words) =>
        Assert.Equal(words, TransferFault.Words(new HttpRequestException(error, "outer", new IOException("because")), new("https://host/"),
            came: null));

    [Fact]
    public async Task What_is_not_http_is_told()
    {
        Server.Answer = _ => "SSH-2.0-OpenSSH\r\n\r\n"u8.ToArray();
        Assert.Contains("answered with something that is not HTTP: ", await Fails(), StringComparison.Ordinal);
    }

    [NeedsTheory(Feature.Mounting)]
    [InlineData(true,
        @"^file needs 400000 bytes, but the disk of .+/small has only \d+ bytes free\. Free some space, or choose a folder on another " +
            "disk")]
    [InlineData(false, "^Cannot write '.+/small/.file.part': disk full. Free space on the disk of '.+/small', or write to another disk.$")]
    public async Task A_full_disk_is_told(bool announced, string message)
    {
        string small = Path.Combine(Folder.FullName, "small");
        Directory.CreateDirectory(small);
        using (var mount = Process.Start(new ProcessStartInfo("mount",
            ["-t", "tmpfs", "-o", "size=100k", "tmpfs", small])
        { RedirectStandardError = true })!)
        {
            await mount.WaitForExitAsync();
            Assert.Equal(0, mount.ExitCode);
        }

        try
        {
            Server.Answer = _ => announced ? MirrorServer.Reply(Content) : [.. MirrorServer.Head("200 OK"), .. Content];
            PartFile part = new(Path.Combine(small, ".file.part"));
            Exception e = await Assert.ThrowsAnyAsync<Exception>(() => Run([Server.Address], part: part));
            Assert.IsType(announced ? typeof(DownloadException) : typeof(FileWriteException), e);
            Assert.Matches(message, e.Message);
            Assert.Single(Server.Requests);
        }
        finally
        {
            using var unmount = Process.Start("umount", [small]);
            await unmount.WaitForExitAsync();
        }
    }

    [Fact]
    public void Progress_says_what_is_left()
    {
        DownloadProgress progress = new("file", 30_000_000, 90_000_000, 2e6);
        Assert.Equal((TimeSpan.FromSeconds(30), "Downloading file: 30.0 MB of 90.0 MB"), (progress.Remaining, progress.Text));
        Assert.Null((progress with { TotalBytes = null }).Remaining);
        Assert.Null((progress with { BytesPerSecond = 0 }).Remaining);
    }
}
