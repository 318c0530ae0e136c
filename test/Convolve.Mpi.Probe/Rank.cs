using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Mpi.Probe;

/// <summary>What one rank does in a test.</summary>
internal sealed class Rank(MpiExchange exchange, Action<string> say)
{
    // Whole lines and not, fewer floats than ranks have lines, none; the largest is sent by rendezvous, the small ones at once.
    private static readonly int[] Counts = [300_017, 40_000, 1, 0, 17, 64];

    /// <summary>Adds up pieces of several lengths, all in flight at once, twice; says whether they are right, and their digest.</summary>
    public void AddUp(int shards)
    {
        ShardTree tree = new(shards, exchange.Ranks);
        using Gradients gradients = new(tree, exchange.Rank, Counts);
        for (int step = 0; step < 2; step++)
        {
            gradients.Compute(step);
            for (int piece = 0; piece < Counts.Length; piece++)
                exchange.Start(tree, gradients.AddUpOwn(piece), Counts[piece]);
            exchange.Finish();
            say(gradients.Describe(step));
        }
    }

    /// <summary>Rank 0's bytes to all, and everyone's to all.</summary>
    public void Exchange()
    {
        byte[] bytes = new byte[1_000_003];
        if (exchange.Rank == 0)
            for (int i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)(i * 7 + i / 256);
        exchange.Broadcast(bytes);
        exchange.Broadcast([]);
        say(Convert.ToHexString(SHA256.HashData(bytes))[..16]);
        byte[][] all = exchange.Gather(Enumerable.Repeat((byte)(exchange.Rank + 65), exchange.Rank * 2).ToArray());
        say(string.Join(',', all.Select(part => string.Concat(part.Select(b => (char)b)))));
        say(string.Join(',', exchange.Gather([]).Select(part => part.Length)));
        say($"hosts {string.Join(',', exchange.Hosts)}");
    }

    /// <summary>Every rank gives each of the others bytes, often; says how much of it was right, and the bytes.</summary>
    public void Trade()
    {
        int right = 0, other = 0;
        for (int step = 0; step < 3; step++)
            foreach (int count in Counts)
            {
                using NativeBuffer sent = new(4L * count * exchange.Ranks + 4, "sent"), received = new(sent.Bytes, "received");
                Span<byte> all = sent.Span<byte>(0, (int)sent.Bytes);
                for (int i = 0; i < all.Length; i++)
                    all[i] = ValueOf(exchange.Rank, step, i);
                // An odd number of bytes, too.
                int bytes = step == 1 ? Math.Max(0, 4 * count - 1) : 4 * count;
                nint[] Places(NativeBuffer buffer) => [.. Enumerable.Range(0, exchange.Ranks).Select(i => buffer.Address + 4 * count * i)];
                exchange.Trade(Places(sent), Places(received), bytes);
                for (int rank = 0; rank < exchange.Ranks; rank++)
                {
                    if (rank == exchange.Rank)
                        continue;
                    other++;
                    Span<byte> from = received.Span<byte>(4 * count * rank, bytes);
                    int wrong = 0;
                    for (int i = 0; i < bytes; i++)
                        wrong += from[i] == ValueOf(rank, step, 4 * count * exchange.Rank + i) ? 0 : 1;
                    right += wrong == 0 ? 1 : 0;
                }
            }
        say(string.Create(CultureInfo.InvariantCulture, $"{right} of {other} right, {exchange.SentBytes} bytes"));

        static byte ValueOf(int rank, int step, int index) => (byte)(index * 7 + index / 256 + rank * 31 + step);
    }

    /// <summary>MPI must leave .NET the signal that its null checks need.</summary>
    public void CatchNull()
    {
        try
        {
            say($"length {TextOf(exchange.Ranks).Length}");
        }
        catch (NullReferenceException)
        {
            say("caught");
        }
        exchange.Gather([]);
    }

    /// <summary>Computes while a piece is on its way, and says how often the exchange was already done when asked.</summary>
    public void Overlap()
    {
        ShardTree tree = new(exchange.Ranks, exchange.Ranks);
        using Gradients gradients = new(tree, exchange.Rank, [1 << 20]);
        for (int step = 0; step < 3; step++)
        {
            gradients.Compute(step);
            exchange.Start(tree, gradients.AddUpOwn(0), 1 << 20);
            double sum = 0;
            for (int i = 1; i < 20_000_000; i++)
                sum += 1.0 / i;
            exchange.Finish();
            say(string.Create(CultureInfo.InvariantCulture, $"{sum:F3} {gradients.Describe(step)}"));
        }
    }

    /// <summary>What can't be exchanged is refused at once, and the exchange goes on.</summary>
    public void Refuse()
    {
        try
        {
            exchange.Start(new(exchange.Ranks + 1, exchange.Ranks + 1), [0], 1);
        }
        catch (ArgumentException e)
        {
            say(e.Message);
        }
        exchange.Finish();
        exchange.Gather([]);
    }

    /// <summary>The last rank gives up while the others wait for it.</summary>
    public void Abort(int code)
    {
        if (exchange.Rank == exchange.Ranks - 1)
            exchange.Abort(code);
        exchange.Gather([]);
        say("not reached");
    }

    /// <summary>Waits to be killed or stopped.</summary>
    public void Stay()
    {
        say(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId}"));
        if (exchange.Rank == exchange.Ranks - 1)
            Thread.Sleep(Timeout.Infinite);
        exchange.Gather([]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string TextOf(int ranks) => ranks > 0 ? null! : "";
}
