using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Convolve.Serving.Http;

/// <summary>JSON for answers, written into memory of the thread's and sent in one piece.</summary>
internal static class JsonAnswer
{
    private const int UsualBytes = 1024, MostKept = 1 << 20;
    // No browser takes it for HTML: labels and names may be read as they are.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;
    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Sends what is written.</summary>
    public static Task SendAsync<T>(HttpContext context, int status, T state, Action<Utf8JsonWriter, T> write)
    {
        ArrayBufferWriter<byte> json = Write(state, write);
        context.Response.StatusCode = status;
        return SendAsync(context, "application/json", json.WrittenSpan, []);
    }

    /// <summary>The JSON, until the thread writes the next.</summary>
    public static ArrayBufferWriter<byte> Write<T>(T state, Action<Utf8JsonWriter, T> write)
    {
        if (_buffer is null || _buffer.Capacity > MostKept)
            (_buffer, _writer) = (new(UsualBytes), null);
        _buffer.ResetWrittenCount();
        Utf8JsonWriter writer = _writer ??= new(_buffer, Readable);
        writer.Reset(_buffer);
        write(writer, state);
        writer.Flush();
        return _buffer;
    }

    /// <summary>Sends two pieces as one body; both are copied before this returns.</summary>
    public static Task SendAsync(HttpContext context, string type, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        HttpResponse response = context.Response;
        response.Headers.XContentTypeOptions = "nosniff";
        (response.ContentType, response.ContentLength) = (type, first.Length + second.Length);
        Span<byte> body = response.BodyWriter.GetSpan(first.Length + second.Length);
        first.CopyTo(body);
        second.CopyTo(body[first.Length..]);
        response.BodyWriter.Advance(first.Length + second.Length);
        ValueTask<System.IO.Pipelines.FlushResult> flush = response.BodyWriter.FlushAsync();
        return flush.IsCompletedSuccessfully ? Task.CompletedTask : flush.AsTask();
    }
}
