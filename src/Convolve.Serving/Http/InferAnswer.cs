using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Convolve.Serving.Http;

/// <summary>The answer to an inference request: probabilities, or the names of the most probable classes.</summary>
internal sealed class InferAnswer
{
    /// <summary>The one input and the one output.</summary>
    public const string Input = "input", Output = "probabilities";

    /// <summary>Says how many bytes of the body are JSON.</summary>
    public const string LengthHeader = "Inference-Header-Content-Length";

    private readonly string _model;
    private readonly InferRequest _request;
    private readonly float[][] _probabilities;
    private readonly bool _isBinary;
    private readonly byte[] _bytes;
    private readonly string[]? _classes;

    /// <param name="model">Its name.</param>
    /// <param name="request">What is answered.</param>
    /// <param name="labels">Of the classes.</param>
    /// <param name="probabilities">Of each picture.</param>
    public InferAnswer(string model, InferRequest request, IReadOnlyList<string> labels, float[][] probabilities)
    {
        (_model, _request, _probabilities) = (model, request, probabilities);
        InferOutput? output = request.Outputs.Count > 0 ? request.Outputs[^1] : null;
        _isBinary = output?.IsBinary ?? request.IsBinaryOutput;
        _classes = output?.Classes is { } k ? [.. probabilities.SelectMany(p => Best(p, labels, k))] : null;
        _bytes = !_isBinary ? [] : _classes is null ? Bytes(probabilities) : Bytes(_classes);
    }

    /// <exception cref="Refusal">The request asks for an output that doesn't exist.</exception>
    public static void RequireOutputs(InferRequest request)
    {
        foreach (InferOutput output in request.Outputs)
            if (output.Name != Output)
                throw Refusal.Bad($"There is no output \"{output.Name}\". The output is \"{Output}\".");
        if (request.Outputs.Count > 1)
            throw Refusal.Bad($"The output \"{Output}\" is asked for {request.Outputs.Count} times. Ask once.");
    }

    public Task SendAsync(HttpContext context)
    {
        var json = JsonAnswer.Write(this, static (writer, answer) => answer.Write(writer));
        if (!_isBinary)
            return JsonAnswer.SendAsync(context, "application/json", json.WrittenSpan, []);
        context.Response.Headers[LengthHeader] = json.WrittenCount.ToString(CultureInfo.InvariantCulture);
        return JsonAnswer.SendAsync(context, "application/octet-stream", json.WrittenSpan, _bytes);
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("model_name"u8, _model);
        writer.WriteString("model_version"u8, Router.Version);
        if (_request.Id is { } id)
            writer.WriteString("id"u8, id);
        writer.WriteStartArray("outputs"u8);
        writer.WriteStartObject();
        writer.WriteString("name"u8, Output);
        writer.WriteString("datatype"u8, _classes is null ? "FP32" : "BYTES");
        writer.WriteStartArray("shape"u8);
        writer.WriteNumberValue(_probabilities.Length);
        writer.WriteNumberValue(_classes is null ? _probabilities[0].Length : _classes.Length / _probabilities.Length);
        writer.WriteEndArray();
        if (_isBinary)
        {
            writer.WriteStartObject("parameters"u8);
            writer.WriteNumber("binary_data_size"u8, _bytes.Length);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartArray("data"u8);
            foreach (string name in _classes ?? [])
                writer.WriteStringValue(name);
            foreach (float[] picture in _classes is null ? _probabilities : [])
                foreach (float probability in picture)
                    writer.WriteNumberValue(probability);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    // value:index:label, the most probable first, as Triton's classification extension writes them.
    private static IEnumerable<string> Best(float[] probabilities, IReadOnlyList<string> labels, int count) =>
        probabilities.Select((probability, index) => (probability, index)).OrderByDescending(p => p.probability).Take(count)
            .Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.probability:R}:{p.index}:{labels[p.index]}"));

    private static byte[] Bytes(float[][] probabilities) =>
        [.. probabilities.SelectMany(p => MemoryMarshal.AsBytes(p.AsSpan()).ToArray())];

    private static byte[] Bytes(string[] names) => [.. names.Select(Encoding.UTF8.GetBytes)
        .SelectMany(name => (byte[])[.. BitConverter.GetBytes(name.Length), .. name])];
}
