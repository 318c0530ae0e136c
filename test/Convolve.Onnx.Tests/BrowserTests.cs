using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Serving.Tests;
using Convolve.Testing;
using Convolve.Zoo;
using Google.Protobuf;

namespace Convolve.Onnx.Tests;

/// <summary>onnxruntime-web's WebAssembly in Chromium.</summary>
public sealed class BrowserTests : IDisposable
{
    private const string Package = "onnxruntime-web@1.30.0", Page = """
        <!doctype html>
        <script type="module">
        import * as ort from "/dist/ort.wasm.min.mjs";
        ort.env.wasm.numThreads = 1;
        window.logitsOf = async (file, type, shape) => {
            const session = await ort.InferenceSession.create(`/${file}.onnx`);
            const bytes = await (await fetch(`/${file}.input`)).arrayBuffer();
            const input = new ort.Tensor(type, type === "uint8" ? new Uint8Array(bytes) : new Float32Array(bytes), shape);
            return Array.from((await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]].data);
        };
        </script>
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-web-").FullName;
    private readonly HttpListener _server = new();
    private readonly string _address = $"http://127.0.0.1:{FreePort()}/";

    public void Dispose()
    {
        _server.Close();
        Directory.Delete(_folder, recursive: true);
    }

    [Trait("Category", "Slow")]
    [NeedsFact(Feature.Node)]
    public async Task A_browser_computes_the_same()
    {
        Assert.SkipWhen(Browser.Missing is not null, Browser.Missing ?? "");
        using (Process npm = Process.Start(new ProcessStartInfo("npm", ["install", "--ignore-scripts", Package])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!)
        {
            Cli.Tests.CliResult installed = Cli.Tests.Cli.Finish(npm, TimeSpan.FromMinutes(10));
            Assert.True(installed.Status == 0, installed.Output + installed.Errors);
        }
        _server.Prefixes.Add(_address);
        _server.Start();
        Task serving = ServeAsync();
        await using (Browser browser = await Browser.OpenAsync(_address))
        {
            await browser.UntilAsync("window.logitsOf");
            foreach (int opset in OnnxOptions.Opsets)
            {
                await RequireSame(browser, new() { Opset = opset }, "");
                await RequireSame(browser, new() { Opset = opset, WithPreprocessing = true }, "resize:33:antialias=false,center-crop:28");
            }
            await RequireSame(browser, new() { Opset = 18, WithPreprocessing = true }, "resize:32,center-crop:28");
        }
        _server.Stop();
        await serving;
    }

    private async Task RequireSame(Browser browser, OnnxOptions options, string steps)
    {
        const int Batch = 2, Height = 41, Width = 37;
        Graph graph = NetworkCatalog.Create("lenet5");
        using Model model = Samples.Model(graph);
        ModelProto onnx = options.WithPreprocessing
            ? OnnxExport.Create(graph, model.ReadParameter, Samples.Preprocessing(graph, steps), options) : Samples.Write(model, options);
        File.WriteAllBytes(Path.Combine(_folder, "model.onnx"), onnx.ToByteArray());
        float[] expected = new float[Batch * graph.Output.Channels];
        string call;
        if (options.WithPreprocessing)
        {
            byte[] pictures = [.. Enumerable.Range(0, Batch * Height * Width).Select(i => (byte)(128 + 100 * Math.Sin(i * 0.05)))];
            using OrtSession session = new(onnx);
            expected = session.Run(pictures, Batch, Height, Width, 1);
            File.WriteAllBytes(Path.Combine(_folder, "model.input"), pictures);
            call = $"logitsOf('model', 'uint8', [{Batch}, {Height}, {Width}, 1])";
        }
        else
        {
            float[] images = Samples.Images(graph, Batch);
            model.Forward(images, expected);
            File.WriteAllBytes(Path.Combine(_folder, "model.input"), MemoryMarshal.AsBytes(images.AsSpan()).ToArray());
            call = $"logitsOf('model', 'float32', [{Batch}, 1, 28, 28])";
        }
        JsonNode logits = (await browser.EvaluateAsync(call))!;
        Samples.RequireNear(expected, [.. logits.AsArray().Select(v => (float)v!)], 1e-4);
    }

    private async Task ServeAsync()
    {
        while (_server.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _server.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // the end
            }
            string path = context.Request.Url!.AbsolutePath;
            string file = Path.Combine(_folder, path.StartsWith("/dist/", StringComparison.Ordinal)
                ? $"node_modules/onnxruntime-web{path}" : path[1..]);
            context.Response.ContentType = Path.GetExtension(file) switch
            {
                ".mjs" => "text/javascript",
                ".wasm" => "application/wasm",
                _ when path == "/" => "text/html",
                _ => "application/octet-stream",
            };
            context.Response.AddHeader("Cache-Control", "no-store");
            if (path == "/")
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Page));
            else if (File.Exists(file))
                await context.Response.OutputStream.WriteAsync(await File.ReadAllBytesAsync(file));
            else
                context.Response.StatusCode = 404;
            context.Response.Close();
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
