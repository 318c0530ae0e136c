using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Convolve.Planning;
using Convolve.Serving.Http;

namespace Convolve.Serving.Tests;

/// <summary>Every path of the server, and every form of a request, over HTTP.</summary>
public sealed class AnswerTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Theory]
    [InlineData("/", "<!doctype html>")]
    [InlineData("/livez", "ok\n")]
    [InlineData("/readyz", "ok\n")]
    [InlineData("/metrics", "# HELP convolve_requests_running ")]
    [InlineData("/v2", "{\"name\":\"convolve\",\"version\":\"")]
    [InlineData("/v2/health/live", """{"live":true}""")]
    [InlineData("/v2/health/ready", """{"live":true,"ready":true}""")]
    [InlineData("/v2/models", """{"models":["lenet","color"]}""")]
    [InlineData("/v2/models/lenet/ready", """{"name":"lenet","ready":true}""")]
    [InlineData("/v2/models/color/versions/1/ready", """{"name":"color","ready":true}""")]
    [InlineData("/v2/models/lenet", """{"name":"lenet","versions":["1"],"platform":"convolve","inputs":[{"name":"input",""" +
        "\"datatype\":\"FP32\",\"shape\":[-1,1,28,28]}],\"outputs\":[{\"name\":\"probabilities\",\"datatype\":\"FP32\"," +
        "\"shape\":[-1,10]}],\"parameters\":{\"labels\":[")]
    [InlineData("/v2/models/color/versions/1", """{"name":"color","versions":["1"],""")]
    public async Task What_is_read(string path, string begin) =>
        Assert.StartsWith(begin, await Server.Client.GetStringAsync(path), StringComparison.Ordinal);

    [Fact]
    public async Task The_OpenAPI_document_lists_every_path_and_its_method()
    {
        JsonObject paths = JsonNode.Parse(await Server.Client.GetStringAsync("/openapi.json"))!["paths"]!.AsObject();
        Assert.Equal(Router.All.Select(r => (r.Path, Router.IsPost(r.Kind) ? "post" : "get")).Order(),
            paths.SelectMany(p => p.Value!.AsObject().Select(m => (p.Key, m.Key))).Order());
        foreach ((string path, RouteKind kind) in Router.All)
        {
            Assert.Equal(kind, Router.Find(path.Replace("{model}", "m", StringComparison.Ordinal)
                .Replace("{version}", "1", StringComparison.Ordinal), out string? model));
            Assert.Equal(path.Contains("{model}", StringComparison.Ordinal) ? "m" : null, model);
            // Open paths say so: their list of keys is empty.
            Assert.Equal(Router.IsOpen(kind), paths[path]!.AsObject().Single().Value!["security"]?.AsArray().Count == 0);
        }
    }

    [Fact]
    public async Task A_picture_gets_the_answer_of_the_classifier()
    {
        using ImageClassifier classifier = ImageClassifier.Load(shared.Model, new() { Precision = Precision.Float32 });
        for (int i = 0; i < 5; i++)
        {
            byte[] png = TestServer.Png(i);
            Prediction expected = classifier.Predict(png);
            using MultipartFormDataContent form = new() { { TestServer.Content(png), "image", "a.png" } };
            form.Add(new StringContent("no file"), "note");
            foreach (Task<HttpResponseMessage> response in new[]
            {
                Server.PostAsync("/predict", png), Server.PostAsync("/predict?model=lenet&top=5", png, "image/png"),
                Server.Client.PostAsync("/predict", form),
            })
            {
                (int status, JsonObject json) = await TestServer.ReadAsync(response);
                Assert.Equal((200, "lenet", expected.Label), (status, (string)json["model"]!, (string)json["label"]!));
                Assert.Equal(expected.Confidence, (float)json["probability"]!, 1e-5);
                Assert.Equal(expected.Top(5).Select(t => t.Label), json["top"]!.AsArray().Select(t => (string)t!["label"]!));
                Assert.All(json["top"]!.AsArray(), (t, k) => Assert.Equal(expected.Top(5)[k].Probability, (float)t!["probability"]!, 1e-5));
            }
        }
        Assert.Equal(10, (await TestServer.ReadAsync(Server.PostAsync("/predict?top=99", TestServer.Png(1)))).Json["top"]!.AsArray().Count);
        (_, JsonObject other) = await TestServer.ReadAsync(Server.PostAsync("/predict?model=color", TestServer.Png(1)));
        Assert.Equal("color", (string)other["model"]!);
    }

    [Theory]
    [InlineData("FP32", false)]
    [InlineData("FP32", true)]
    [InlineData("FP64", false)]
    [InlineData("FP64", true)]
    [InlineData("FP16", false)]
    [InlineData("FP16", true)]
    [InlineData("UINT8", false)]
    [InlineData("UINT8", true)]
    [InlineData("BYTES", false)]
    [InlineData("BYTES", true)]
    public async Task Each_datatype_gets_the_answer_of_the_classifier(string datatype, bool isBinary)
    {
        const int Count = 3;
        using ImageClassifier classifier = ImageClassifier.Load(shared.Model, new() { Precision = Precision.Float32 });
        byte[][] pixels = [.. Enumerable.Range(0, Count).Select(i => TestServer.Pixels(i))];
        double[] inputs = [.. pixels.SelectMany(p => p).Select(b => (b / 255.0 - 0.4f) / 0.1f)];
        byte[][] files = [.. Enumerable.Range(0, Count).Select(TestServer.Png)];
        (string shape, byte[] binary, string json) = datatype switch
        {
            "FP32" => ("3,1,28,28", MemoryMarshal.AsBytes(Array.ConvertAll(inputs, x => (float)x).AsSpan()).ToArray(), Numbers(inputs)),
            "FP64" => ("3,1,28,28", MemoryMarshal.AsBytes(inputs.AsSpan()).ToArray(), $"[[{Numbers(inputs)}]]"),
            "FP16" => ("3,1,28,28", MemoryMarshal.AsBytes(Array.ConvertAll(inputs, x => (Half)x).AsSpan()).ToArray(), Numbers(inputs)),
            "UINT8" => ("3,28,28,1", pixels.SelectMany(p => p).ToArray(), Numbers([.. pixels.SelectMany(p => p).Select(p => (double)p)])),
            _ => ("3", files.SelectMany(f => (byte[])[.. BitConverter.GetBytes(f.Length), .. f]).ToArray(),
                $"[{string.Join(',', files.Select(f => $"\"{Convert.ToBase64String(f)}\""))}]"),
        };
        string input = $$"""{"name":"input","shape":[{{shape}}],"datatype":"{{datatype}}",""";
        (int status, JsonObject answer) = isBinary
            ? await InferAsync($$$"""{"id":"x","inputs":[{{{input}}}"parameters":{"binary_data_size":{{{binary.Length}}}}}]}""", binary)
            : await InferAsync($$"""{"inputs":[{{input}}"data":{{json}}}],"id":"x","outputs":[{"name":"probabilities"}]}""", []);
        Assert.True(status == 200, answer.ToJsonString());
        Assert.Equal("""{"model_name":"lenet","model_version":"1","id":"x","outputs":[{"name":"probabilities","datatype":"FP32",""" +
            "\"shape\":[3,10],\"data\":[", answer.ToJsonString()[..answer.ToJsonString().IndexOf("0.", StringComparison.Ordinal)]);
        float[] data = [.. answer["outputs"]![0]!["data"]!.AsArray().Select(v => (float)v!)];
        float[] expected = [.. pixels.SelectMany(p => classifier.Predict(p, 28, 28, 1).Probabilities)];
        Assert.Equal(expected.Length, data.Length);
        Assert.All(data, (value, i) => Assert.Equal(expected[i], value, datatype == "FP16" ? 1e-2 : 1e-5));
    }

    [Fact]
    public async Task A_raw_body_is_answered_and_answers_may_be_binary()
    {
        float[] inputs = [.. TestServer.Pixels(4).Select(p => (p / 255f - 0.4f) / 0.1f)];
        byte[] raw = MemoryMarshal.AsBytes(inputs.AsSpan()).ToArray();
        (int status, JsonObject plain) = await TestServer.ReadAsync(Server.PostAsync("/v2/models/lenet/infer", [.. raw, .. raw]));
        Assert.Equal((200, "[2,10]"), (status, plain["outputs"]![0]!["shape"]!.ToJsonString()));
        foreach (string ask in new[] { "\"parameters\":{\"binary_data_output\":true}",
            "\"outputs\":[{\"name\":\"probabilities\",\"parameters\":{\"binary_data\":true}}]" })
        {
            string json = $$"""{ {{ask}},"inputs":[{"name":"input","shape":[1,1,28,28],"datatype":"FP32","parameters":""" +
                $$$"""{"binary_data_size":{{{raw.Length}}}}}]}""";
            using HttpResponseMessage response = await PostAsync(json, raw);
            Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            int length = int.Parse(response.Headers.GetValues("Inference-Header-Content-Length").Single(), CultureInfo.InvariantCulture);
            JsonNode output = JsonNode.Parse(body.AsSpan(0, length))!["outputs"]![0]!;
            Assert.Equal(40, (int)output["parameters"]!["binary_data_size"]!);
            Assert.Null(output["data"]);
            float[] values = MemoryMarshal.Cast<byte, float>(body.AsSpan(length)).ToArray();
            Assert.Equal(10, values.Length);
            Assert.All(values, (value, i) => Assert.Equal((float)plain["outputs"]![0]!["data"]![i]!, value, 1e-5));
        }
    }

    [Fact]
    public async Task The_most_probable_classes_come_with_their_names()
    {
        byte[] png = TestServer.Png(5);
        (_, JsonObject predicted) = await TestServer.ReadAsync(Server.PostAsync("/predict?top=2", png));
        byte[] element = [.. BitConverter.GetBytes(png.Length), .. png];
        string json = $$$"""{"inputs":[{"name":"input","shape":[1],"datatype":"BYTES","parameters":""" +
            $$$"""{"binary_data_size":{{{element.Length}}}}}],""" +
            "\"outputs\":[{\"name\":\"probabilities\",\"parameters\":{\"classification\":2}}]}";
        (_, JsonObject answer) = await InferAsync(json, element);
        JsonNode output = answer["outputs"]![0]!;
        Assert.Equal(("BYTES", "[1,2]"), ((string)output["datatype"]!, output["shape"]!.ToJsonString()));
        for (int k = 0; k < 2; k++)
        {
            string[] parts = ((string)output["data"]![k]!).Split(':');
            Assert.Equal((float)predicted["top"]![k]!["probability"]!, float.Parse(parts[0], CultureInfo.InvariantCulture), 1e-5);
            Assert.Equal((string)predicted["top"]![k]!["label"]!, parts[2]);
            Assert.Equal($"class \"{parts[1]}\"", parts[2]);
        }
    }

    [Fact]
    public async Task Figures_count_requests_batches_and_times()
    {
        await (await Server.PostAsync("/predict?model=color", TestServer.Png(1))).Content.ReadAsStringAsync();
        string[] lines = (await Server.Client.GetStringAsync("/metrics")).Split('\n');
        foreach (string name in new[] { "convolve_batch_size", "convolve_queue_seconds", "convolve_compute_seconds",
            "convolve_request_seconds" })
        {
            Assert.Contains($"# TYPE {name} histogram", lines);
            string count = lines.Single(l => l.StartsWith($"{name}_count{{model=\"color\"}} ", StringComparison.Ordinal)).Split(' ')[1];
            Assert.True(long.Parse(count, CultureInfo.InvariantCulture) >= 1);
            Assert.Contains($"{name}_bucket{{model=\"color\",le=\"+Inf\"}} {count}", lines);
        }
        Assert.Contains("convolve_requests_running{model=\"color\"} 0", lines);
        Assert.Contains("convolve_pictures_waiting{model=\"color\"} 0", lines);
        Assert.Contains(lines, l => l.StartsWith("convolve_requests_total{model=\"color\",code=\"200\"} ", StringComparison.Ordinal));
    }

    private static string Numbers(double[] values) =>
        $"[{string.Join(',', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}]";

    private Task<(int Status, JsonObject Json)> InferAsync(string json, byte[] binary) => TestServer.ReadAsync(PostAsync(json, binary));

    private Task<HttpResponseMessage> PostAsync(string json, byte[] binary)
    {
        byte[] head = Encoding.UTF8.GetBytes(json);
        ByteArrayContent content = TestServer.Content([.. head, .. binary],
            binary.Length > 0 ? "application/octet-stream" : "application/json");
        if (binary.Length > 0)
            content.Headers.Add("Inference-Header-Content-Length", head.Length.ToString(CultureInfo.InvariantCulture));
        return Server.Client.PostAsync("/v2/models/lenet/infer", content);
    }
}
