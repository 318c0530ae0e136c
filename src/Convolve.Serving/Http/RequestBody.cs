using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Convolve.Serving.Http;

/// <summary>The whole body of a request, in memory that goes back when it is disposed.</summary>
internal readonly struct RequestBody : IDisposable
{
    private const int FirstRoom = 16 << 10;
    private readonly byte[] _bytes;
    private readonly int _length;

    private RequestBody(byte[] bytes, int length) => (_bytes, _length) = (bytes, length);

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public Stream AsStream() => new MemoryStream(_bytes, 0, _length, writable: false);

    /// <summary>Reads it to its end.</summary>
    /// <param name="request">Whose body.</param>
    /// <param name="limit">The most bytes; Kestrel ends longer ones whose length isn't announced.</param>
    /// <exception cref="Refusal">It is longer.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, long limit)
    {
        if (request.ContentLength > limit)
            throw TooLarge(request.ContentLength.Value, limit);
        byte[] bytes = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? FirstRoom));
        int length = 0;
        try
        {
            PipeReader reader = request.BodyReader;
            while (true)
            {
                ReadResult read = await reader.ReadAsync().ConfigureAwait(false);
                ReadOnlySequence<byte> part = read.Buffer;
                if (length + part.Length > bytes.Length)
                    bytes = Grown(bytes, length, part.Length);
                part.CopyTo(bytes.AsSpan(length));
                length += (int)part.Length;
                reader.AdvanceTo(part.End);
                if (read.IsCompleted)
                    return new(bytes, length);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(bytes);
            throw;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

    /// <summary>For a body that isn't read.</summary>
    public static Refusal TooLarge(long? length, long limit) => new(413, string.Create(CultureInfo.InvariantCulture,
        $"The body{(length is { } bytes ? $" of {bytes} bytes" : "")} is longer than the limit of {limit} bytes. Send fewer or smaller " +
        $"pictures."));

    private static byte[] Grown(byte[] bytes, int length, long more)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(2L * bytes.Length, length + more)));
        bytes.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        return larger;
    }
}
