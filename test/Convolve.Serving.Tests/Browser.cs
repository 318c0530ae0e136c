using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Convolve.Serving.Tests;

/// <summary>Chromium without a window, told what to do by its debugging protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-chromium-").FullName;
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private int _calls;

    private Browser() => _process = Process.Start(new ProcessStartInfo("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage", "--remote-debugging-port=0", $"--user-data-dir={_folder}", "--window-size=1100,900", "about:blank"])
    { RedirectStandardError = true, RedirectStandardOutput = true })!;

    /// <summary>Why it can't be used here; null where it can.</summary>
    public static string? Missing { get; } = File.Exists("/usr/bin/chromium") ? null : "needs Debian's chromium";

    public static async Task<Browser> OpenAsync(string address)
    {
        Browser browser = new();
        string ports = Path.Combine(browser._folder, "DevToolsActivePort");
        for (int i = 0; !File.Exists(ports) || (await File.ReadAllLinesAsync(ports)).Length < 2; i++)
        {
            Assert.True(i < 600 && !browser._process.HasExited, "Chromium doesn't start");
            await Task.Delay(50);
        }
        string port = (await File.ReadAllLinesAsync(ports))[0];
        using HttpClient client = new();
        JsonArray targets = JsonNode.Parse(await client.GetStringAsync($"http://127.0.0.1:{port}/json"))!.AsArray();
        JsonNode page = targets.First(t => (string)t!["type"]! == "page")!;
        await browser._socket.ConnectAsync(new((string)page["webSocketDebuggerUrl"]!), CancellationToken.None);
        await browser.CallAsync("Page.navigate", new() { ["url"] = address });
        return browser;
    }

    /// <summary>Calls a method of the protocol, and passes over the events before its answer.</summary>
    public async Task<JsonNode> CallAsync(string method, JsonObject? parameters = null)
    {
        int call = ++_calls;
        JsonObject message = new() { ["id"] = call, ["method"] = method, ["params"] = parameters ?? [] };
        await _socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true, CancellationToken.None);
        byte[] part = new byte[1 << 16];
        while (true)
        {
            using MemoryStream bytes = new();
            WebSocketReceiveResult received;
            do
            {
                received = await _socket.ReceiveAsync(part, CancellationToken.None);
                bytes.Write(part, 0, received.Count);
            }
            while (!received.EndOfMessage);
            JsonNode answer = JsonNode.Parse(bytes.ToArray())!;
            if ((int?)answer["id"] == call)
                return answer["result"] ?? throw new InvalidOperationException(answer.ToJsonString());
        }
    }

    /// <summary>What an expression of JavaScript gives.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode result = await CallAsync("Runtime.evaluate",
            new() { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true });
        Assert.True(result["exceptionDetails"] is null, result.ToJsonString());
        return result["result"]!["value"];
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task UntilAsync(string expression)
    {
        for (int i = 0; (bool?)await EvaluateAsync($"!!({expression})") != true; i++)
        {
            Assert.True(i < 400, $"never: {expression}; the page: {await EvaluateAsync("document.body?.innerText ?? ''")}");
            await Task.Delay(50);
        }
    }

    /// <summary>Moves the mouse, the button held down, from point to point.</summary>
    public async Task DragAsync(params (double X, double Y)[] points)
    {
        await MouseAsync("mousePressed", points[0]);
        foreach ((double X, double Y) point in points[1..])
            await MouseAsync("mouseMoved", point);
        await MouseAsync("mouseReleased", points[^1]);
    }

    public async Task<byte[]> ScreenshotAsync() =>
        Convert.FromBase64String((string)(await CallAsync("Page.captureScreenshot"))["data"]!);

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (int i = 0; Directory.Exists(_folder); i++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (i < 50) // a child of it still writes
            {
                await Task.Delay(50);
            }
        }
    }

    private Task MouseAsync(string type, (double X, double Y) point) => CallAsync("Input.dispatchMouseEvent",
        new() { ["type"] = type, ["x"] = point.X, ["y"] = point.Y, ["button"] = "left", ["buttons"] = 1, ["clickCount"] = 1 });
}
