using System.Diagnostics;
using Convolve.Cli.Ranks;
using Convolve.Cli.Terminal;

namespace Convolve.Cli.Tests.Ranks;

public sealed class HostFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Theory]
    [InlineData("a\nb\n", 4, "a 2, b 2")]
    [InlineData("a\nb\n", 3, "a 1, b 2")]
    [InlineData("a\nb\nc\n", 2, "b 1, c 1")]
    [InlineData("# ours\na slots=3 # fast\n\n  b   slots = 1\n", 4, "a 3, b 1")]
    [InlineData("a slots=3\nb slots=4\n", 4, "a 3, b 1")]
    [InlineData("a slots=2 max_slots=2\nb\n", 3, "a 2, b 1")]
    public void Ranks_are_shared_among_hosts(string text, int ranks, string shares) => Assert.Equal(shares,
        string.Join(", ", Write(text).Share(ranks).Select(host => $"{host.Name} {host.Ranks}")));

    [Theory]
    [InlineData("a b\n", "line 1: expected a host such as \"node1\" or \"node1 slots=2\", got \"a b\".")]
    [InlineData("a\nb slots=0\n", "line 2: expected a host such as \"node1\" or \"node1 slots=2\", got \"b slots=0\".")]
    [InlineData("# none\n", " names no host. Write a host a line, such as: node1 slots=2")]
    public void What_is_no_host_is_refused(string text, string end) =>
        Assert.EndsWith(end, Assert.Throws<UsageException>(() => Write(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Too_few_slots_are_refused() => Assert.Equal(
        $"{_path} has 3 slots for 4 ranks. Add hosts or slots, or use --ranks 3.",
        Assert.Throws<UsageException>(() => Write("a slots=2\nb\n").Share(4)).Message);

    [Fact]
    public void A_missing_file_is_named()
    {
        File.Delete(_path);
        Assert.StartsWith($"--hosts: can't read {_path} (", Assert.Throws<UsageException>(() => new HostFile(_path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_does_not_resolve_is_refused_within_five_seconds()
    {
        HostFile file = Write("localhost slots=2\nno-such-host.invalid slots=2\n");
        Stopwatch watch = Stopwatch.StartNew();
        string message = Assert.Throws<UsageException>(() => file.RequireNames(file.Share(3))).Message;
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.StartsWith($"{_path} line 2: host no-such-host.invalid (rank 2) doesn't resolve: ", message, StringComparison.Ordinal);
        Assert.EndsWith(". Correct the name, or add it to /etc/hosts.", message, StringComparison.Ordinal);
        file.RequireNames(file.Share(2));
    }

    public void Dispose() => File.Delete(_path);

    private HostFile Write(string text)
    {
        File.WriteAllText(_path, text);
        return new(_path);
    }
}
