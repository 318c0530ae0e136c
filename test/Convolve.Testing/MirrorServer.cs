using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Convolve.Testing;

/// <summary>What was asked of a mirror.</summary>
public sealed record MirrorRequest(string Path, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The first byte that is asked for; null for the whole.</summary>
    public long? From => Headers.TryGetValue("Range", out string? range)
        ? long.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : null;
}

/// <summary>Answers each request with raw bytes and hangs up; for null it says nothing until it is disposed.</summary>
public sealed class MirrorServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _clients = [];

    public MirrorServer()
    {
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _ = ServeAsync();
    }

    public Uri Address { get; }

    public Func<MirrorRequest, byte[]?> Answer { get; set; } = _ => [];

    /// <summary>So many bytes go out at a time, with a pause between; all at once by default.</summary>
    public (int Bytes, TimeSpan Pause)? Pace { get; set; }

    /// <summary>How long the connection stays open after the answer.</summary>
    public TimeSpan Linger { get; set; }

    public List<MirrorRequest> Requests { get; } = [];

    public IEnumerable<string> Paths => Requests.Select(r => r.Path);

    public static byte[] Reply(byte[] body, string status = "200 OK", params string[] headers) =>
        [.. Head(status, [$"Content-Length: {body.Length}", .. headers]), .. body];

    /// <summary>The beginning of an answer.</summary>
    public static byte[] Head(string status, params string[] headers) =>
        Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{string.Concat(headers.Select(h => h + "\r\n"))}Connection: close\r\n\r\n");

    /// <summary>As a good server does: a range of the file if it is still the one that is meant, else all of it.</summary>
    public static byte[] Serve(MirrorRequest request, byte[] file, string? tag = null)
    {
        string[] tags = tag is null ? [] : [$"ETag: {tag}"];
        if (request.From is not { } from || (request.Headers.TryGetValue("If-Range", out string? wanted) && wanted != tag))
            return Reply(file, "200 OK", tags);
        return from >= file.Length ? Reply([], "416 Range Not Satisfiable", $"Content-Range: bytes */{file.Length}")
            : Reply(file[(int)from..], "206 Partial Content", [$"Content-Range: bytes {from}-{file.Length - 1}/{file.Length}", .. tags]);
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_clients)
            _clients.ForEach(c => c.Dispose());
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                lock (_clients)
                    _clients.Add(client);
                _ = HandleAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task HandleAsync(TcpClient client)
    {
        try
        {
            NetworkStream stream = client.GetStream();
            byte[] buffer = new byte[8192];
            int length = 0;
            do
                length += await stream.ReadAsync(buffer.AsMemory(length));
            while (!Encoding.ASCII.GetString(buffer, 0, length).Contains("\r\n\r\n", StringComparison.Ordinal));
            string[] lines = Encoding.ASCII.GetString(buffer, 0, length).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            IEnumerable<string[]> headers = lines[1..].Select(l => l.Split(": ", 2));
            MirrorRequest request = new(lines[0].Split(' ')[1],
                headers.ToDictionary(h => h[0], h => h[1], StringComparer.OrdinalIgnoreCase));
            byte[]? answer;
            lock (Requests)
            {
                Requests.Add(request);
                answer = Answer(request);
            }

            if (answer is null)
                return;
            (int piece, TimeSpan pause) = Pace ?? (answer.Length + 1, TimeSpan.Zero);
            for (int i = 0; i < answer.Length; i += piece)
            {
                await stream.WriteAsync(answer.AsMemory(i, Math.Min(piece, answer.Length - i)));
                await Task.Delay(pause);
            }

            await Task.Delay(Linger);
            client.Dispose();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or ArgumentOutOfRangeException)
        {
            // The client has seen enough.
        }
    }
}
