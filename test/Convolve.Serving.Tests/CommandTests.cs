using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Convolve.Cli.Tests;

namespace Convolve.Serving.Tests;

/// <summary>'convolve serve' as a process.</summary>
public sealed partial class CommandTests : IDisposable
{
    private readonly Cli.Tests.Cli _cli = new();

    public CommandTests()
    {
        Directory.CreateDirectory(_cli.At("runs/fashion"));
        TestServer.Save(_cli.At("runs/fashion/model.safetensors"));
    }

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_after_what_has_come_is_answered(string signal)
    {
        using Process process = _cli.Start([("CONVOLVE_API_KEY", "k")], "serve", "runs/fashion", "again=runs/fashion/model.safetensors",
            "--port", "0", "--verbose", "--max-delay", "500");
        Assert.Equal("fashion: lenet5, input 1x28x28, 10 classes, f32", await process.StandardOutput.ReadLineAsync());
        Assert.Equal("again: lenet5, input 1x28x28, 10 classes, f32", await process.StandardOutput.ReadLineAsync());
        Match listening = Listening().Match((await process.StandardOutput.ReadLineAsync())!);
        Assert.True(listening.Success);
        using HttpClient client = new() { BaseAddress = new(listening.Groups[1].Value) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v2/models")).StatusCode);
        client.DefaultRequestHeaders.Add("X-Api-Key", "k");
        Assert.Equal("""{"models":["fashion","again"]}""", await client.GetStringAsync("/v2/models"));
        Task<(int Status, JsonObject Json)>[] requests = [.. Enumerable.Range(0, 10)
            .Select(i => TestServer.ReadAsync(client.PostAsync("/predict?model=again", TestServer.Content(TestServer.Png(i)))))];
        const string Waiting = "convolve_pictures_waiting{model=\"again\"} 10\n";
        while (!(await client.GetStringAsync("/metrics")).Contains(Waiting, StringComparison.Ordinal) && !requests.All(r => r.IsCompleted))
            await Task.Delay(1);
        Cli.Tests.Cli.Signal(process, signal);
        Assert.All(await Task.WhenAll(requests), answer => Assert.Equal(200, answer.Status));
        CliResult result = Cli.Tests.Cli.Finish(process);
        Assert.Equal((0, ""), (result.Status, result.Output));
        Assert.Contains("convolve: answering the requests that have come, then stopping ... (again to quit at once)\n", result.Errors,
            StringComparison.Ordinal);
        Assert.Equal(10, AccessLine().Count(result.Errors));
    }

    [Fact]
    public void A_port_in_use_is_one_message()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        CliResult result = _cli.Run("serve", "runs/fashion", "--port", $"{port}");
        Assert.Equal((1, $"convolve: Can't listen on 127.0.0.1 port {port}: another program does already. Stop it, or choose " +
            "another port; 0 is a free one.\n"), (result.Status, result.Errors));
    }

    [Theory]
    [InlineData("nowhere does not exist.", "nowhere")]
    [InlineData("Two models are named fashion. Write NAME=RUN to give one another name.", "runs/fashion",
        "runs/fashion/model.safetensors")]
    [InlineData("\"a/b\" can't be the name of a model, which is a part of URLs.", "a/b=runs/fashion")]
    [InlineData("--host: expected an IP address, such as 127.0.0.1, 0.0.0.0 or ::, got \"example.com\".", "runs/fashion", "--host",
        "example.com")]
    [InlineData("--port: expected at most 65535, got 70000.", "runs/fashion", "--port", "70000")]
    [InlineData("--api-key-file: can't read gone: ", "runs/fashion", "--api-key-file", "gone")]
    [InlineData("The API key in empty is empty. Write one into it, or leave it out.", "runs/fashion", "--api-key-file", "empty")]
    public void What_cannot_be_done_is_told(string message, params string[] arguments)
    {
        File.WriteAllText(_cli.At("empty"), "\n");
        CliResult result = _cli.Run(["serve", .. arguments]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith($"convolve: {message}", result.Errors, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^listening on (http://127\.0\.0\.1:\d+) \(Ctrl\+C stops\)$")]
    private static partial Regex Listening();

    [GeneratedRegex(@"^POST /predict\?model=again 200 [0-9.]+ ms$", RegexOptions.Multiline)]
    private static partial Regex AccessLine();
}
