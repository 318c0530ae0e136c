using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Imaging;
using Convolve.Planning;
using Convolve.Serving.Batching;
using Convolve.Serving.Http;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Serving.Tests;

/// <summary>A server of this process, with networks whose weights are random.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly ModelServer _server;

    private TestServer(ModelServer server)
    {
        _server = server;
        Client = new() { BaseAddress = new(server.Address), Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Client { get; }

    public string Address => _server.Address;

    public IReadOnlyList<ServedModel> Models => _server.Models;

    /// <summary>Writes a model file of a network of the zoo.</summary>
    public static string Save(string file, string network = "lenet5", ulong seed = 1)
    {
        Graph graph = NetworkCatalog.Create(network);
        int channels = graph.Input.Channels;
        using Model model = new(graph, new() { Precision = Precision.Float32 }, seed: seed);
        using Classifier classifier = new(model, new()
        {
            Size = new(channels, graph.Input.Height, graph.Input.Width),
            Mean = [.. Enumerable.Repeat(0.4f, channels)],
            Std = [.. Enumerable.Repeat(0.1f, channels)],
            ClassNames = [.. Enumerable.Range(0, graph.Output.Channels).Select(i => $"class \"{i}\"")],
            ColorOrder = channels == 1 ? "grey" : "rgb",
        });
        classifier.Save(file);
        return file;
    }

    public static async Task<TestServer> StartAsync(string[] files, ServerOptions? options = null, bool isExact = false)
    {
        options = (options ?? new()) with { Port = 0 };
        return new(await ModelServer.StartAsync([.. files.Select(file => new ServedModel(Path.GetFileNameWithoutExtension(file), file,
            new() { Precision = Precision.Float32, Exact = isExact },
            new(isExact ? 1 : options.MaxBatch, options.MaxDelay, options.Queue)))], options));
    }

    /// <summary>A gray picture that depends on a number.</summary>
    public static byte[] Pixels(int seed, int length = 28 * 28) =>
        [.. Enumerable.Range(0, length).Select(i => (byte)(i * (seed + 3) + i / 28 * seed))];

    public static byte[] Png(int seed) => PngEncoder.Encode(Pixels(seed), 1, 28, 28);

    public Task<HttpResponseMessage> PostAsync(string path, byte[] body, string type = "application/octet-stream") =>
        Client.PostAsync(path, Content(body, type));

    public static ByteArrayContent Content(byte[] body, string type = "application/octet-stream")
    {
        ByteArrayContent content = new(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }

    /// <summary>The status, and the one JSON object of the body.</summary>
    public static async Task<(int Status, JsonObject Json)> ReadAsync(Task<HttpResponseMessage> response)
    {
        using HttpResponseMessage message = await response;
        Assert.Equal("application/json", message.Content.Headers.ContentType!.MediaType);
        return ((int)message.StatusCode, JsonNode.Parse(await message.Content.ReadAsStringAsync())!.AsObject());
    }

    /// <summary>Ends the server, as Ctrl+C does; the client can still read the answers.</summary>
    public ValueTask StopAsync() => _server.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
    }
}

/// <summary>A server that the tests of a class share.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("convolve-serving-").FullName;

    internal TestServer Server { get; private set; } = null!;

    public string Model => Path.Combine(Folder, "lenet.safetensors");

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync([TestServer.Save(Model),
        TestServer.Save(Path.Combine(Folder, "color.safetensors"), "resnet20")],
        new() { MaxBody = 1 << 20, MaxPixels = 1_000_000, Queue = 40 });

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
