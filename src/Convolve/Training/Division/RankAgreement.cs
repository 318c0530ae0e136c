using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Convolve.Execution;
using Convolve.Training.Batches;

namespace Convolve.Training.Division;

/// <summary>What ranks that each have a part of the network tell each other, so that all of them do the same.</summary>
internal sealed class RankAgreement(IGradientExchange exchange)
{
    private readonly byte[] _sent = new byte[1 + sizeof(long)];
    private TimeSpan _traded;

    /// <summary>What this rank wants after the next step.</summary>
    public StopWish Wish { get; set; }

    /// <summary>What any rank wanted at the last step: the same on all of them.</summary>
    public StopWish Agreed { get; private set; }

    /// <summary>How long each rank has computed steps, so far.</summary>
    public TimeSpan[] RankTimes { get; } = new TimeSpan[exchange.Ranks];

    /// <summary>Begins a step.</summary>
    public void Begin() => _traded = exchange.TradeTime;

    /// <summary>Ends a step.</summary>
    /// <param name="duration">Of it, with what this rank waited for the others.</param>
    public void End(TimeSpan duration)
    {
        _sent[0] = (byte)Wish;
        BinaryPrimitives.WriteInt64LittleEndian(_sent.AsSpan(1), (duration - (exchange.TradeTime - _traded)).Ticks);
        byte[][] all = exchange.Gather(_sent);
        Agreed = StopWish.None;
        for (int rank = 0; rank < all.Length; rank++)
        {
            Agreed |= (StopWish)all[rank][0];
            RankTimes[rank] += TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(all[rank].AsSpan(1)));
        }
    }

    /// <summary>Whether it holds on any rank.</summary>
    public bool HoldsAnywhere(bool holds) => exchange.Gather([holds ? (byte)1 : (byte)0]).Any(rank => rank[0] != 0);

    /// <summary>The lengths of whole vectors from those of each rank's part of them, in place.</summary>
    public void JoinNorms(Span<double> norms)
    {
        byte[][] all = exchange.Gather(MemoryMarshal.AsBytes(norms));
        for (int i = 0; i < norms.Length; i++)
        {
            double sum = 0;
            foreach (byte[] rank in all)
            {
                double norm = MemoryMarshal.Cast<byte, double>(rank)[i];
                sum += norm * norm;
            }
            norms[i] = Math.Sqrt(sum);
        }
    }
}
