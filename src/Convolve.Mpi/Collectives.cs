namespace Convolve.Mpi;

/// <summary>Rank 0's bytes to all.</summary>
internal sealed unsafe class BroadcastTransfer : Transfer
{
    private const int MostBytes = 1 << 30;
    private readonly nint _address;
    private readonly long _bytes;
    private long _done;

    public BroadcastTransfer(nint address, long bytes)
    {
        (_address, _bytes) = (address, bytes);
        Reserve(1);
    }

    protected override bool Begin(MpiWorld world) => Continue(world);

    protected override bool Continue(MpiWorld world)
    {
        if (_done == _bytes || world.Ranks == 1)
            return false;
        int count = (int)Math.Min(MostBytes, _bytes - _done);
        world.Check(Mpi.MPI_Ibcast((byte*)_address + _done, count, world.Byte, 0, world.Comm, Next()));
        _done += count;
        return true;
    }
}

/// <summary>Every rank's bytes to all: their lengths first.</summary>
internal sealed unsafe class GatherTransfer : Transfer
{
    // Pinned for good, as all that MPI is given, and kept for the next time.
    private readonly int[] _length = GC.AllocateArray<int>(1, pinned: true);
    private int[] _lengths = [], _starts = [];
    private byte[] _sent = [], _all = [];
    private int _round;

    /// <summary>Says what to gather next.</summary>
    /// <param name="own">This rank's bytes.</param>
    /// <param name="ranks">How many there are.</param>
    public void Set(ReadOnlySpan<byte> own, int ranks)
    {
        if (_lengths.Length != ranks)
        {
            _lengths = GC.AllocateArray<int>(ranks, pinned: true);
            _starts = GC.AllocateArray<int>(ranks, pinned: true);
        }
        Grow(ref _sent, own.Length);
        own.CopyTo(_sent);
        (_length[0], _round) = (own.Length, 0);
        Reserve(1);
    }

    /// <summary>The bytes of each rank, once it is done.</summary>
    public byte[][] Result()
    {
        var parts = new byte[_lengths.Length][];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = _all.AsSpan(_starts[i], _lengths[i]).ToArray();
        return parts;
    }

    protected override bool Begin(MpiWorld world)
    {
        fixed (int* length = _length, lengths = _lengths)
            world.Check(Mpi.MPI_Iallgather(length, sizeof(int), world.Byte, lengths, sizeof(int), world.Byte, world.Comm, Next()));
        return true;
    }

    protected override bool Continue(MpiWorld world)
    {
        if (_round++ > 0)
            return false;
        int total = 0;
        for (int i = 0; i < _lengths.Length; i++)
        {
            _starts[i] = total;
            total = checked(total + _lengths[i]);
        }
        Grow(ref _all, total);
        fixed (int* lengths = _lengths, starts = _starts)
        fixed (byte* sent = _sent, all = _all)
            world.Check(Mpi.MPI_Iallgatherv(sent, _length[0], world.Byte, all, lengths, starts, world.Byte, world.Comm, Next()));
        return true;
    }

    // Never of length 0, which would have no address.
    private static void Grow(ref byte[] bytes, int length)
    {
        if (bytes.Length <= length)
            bytes = GC.AllocateArray<byte>(length + 1, pinned: true);
    }
}

/// <summary>Done once all ranks have come to it.</summary>
internal sealed unsafe class BarrierTransfer : Transfer
{
    public BarrierTransfer() => Reserve(1);

    protected override bool Begin(MpiWorld world)
    {
        world.Check(Mpi.MPI_Ibarrier(world.Comm, Next()));
        return true;
    }
}

/// <summary>Bytes of every rank to each of the others, as many to each.</summary>
internal sealed class TradeTransfer : Transfer
{
    // Above those of the pieces of gradients, which may be under way at the same time.
    private const int Tag = 32_000;
    private nint[] _sent = [], _received = [];
    private long _bytes;

    /// <summary>Says what to exchange next.</summary>
    /// <param name="sent">What each rank gets, by rank.</param>
    /// <param name="received">Where what each rank gives goes, by rank.</param>
    /// <param name="bytes">At each address.</param>
    public void Set(nint[] sent, nint[] received, long bytes)
    {
        (_sent, _received, _bytes) = (sent, received, bytes);
        Reserve(2 * sent.Length);
    }

    protected override bool Begin(MpiWorld world)
    {
        if (_bytes == 0 || world.Ranks == 1)
            return false;
        for (int i = 1; i < world.Ranks; i++)
        {
            int other = (world.Rank + i) % world.Ranks;
            Receive(world, _received[other], _bytes, other, Tag);
        }
        for (int i = 1; i < world.Ranks; i++)
        {
            int other = (world.Rank + i) % world.Ranks;
            Send(world, _sent[other], _bytes, other, Tag);
        }
        return true;
    }
}
