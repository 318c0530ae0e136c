using Convolve.Testing;

namespace Convolve.Tests.Data.Fetching;

/// <summary>Mirrors that send the request elsewhere.</summary>
public sealed class RedirectionTests : DownloadCase
{
    [Fact]
    public async Task A_redirection_is_followed_with_the_range()
    {
        using MirrorServer second = new();
        Server.Answer = _ => MirrorServer.Reply([], "302 Found", $"Location: {second.Address}elsewhere");
        second.Answer = request => MirrorServer.Serve(request, Content, "\"v1\"")[..(request.From is null ? 150_000 : ^0)];
        await Succeeds();
        Assert.Equal(["/elsewhere", "/elsewhere"], second.Paths);
        Assert.InRange(second.Requests[1].From!.Value, 140_000, 150_000);
        Assert.Equal("\"v1\"", second.Requests[1].Headers["If-Range"]);
    }

    [Theory]
    [InlineData("Location: /again", 11)]
    [InlineData("X: y", 1)]
    public async Task A_redirection_that_leads_nowhere_is_told(string header, int times)
    {
        Server.Answer = _ => MirrorServer.Reply([], "302 Found", header);
        Assert.EndsWith("HTTP 302 Found: it redirects more than 10 times, from https to http, or nowhere", await Fails(),
            StringComparison.Ordinal);
        Assert.Equal(times, Server.Requests.Count);
    }

    [Fact]
    public async Task A_redirection_to_where_nobody_is_names_the_place()
    {
        Server.Answer = _ => MirrorServer.Reply([], "302 Found", "Location: http://127.0.0.1:1/file");
        Assert.Equal($"{Server.Address}: the connection was refused: nothing answers at 127.0.0.1:1", await Fails());
    }

    [Fact]
    public async Task A_redirection_to_a_page_is_a_page()
    {
        Server.Answer = request => request.Path == "/" ? MirrorServer.Reply([], "301 Moved Permanently", "Location: /login")
            : [.. MirrorServer.Head("200 OK", "Content-Type: text/html"), .. "<html>"u8];
        Assert.EndsWith("sent a web page instead of the file; a firewall or a login page may be in between", await Fails(),
            StringComparison.Ordinal);
    }
}
