using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Convolve.Bench.Serving;

/// <summary>Sends one request over and over on many connections of one thread, each as soon as its last one is answered.</summary>
internal static class LoadGenerator
{
    private const int Room = 1 << 16;

    /// <summary>Answers a second; the time before they are counted is as long as a fifth of it.</summary>
    /// <exception cref="MeasurementException">An answer isn't 200.</exception>
    public static double Run(IPEndPoint server, byte[] request, int connections, double seconds)
    {
        List<Socket> sockets = [];
        Dictionary<Socket, Answer> answers = [];
        try
        {
            for (int i = 0; i < connections; i++)
            {
                Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                sockets.Add(socket);
                answers[socket] = new();
                socket.Connect(server);
                socket.Send(request);
            }
            long begin = Stopwatch.GetTimestamp(), from = begin, count = 0;
            bool isCounting = false;
            while (true)
            {
                double time = Stopwatch.GetElapsedTime(from).TotalSeconds;
                if (!isCounting && time > seconds / 5)
                    (isCounting, from, count) = (true, Stopwatch.GetTimestamp(), 0);
                else if (isCounting && time > seconds)
                    return count / time;
                List<Socket> ready = [.. sockets];
                if (connections > 1)
                    Socket.Select(ready, null, null, TimeSpan.FromSeconds(10));
                foreach (Socket socket in ready)
                    if (answers[socket].Receive(socket))
                    {
                        count++;
                        socket.Send(request);
                    }
            }
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    /// <summary>One answer's body.</summary>
    public static string Ask(IPEndPoint server, byte[] request)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(server);
        socket.Send(request);
        Answer answer = new();
        while (!answer.Receive(socket))
        {
        }
        return answer.Body;
    }

    private sealed class Answer
    {
        private readonly byte[] _bytes = new byte[Room];
        private int _length, _last;

        public string Body { get; private set; } = "";

        // True once it is whole. Bodies come with their length, or in chunks.
        public bool Receive(Socket socket)
        {
            int received = socket.Receive(_bytes.AsSpan(_length));
            _length += received;
            ReadOnlySpan<byte> all = _bytes.AsSpan(0, _length);
            int head = all.IndexOf("\r\n\r\n"u8);
            if (received == 0)
                throw new MeasurementException("the server has closed the connection");
            if (head < 0)
                return false;
            if (!all.StartsWith("HTTP/1.1 200"u8))
                throw new MeasurementException($"the server answered {Encoding.UTF8.GetString(all)}");
            if (_last == 0)
                _last = head + 4 + LengthOf(all[..head]);
            bool isWhole = _last > head ? _length >= _last : all.EndsWith("0\r\n\r\n"u8);
            if (!isWhole)
                return false;
            if (Body.Length == 0)
                Body = Encoding.UTF8.GetString(all[(head + 4)..]);
            (_length, _last) = (0, 0);
            return true;
        }

        private static int LengthOf(ReadOnlySpan<byte> head)
        {
            ReadOnlySpan<byte> name = "Content-Length: "u8;
            int at = head.IndexOf(name);
            if (at < 0)
                return int.MinValue / 2;
            head = head[(at + name.Length)..];
            int end = head.IndexOf((byte)'\r');
            return int.Parse(end < 0 ? head : head[..end], NumberStyles.None, CultureInfo.InvariantCulture);
        }
    }
}
