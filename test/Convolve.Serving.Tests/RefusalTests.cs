using System.Buffers.Binary;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Convolve.Serving.Tests;

/// <summary>What is wrong with a request is named in one JSON object, with the right status.</summary>
public sealed class RefusalTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Infer = "/v2/models/lenet/infer";

    private TestServer Server => shared.Server;

    [Theory]
    [InlineData("GET", "/nothing", 404, "There is nothing at /nothing. See /openapi.json.")]
    [InlineData("GET", "/v2/models/", 404, "There is nothing at /v2/models/.")]
    [InlineData("GET", "/v2/models/lenet/other", 404, "There is nothing at")]
    [InlineData("GET", "/v2/models/gone", 404, "There is no model \"gone\". The models are lenet, color.")]
    [InlineData("GET", "/v2/models/lenet/versions/2", 404, "Model \"lenet\" has no version \"2\". Use version 1, or leave it out.")]
    [InlineData("POST", "/predict?model=gone", 404, "There is no model \"gone\".")]
    [InlineData("GET", "/predict", 405, "/predict is for POST, got GET.")]
    [InlineData("GET", Infer, 405, "is for POST, got GET.")]
    [InlineData("POST", "/v2", 405, "/v2 is for GET, got POST.")]
    [InlineData("DELETE", "/v2/models/lenet", 405, "/v2/models/lenet is for GET, got DELETE.")]
    [InlineData("POST", "/predict?top=0", 400, "top is \"0\", expected a whole number of at least 1.")]
    [InlineData("POST", "/predict?top=x", 400, "top is \"x\"")]
    [InlineData("POST", "/predict", 400, "the picture: the file is empty (0 bytes).")]
    public async Task A_path_or_method(string method, string path, int status, string message)
    {
        using HttpRequestMessage request = new(new(method), path);
        await RequireAsync(Server.Client.SendAsync(request), status, message);
    }

    [Fact]
    public async Task The_method_that_is_allowed_is_named()
    {
        using HttpResponseMessage response = await Server.Client.GetAsync("/predict");
        Assert.Equal(["POST"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task What_is_no_picture() =>
        await RequireAsync(Server.PostAsync("/predict", "hello"u8.ToArray()), 400,
            "the picture: this is not a JPEG, PNG, WebP, BMP or GIF file");

    [Fact]
    public async Task A_picture_that_is_cut_off() =>
        await RequireAsync(Server.PostAsync("/predict", TestServer.Png(1)[..^30]), 400, "the picture: ");

    [Fact]
    public async Task Too_many_pixels_are_refused_by_the_head_alone()
    {
        // A PNG file whose head says 30,000 x 30,000: nothing else of it is right.
        byte[] png = TestServer.Png(1);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 30_000);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 30_000);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc(png.AsSpan(12, 17)));
        await RequireAsync(Server.PostAsync("/predict", png), 400,
            "the picture: its 30000 x 30000 pixels are more than the limit of 1000000 pixels.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large(bool isAnnounced)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/predict") { Content = TestServer.Content(new byte[(1 << 20) + 9]) };
        (request.Headers.TransferEncodingChunked, request.Headers.ExpectContinue) = (!isAnnounced, isAnnounced);
        await RequireAsync(Server.Client.SendAsync(request), 413,
            $"The body {(isAnnounced ? "of 1048585 bytes " : "")}is longer than the limit of 1048576 bytes.");
    }

    [Theory]
    [InlineData("multipart/form-data", "x", "The Content-Type multipart/form-data has no boundary.")]
    [InlineData("multipart/form-data; boundary=b", "x", "The form can't be read: ")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n",
        "The form has no file.")]
    [InlineData("multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n1\r\n" +
        "--b\r\nContent-Disposition: form-data; name=\"b\"; filename=\"b\"\r\n\r\n1\r\n--b--\r\n", "The form has several files.")]
    public async Task A_form(string type, string body, string message) =>
        await RequireAsync(Server.PostAsync("/predict", Encoding.ASCII.GetBytes(body), type), 400, message);

    [Theory]
    [InlineData("", "The request isn't valid JSON")]
    [InlineData("{", "The request isn't valid JSON")]
    [InlineData("[]", "The request has a value of the wrong type.")]
    [InlineData("{} {}", "The request isn't valid JSON")]
    [InlineData("{'id':7,'inputs':[]}", "The request has a value of the wrong type.")]
    [InlineData("{}", "Expected one input, \"input\", got none.")]
    [InlineData("{'inputs':[{'name':'x','shape':[1],'datatype':'FP32','data':[1]}]}", "Expected one input, \"input\", got \"x\".")]
    [InlineData("{'inputs':[{'name':'input','shape':[1],'datatype':'FP32'}]}", "An input needs \"name\"")]
    [InlineData("{'inputs':[],'outputs':[{'name':'logits'}]}", "There is no output \"logits\". The output is \"probabilities\".")]
    [InlineData("{'inputs':[],'outputs':[{'name':'probabilities','parameters':{'classification':0}}]}",
        "The parameter \"classification\" is 0, expected at least 1.")]
    [InlineData("{'inputs':[{'name':'input','shape':[1,1,28,28],'datatype':'FP32','parameters':{'binary_data_size':4}}]}",
        "Behind the JSON, 4 bytes of binary_data_size were expected, got 0.")]
    public async Task A_request_in_JSON(string json, string message) =>
        await RequireAsync(Server.PostAsync(Infer, Encoding.UTF8.GetBytes(json.Replace('\'', '"')), "application/json"), 400, message);

    [Theory]
    [InlineData("[1]", "BF16", "[1]", "Input \"input\" has the datatype BF16.")]
    [InlineData("[1,28,28]", "FP32", "[1]", "Input \"input\" of FP32 has the shape [1, 28, 28], expected [n, 1, 28, 28].")]
    [InlineData("[0,1,28,28]", "FP32", "[]", "Input \"input\" has the shape [0, 1, 28, 28]: it is empty.")]
    [InlineData("[1,1,28,28]", "FP32", "[1,2]", "Input \"input\" of FP32 [1, 1, 28, 28] needs 784 values")]
    [InlineData("[1,1,28,28]", "FP32", "[NaN]", "The request isn't valid JSON")]
    [InlineData("[1,28,28,2]", "UINT8", "[1]",
        "Input \"input\" of UINT8 has the shape [1, 28, 28, 2], expected [n, height, width, channels]")]
    [InlineData("[1,2000,2000,1]", "UINT8", "[1]", "2000 x 2000 pixels are more than the limit of 1000000 pixels.")]
    [InlineData("[1,1,2,1]", "UINT8", "[1,256]", "Input \"input\" of UINT8 has a value that isn't a whole number from 0 to 255.")]
    [InlineData("[1]", "BYTES", "['?']", "Input \"input\" of BYTES has an element that isn't a picture file in base64.")]
    [InlineData("[1]", "BYTES", "['aGVsbG8=']", "the picture: this is not a JPEG, PNG")]
    [InlineData("[2]", "BYTES", "['aGVsbG8=']", "Input \"input\" of BYTES [2] needs 2 values")]
    public async Task A_tensor_in_JSON(string shape, string datatype, string data, string message)
    {
        string json = $$"""{"inputs":[{"name":"input","shape":{{shape}},"datatype":"{{datatype}}","data":{{data.Replace('\'', '"')}}}]}""";
        await RequireAsync(Server.PostAsync(Infer, Encoding.UTF8.GetBytes(json), "application/json"), 400, message);
    }

    [Fact]
    public async Task A_number_that_is_not_finite()
    {
        string zeros = string.Join(',', Enumerable.Repeat("0", 783));
        await RequireAsync(Server.PostAsync(Infer, Encoding.UTF8.GetBytes(
            $$"""{"inputs":[{"name":"input","shape":[1,1,28,28],"datatype":"FP32","data":[{{zeros}},1e39]}]}"""), "application/json"), 400,
            "Value 783 of picture 0 is Infinity. Send finite numbers.");
        float[] values = new float[2 * 784];
        values[784 + 5] = float.NaN;
        await RequireAsync(Server.PostAsync(Infer, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray()), 400,
            "Value 5 of picture 1 is NaN. Send finite numbers.");
    }

    [Theory]
    [InlineData("[1,1,28,28]", "FP32", 3132, "Input \"input\" of FP32 [1, 1, 28, 28] needs 3136 bytes, got 3132.")]
    [InlineData("[1]", "BYTES", 3, "Input \"input\" of BYTES is cut off in element 0")]
    [InlineData("[1]", "BYTES", 8, "the picture: ")]
    [InlineData("[2]", "BYTES", 8, "Input \"input\" of BYTES is cut off in element 1")]
    [InlineData("[2]", "BYTES", 80, "Input \"input\" of BYTES [2] needs 2 values")]
    public async Task A_binary_tensor(string shape, string datatype, int bytes, string message)
    {
        byte[] json = Encoding.UTF8.GetBytes($$"""{"inputs":[{"name":"input","shape":{{shape}},"datatype":"{{datatype}}","parameters":""" +
            $$$"""{"binary_data_size":{{{bytes}}}}}]}""");
        byte[] binary = new byte[bytes];
        if (bytes == 8)
            binary[0] = 4;
        using ByteArrayContent content = TestServer.Content([.. json, .. binary]);
        content.Headers.Add("Inference-Header-Content-Length", $"{json.Length}");
        await RequireAsync(Server.Client.PostAsync(Infer, content), 400, message);
    }

    [Fact]
    public async Task A_length_of_the_JSON_beyond_the_body()
    {
        using ByteArrayContent content = TestServer.Content("{}"u8.ToArray());
        content.Headers.Add("Inference-Header-Content-Length", "3");
        await RequireAsync(Server.Client.PostAsync(Infer, content), 400,
            "Inference-Header-Content-Length is \"3\", expected the bytes of the JSON, at most the body's 2.");
    }

    [Fact]
    public async Task A_raw_body_of_another_length() => await RequireAsync(Server.PostAsync(Infer, new byte[3137]), 400,
        "A body without JSON is float32 values, 3136 bytes for each input of 1x28x28; got 3137 bytes. Send picture files to /predict.");

    [Fact]
    public async Task More_pictures_than_a_request_may_have() => await RequireAsync(Server.PostAsync(Infer, new byte[41 * 3136]), 413,
        "A request may have 40 pictures, got 41. Send several requests.");

    [Fact]
    public async Task No_time_is_left()
    {
        await using TestServer server = await TestServer.StartAsync([shared.Model], new() { Deadline = TimeSpan.FromTicks(-1) });
        using HttpResponseMessage response = await server.PostAsync(Infer, new byte[3136]);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)),
            (response.StatusCode, response.Headers.RetryAfter!.Delta));
        await RequireAsync(server.PostAsync("/predict", TestServer.Png(1)), 503, "The request's time was over before its turn came");
        Assert.Contains("convolve_compute_seconds_count{model=\"lenet\"} 0\n", await server.Client.GetStringAsync("/metrics"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Api-Key", "secret", 200)]
    [InlineData("Authorization", "Bearer secret", 200)]
    [InlineData("Authorization", "bearer secret", 200)]
    [InlineData("X-Api-Key", "secret2", 401)]
    [InlineData("X-Api-Key", "", 401)]
    [InlineData("Authorization", "secret", 401)]
    [InlineData(null, null, 401)]
    public async Task A_key_is_required(string? header, string? value, int status)
    {
        await using TestServer server = await TestServer.StartAsync([shared.Model], new() { ApiKey = "secret" });
        foreach (string path in new[] { "/livez", "/readyz", "/v2/health/live", "/v2/health/ready", "/" })
            Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(path)).StatusCode);
        if (header is not null)
            server.Client.DefaultRequestHeaders.TryAddWithoutValidation(header, value);
        foreach (string path in new[] { "/metrics", "/openapi.json", "/v2", "/v2/models", "/v2/models/lenet", "/v2/models/lenet/ready" })
            Assert.Equal(status, (int)(await server.Client.GetAsync(path)).StatusCode);
        using HttpResponseMessage response = await server.PostAsync("/predict", TestServer.Png(1));
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 401)
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    private static async Task RequireAsync(Task<HttpResponseMessage> response, int status, string message)
    {
        (int actual, JsonObject json) = await TestServer.ReadAsync(response);
        Assert.Equal(status, actual);
        Assert.Contains(message, (string)Assert.Single(json, p => p.Key == "error").Value!, StringComparison.Ordinal);
        Assert.Single(json);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = crc >> 1 ^ ((crc & 1) == 1 ? 0xEDB88320 : 0);
        }
        return ~crc;
    }
}
