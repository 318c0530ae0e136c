using System.Diagnostics;
using System.Text.Json.Nodes;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Commands;

/// <summary>convolve data fetch, from a server of this machine that has the files of Fashion-MNIST.</summary>
public sealed class FetchTests : IDisposable
{
    private const string Files = "/usr/share/datasets/fashion-mnist";
    private readonly Cli _cli = new();
    private readonly MirrorServer _server = new();

    public FetchTests() => _server.Answer = request =>
        MirrorServer.Serve(request, File.ReadAllBytes(Path.Combine(Files, Path.GetFileName(request.Path))), "\"v1\"");

    private string[] Fetch => ["data", "fetch", "fashion-mnist", "--data-dir", "own", "--mirror", $"{_server.Address}data"];

    public void Dispose()
    {
        _server.Dispose();
        _cli.Dispose();
    }

    [InterruptFact]
    public void CtrlCKeepsWhatHasComeAndTheSameCommandGoesOnFromThere()
    {
        string part = _cli.At("own/fashion-mnist/.train-images-idx3-ubyte.gz.part");
        _server.Pace = (100_000, TimeSpan.FromMilliseconds(20));
        using Process process = _cli.Start([], Fetch);
        Cli.WaitFor(process, part);
        Assert.True(SpinWait.SpinUntil(() => new FileInfo(part).Length > 300_000, TimeSpan.FromMinutes(1)));
        Cli.Signal(process, "INT");
        CliResult interrupted = Cli.Finish(process);
        Assert.Equal((130, "convolve: stopping the download ... (again to quit at once)\nconvolve: interrupted: partial downloads were " +
            "kept; run the same command again to resume\n"),
            (interrupted.Status, interrupted.Errors));
        long kept = new FileInfo(part).Length;
        Assert.InRange(kept, 300_000, 26_000_000);

        _server.Pace = null;
        CliResult whole = _cli.Run(Fetch);
        Assert.Equal((0, ""), (whole.Status, whole.Errors));
        Assert.EndsWith("fashion-mnist is complete in own/fashion-mnist\n", whole.Output, StringComparison.Ordinal);
        Assert.Equal([null, kept, null, null, null], _server.Requests.Select(r => r.From));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Files, "train-images-idx3-ubyte.gz")),
            File.ReadAllBytes(_cli.At("own/fashion-mnist/train-images-idx3-ubyte.gz")));
        Assert.Equal(5, Directory.GetFiles(_cli.At("own/fashion-mnist")).Length); // and the lock

        Assert.Equal("own/fashion-mnist", (string)_cli.Run([.. Fetch, "--json"]).Json["datasets"]![0]!["folder"]!);
        Assert.Equal(5, _server.Requests.Count);
        Assert.True((bool)_cli.Run("data", "verify", "fashion-mnist", "--data-dir", "own", "--json").Json["datasets"]![0]!["published"]!);
    }

    [Fact]
    public void WhatNoMirrorHasIsToldWithEachMirrorsReason()
    {
        using MirrorServer page = new();
        page.Answer = _ => MirrorServer.Reply("<html>Log in</html>"u8.ToArray(), "200 OK", "Content-Type: text/html");
        _server.Answer = _ => MirrorServer.Reply([], "404 Not Found");
        CliResult result = _cli.Run([.. Fetch, "--mirror", $"{page.Address}"]);
        Assert.Equal(1, result.Status);
        Assert.Equal($"convolve: fashion-mnist cannot be downloaded: no mirror delivered train-images-idx3-ubyte.gz.\n" +
            $"  {_server.Address}data/fashion-mnist/train-images-idx3-ubyte.gz: HTTP 404 Not Found\n  " +
            $"{page.Address}fashion-mnist/train-images-idx3-ubyte.gz: sent a web page of 19 bytes instead of the file; a firewall or a " +
            $"login page may be in between\nCheck the network and run `convolve data fetch fashion-mnist --data-dir own` to resume the " +
            $"download; or put " +
            "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz " +
            "into own/fashion-mnist; or set CONVOLVE_MIRRORS to another mirror.\n", result.Errors);
    }

    [Fact]
    public void AnArchiveThatIsNotThePublishedOneIsRefused()
    {
        Directory.CreateDirectory(_cli.At("own"));
        File.WriteAllText(_cli.At("own/cifar-10-binary.tar.gz"), "no archive");
        CliResult fetch = _cli.Run("data", "fetch", "cifar10", "--data-dir", "own");
        Assert.Equal((2, ""), (fetch.Status, fetch.Output));
        Assert.StartsWith("convolve: own/cifar-10-binary.tar.gz is not cifar10's archive: it holds 10 bytes with the MD5 ", fetch.Errors,
            StringComparison.Ordinal);
        Assert.Single(fetch.Errors, '\n');
        CliResult train = _cli.Run("train", "lenet5", "--data", "cifar10", "--data-dir", "own", "--net-option", "input=3x32x32");
        Assert.Equal((2, ""), (train.Status, train.Output));
        Assert.Contains("own/cifar-10-binary.tar.gz is there, but not unpacked: run `convolve data fetch cifar10`. ", train.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ACopyOfOtherBytesIsTakenAndToldEverywhere()
    {
        // CIFAR-10's layout, black.
        Directory.CreateDirectory(_cli.At("own/cifar-10-batches-bin"));
        foreach (string name in (string[])["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"])
            using (FileStream file = File.Create(_cli.At($"own/cifar-10-batches-bin/{name}.bin")))
                file.SetLength(30_730_000);
        string note = "own/cifar-10-batches-bin has the layout of cifar10, but not the published bytes. It can be used, but results on " +
            "it are not results on cifar10 itself. To get the published data set, move it away and run `convolve data fetch cifar10 " +
            "--data-dir own`.";
        CliResult verify = _cli.Run("data", "verify", "cifar10", "--data-dir", "own");
        Assert.Equal((0, $"convolve: {note}\n"), (verify.Status, verify.Errors));
        Assert.Equal(6, verify.Output.Split("  other bytes  ").Length - 1);
        CliResult train = _cli.Run("train", "lenet5", "--data", "cifar10", "--data-dir", "own", "--net-option", "input=3x32x32",
            "--limit", "64", "--epochs", "1", "--out", "run");
        Assert.True(train.Status == 0, train.Errors);
        Assert.StartsWith($"Reading cifar10 from own/cifar-10-batches-bin\n{note}\n", train.Output, StringComparison.Ordinal);
        Assert.Contains("\n  convolve evaluate run --data-dir own ", train.Output, StringComparison.Ordinal);
        Assert.Contains(
            "\n  convolve train lenet5 --data cifar10 --data-dir own --net-option input=3x32x32 --limit 64 --epochs 1 --seed 1 ",
            train.Output, StringComparison.Ordinal);
        JsonArray remarks = JsonNode.Parse(File.ReadAllText(_cli.At("run/environment.json")))!["data_remarks"]!.AsArray();
        Assert.Equal([note], remarks.Select(r => (string)r!));
    }
}
