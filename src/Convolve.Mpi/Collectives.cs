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
    // Pinned for good, as all that MPI is given.
    private readonly int[] _length, _lengths, _starts;
    private readonly byte[] _sent;
    private byte[] _all = [];
    private int _round;

    public GatherTransfer(ReadOnlySpan<byte> own, int ranks)
    {
        _length = GC.AllocateArray<int>(1, pinned: true);
        _lengths = GC.AllocateArray<int>(ranks, pinned: true);
        _starts = GC.AllocateArray<int>(ranks, pinned: true);
        // Not of length 0, which would have no address.
        _sent = GC.AllocateArray<byte>(own.Length + 1, pinned: true);
        own.CopyTo(_sent);
        _length[0] = own.Length;
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
        _all = GC.AllocateArray<byte>(total + 1, pinned: true);
        fixed (int* lengths = _lengths, starts = _starts)
        fixed (byte* sent = _sent, all = _all)
            world.Check(Mpi.MPI_Iallgatherv(sent, _length[0], world.Byte, all, lengths, starts, world.Byte, world.Comm, Next()));
        return true;
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
