using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Evaluations;
using Convolve.Imaging;
using Convolve.Serving.Batching;
using Microsoft.AspNetCore.Http;

namespace Convolve.Serving.Http;

/// <summary>What each path answers.</summary>
internal sealed class Endpoints(IReadOnlyList<ServedModel> models, ServerOptions options) : IDisposable
{
    private const string Picture = "the picture", Json = "application/json";
    private const int UsualTop = 5;

    // Bytes of a body that are parsed on the thread of the connection: what others on it wait for.
    private const int MostInline = 64 << 10;
    private static readonly byte[] Page = Resource("page.html"), OpenApi = Resource("openapi.json");
    private readonly SemaphoreSlim _decoders = new(options.MaxDecodes);
    private readonly long _patience = (long)(options.Deadline.TotalSeconds * Stopwatch.Frequency);

    /// <summary>What /readyz says.</summary>
    public bool IsReady { get; set; } = true;

    public void Dispose() => _decoders.Dispose();

    /// <summary>Answers what is only read.</summary>
    public Task GetAsync(HttpContext context, RouteKind kind, ServedModel? model)
    {
        switch (kind)
        {
            case RouteKind.Page:
                context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; script-src 'unsafe-inline'; style-src " +
                    "'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'";
                return JsonAnswer.SendAsync(context, "text/html; charset=utf-8", Page, []);
            case RouteKind.OpenApi:
                return JsonAnswer.SendAsync(context, Json, OpenApi, []);
            case RouteKind.Live:
                return JsonAnswer.SendAsync(context, "text/plain", "ok\n"u8, []);
            case RouteKind.Ready:
                context.Response.StatusCode = IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
                return JsonAnswer.SendAsync(context, "text/plain", IsReady ? "ok\n"u8 : "stopping\n"u8, []);
            case RouteKind.Metrics:
                return JsonAnswer.SendAsync(context, "text/plain; version=0.0.4; charset=utf-8",
                    Encoding.UTF8.GetBytes(ModelMetrics.Text([.. models.Select(m => (m.Metrics, m.Queue.Waiting))])), []);
            case RouteKind.ServerLive:
                return JsonAnswer.SendAsync(context, StatusCodes.Status200OK, true, static (writer, live) =>
                {
                    writer.WriteStartObject();
                    writer.WriteBoolean("live"u8, live);
                    writer.WriteEndObject();
                });
            case RouteKind.ServerReady:
                return JsonAnswer.SendAsync(context, IsReady ? 200 : 503, IsReady, static (writer, ready) =>
                {
                    writer.WriteStartObject();
                    writer.WriteBoolean("live"u8, true);
                    writer.WriteBoolean("ready"u8, ready);
                    writer.WriteEndObject();
                });
            case RouteKind.Server:
                return JsonAnswer.SendAsync(context, StatusCodes.Status200OK, this, static (writer, _) => WriteServer(writer));
            case RouteKind.Models:
                return JsonAnswer.SendAsync(context, StatusCodes.Status200OK, models, static (writer, all) =>
                {
                    writer.WriteStartObject();
                    WriteTexts(writer, "models", all.Select(m => m.Name));
                    writer.WriteEndObject();
                });
            case RouteKind.ModelReady:
                return JsonAnswer.SendAsync(context, IsReady ? 200 : 503, (model!.Name, IsReady), static (writer, state) =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("name"u8, state.Name);
                    writer.WriteBoolean("ready"u8, state.IsReady);
                    writer.WriteEndObject();
                });
            default:
                return DescribeAsync(context, model!);
        }
    }

    /// <summary>POST /predict: one picture file, and the most probable classes.</summary>
    public async Task PredictAsync(HttpContext context, ServedModel model)
    {
        int top = UsualTop;
        if (context.Request.Query["top"] is [{ } asked, ..]
            && !(int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out top) && top > 0))
            throw Refusal.Bad($"top is \"{asked}\", expected a whole number of at least 1.");
        using RequestBody body = await RequestBody.ReadAsync(context.Request, options.MaxBody).ConfigureAwait(false);
        long deadline = Stopwatch.GetTimestamp() + _patience;
        if (body.Bytes.Length > MostInline)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using NetworkUse use = model.Use();
        float[] inputs = new float[use.Network.InputLength];
        byte[]? file = PictureUpload.IsForm(context.Request)
            ? await PictureUpload.ReadFileAsync(context.Request, body).ConfigureAwait(false) : null;
        await EnterDecodingAsync(deadline).ConfigureAwait(false);
        try
        {
            Decode(use.Network, file ?? body.Bytes, inputs, Picture);
        }
        finally
        {
            _decoders.Release();
        }
        float[] probabilities = (await AskAsync(model, use.Network, inputs, 1, deadline).ConfigureAwait(false))[0];
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK,
            (model.Name, Best: new Prediction(use.Network.Preprocessing.ClassNames, probabilities).Top(top)), static (writer, answer) =>
            {
                writer.WriteStartObject();
                writer.WriteString("model"u8, answer.Name);
                writer.WriteString("label"u8, answer.Best[0].Label);
                writer.WriteNumber("probability"u8, answer.Best[0].Probability);
                writer.WriteStartArray("top"u8);
                foreach ((string label, float probability) in answer.Best)
                {
                    writer.WriteStartObject();
                    writer.WriteString("label"u8, label);
                    writer.WriteNumber("probability"u8, probability);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }).ConfigureAwait(false);
    }

    /// <summary>POST /v2/models/{model}/infer: tensors, and the probabilities of all classes.</summary>
    public async Task InferAsync(HttpContext context, ServedModel model)
    {
        using RequestBody body = await RequestBody.ReadAsync(context.Request, options.MaxBody).ConfigureAwait(false);
        long deadline = Stopwatch.GetTimestamp() + _patience;
        if (body.Bytes.Length > MostInline)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using NetworkUse use = model.Use();
        (InferRequest request, InferTensor tensor, int json) = Read(context.Request, body, use.Network.Preprocessing.Size);
        int count;
        float[] inputs;
        if (tensor.Datatype is "FP32" or "FP64" or "FP16")
        {
            inputs = json == 0 ? TensorReader.ReadRaw(body.Bytes, use.Network.Preprocessing.Size, options.Queue, out count)
                : Reader(body, tensor, json).ReadInputs(use.Network.Preprocessing.Size, out count);
        }
        else
        {
            await EnterDecodingAsync(deadline).ConfigureAwait(false);
            try
            {
                (inputs, count) = DecodeAll(use.Network, Reader(body, tensor, json), tensor.Datatype, deadline);
            }
            finally
            {
                _decoders.Release();
            }
        }
        float[][] probabilities = await AskAsync(model, use.Network, inputs, count, deadline).ConfigureAwait(false);
        await new InferAnswer(model.Name, request, use.Network.Preprocessing.ClassNames, probabilities).SendAsync(context)
            .ConfigureAwait(false);
    }

    private TensorReader Reader(RequestBody body, InferTensor tensor, int json) =>
        new(tensor, body.Bytes[..json], body.Bytes[json..], options.Queue);

    // The JSON ends where the header says, and what is behind it belongs to the tensor; without JSON, all of the body does.
    private static (InferRequest Request, InferTensor Tensor, int Json) Read(HttpRequest request, RequestBody body, ImageSize size)
    {
        int json = body.Bytes.Length;
        bool isRaw = request.ContentType == "application/octet-stream";
        if (request.Headers[InferAnswer.LengthHeader] is [{ } length, ..])
            isRaw = int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out json) && json <= body.Bytes.Length
                ? json == 0 : throw Refusal.Bad(string.Create(CultureInfo.InvariantCulture,
                $"{InferAnswer.LengthHeader} is \"{length}\", expected the bytes of the JSON, at most the body's {body.Bytes.Length}."));
        if (isRaw)
            return (new(), new(InferAnswer.Input, "FP32", [], default, body.Bytes.Length), 0);
        InferRequest parsed = InferRequest.Parse(body.Bytes[..json]);
        InferAnswer.RequireOutputs(parsed);
        if (parsed.Inputs is not [{ Name: InferAnswer.Input } tensor])
            throw Refusal.Bad($"Expected one input, \"{InferAnswer.Input}\", got " +
                $"{(parsed.Inputs.Count == 0 ? "none" : string.Join(", ", parsed.Inputs.Select(i => $"\"{i.Name}\"")))}.");
        if (tensor.Datatype is not ("FP32" or "FP64" or "FP16" or "UINT8" or "BYTES"))
            throw Refusal.Bad($"Input \"{tensor.Name}\" has the datatype {tensor.Datatype}. Use FP32, FP64 or FP16 for the network's own " +
                $"input of {size}, UINT8 for pixels, or BYTES for picture files.");
        if ((tensor.BinarySize ?? 0) != body.Bytes.Length - json)
            throw Refusal.Bad(string.Create(CultureInfo.InvariantCulture, $"Behind the JSON, {tensor.BinarySize ?? 0} bytes of " +
                $"binary_data_size were expected, got {body.Bytes.Length - json}."));
        return (parsed, tensor, json);
    }

    private async ValueTask EnterDecodingAsync(long deadline)
    {
        TimeSpan rest = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), deadline);
        if (rest < TimeSpan.Zero || !await _decoders.WaitAsync(rest).ConfigureAwait(false))
            throw Expired();
    }

    private (float[] Inputs, int Count) DecodeAll(ClassifierNetwork network, TensorReader reader, string datatype, long deadline)
    {
        if (datatype == "BYTES")
        {
            byte[][] files = reader.ReadFiles();
            float[] inputs = new float[files.Length * network.InputLength];
            for (int i = 0; i < files.Length; i++)
            {
                if (Stopwatch.GetTimestamp() > deadline)
                    throw Expired();
                Decode(network, files[i], inputs.AsSpan(i * network.InputLength, network.InputLength),
                    files.Length == 1 ? Picture : string.Create(CultureInfo.InvariantCulture, $"picture {i}"));
            }
            return (inputs, files.Length);
        }
        byte[] pixels = reader.ReadPixels(options.MaxPixels, out int count, out ImageSize size);
        float[] values = new float[count * network.InputLength];
        int channels = network.Preprocessing.Size.Channels;
        for (int i = 0; i < count; i++)
            Prepare(() => network.Predictor.Prepare(
                PixelOrder.ToPlanes(pixels.AsSpan(i * size.Length, size.Length), size.Channels, channels),
                size with { Channels = channels }, values.AsSpan(i * network.InputLength, network.InputLength)));
        return (values, count);
    }

    private void Decode(ClassifierNetwork network, ReadOnlySpan<byte> file, Span<float> input, string name)
    {
        try
        {
            network.Predictor.Decode(file, name, input, options.MaxPixels);
        }
        catch (ImageException e)
        {
            throw Refusal.Bad($"{e.File}: {e.Reason}");
        }
        catch (DatasetException e)
        {
            throw Refusal.Bad($"{name}: {e.Message}");
        }
    }

    private static void Prepare(Action action)
    {
        try
        {
            action();
        }
        catch (DatasetException e)
        {
            throw Refusal.Bad(e.Message);
        }
    }

    private static async ValueTask<float[][]> AskAsync(ServedModel model, ClassifierNetwork network, float[] inputs, int count,
        long deadline)
    {
        BatchWork work = new(network, inputs, count, deadline);
        BatchOutcome outcome = await model.Queue.Add(work).ConfigureAwait(false);
        if (outcome != BatchOutcome.Done)
            throw outcome switch
            {
                BatchOutcome.Full => Refusal.Busy("Too many pictures are waiting. Try again later."),
                BatchOutcome.Expired => Expired(),
                _ => Refusal.Busy("The server is stopping."),
            };
        float[][] probabilities = new float[count][];
        for (int i = 0; i < count; i++)
            probabilities[i] = Probabilities.SinglesOf(work.Outputs.AsSpan(i * network.OutputLength, network.OutputLength));
        return probabilities;
    }

    private static Refusal Expired() =>
        Refusal.Busy("The request's time was over before its turn came; it was not computed. Try again later.");

    private static Task DescribeAsync(HttpContext context, ServedModel model)
    {
        using NetworkUse use = model.Use();
        return JsonAnswer.SendAsync(context, StatusCodes.Status200OK, (model.Name, use.Network.Preprocessing),
            static (writer, model) => WriteModel(writer, model.Name, model.Preprocessing));
    }

    private static void WriteServer(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, "convolve");
        writer.WriteString("version"u8, typeof(Endpoints).Assembly.GetName().Version!.ToString(3));
        WriteTexts(writer, "extensions", ["binary_tensor_data", "classification"]);
        writer.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter writer, string name, Preprocessing preprocessing)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, name);
        WriteTexts(writer, "versions", [Router.Version]);
        writer.WriteString("platform"u8, "convolve");
        WriteTensor("inputs"u8, InferAnswer.Input, [-1, preprocessing.Size.Channels, preprocessing.Size.Height, preprocessing.Size.Width]);
        WriteTensor("outputs"u8, InferAnswer.Output, [-1, preprocessing.ClassNames.Count]);
        writer.WriteStartObject("parameters"u8);
        WriteTexts(writer, "labels", preprocessing.ClassNames);
        writer.WriteEndObject();
        writer.WriteEndObject();

        void WriteTensor(ReadOnlySpan<byte> property, string tensor, int[] shape)
        {
            writer.WriteStartArray(property);
            writer.WriteStartObject();
            writer.WriteString("name"u8, tensor);
            writer.WriteString("datatype"u8, "FP32");
            writer.WriteStartArray("shape"u8);
            foreach (int size in shape)
                writer.WriteNumberValue(size);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndArray();
        }
    }

    private static void WriteTexts(Utf8JsonWriter writer, string property, IEnumerable<string> texts)
    {
        writer.WriteStartArray(property);
        foreach (string text in texts)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    private static byte[] Resource(string name)
    {
        using Stream stream = typeof(Endpoints).Assembly.GetManifestResourceStream($"Convolve.Serving.{name}")!;
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
