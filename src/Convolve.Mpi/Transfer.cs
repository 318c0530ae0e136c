using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Convolve.Mpi;

/// <summary>Something that ranks exchange, in one or more rounds of requests.</summary>
internal abstract unsafe class Transfer
{
    private nint[] _requests = [];
    private int _count;
    private bool _hasBegun;

    /// <summary>Begins it, or looks whether the round is done and begins the next one then; on MPI's thread.</summary>
    /// <returns>Whether all is done.</returns>
    public bool Advance(MpiWorld world)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            return !Begin(world);
        }
        if (!world.Test(Requests, _count))
            return false;
        _count = 0;
        return !Continue(world);
    }

    /// <summary>Waits for what is under way in a revoked communicator.</summary>
    public void Drop()
    {
        for (int i = 0; i < _count; i++)
            MpiWorld.Await(Requests + i);
        (_count, _hasBegun) = (0, false);
    }

    /// <summary>Begins the first round.</summary>
    /// <returns>Whether there is one.</returns>
    protected abstract bool Begin(MpiWorld world);

    /// <summary>What follows a round.</summary>
    /// <returns>Whether it began another.</returns>
    protected virtual bool Continue(MpiWorld world) => false;

    /// <summary>Makes room for the requests of a round of a transfer that has not begun.</summary>
    protected void Reserve(int requests)
    {
        if (_requests.Length < requests)
            _requests = GC.AllocateArray<nint>(requests, pinned: true);
        (_count, _hasBegun) = (0, false);
    }

    /// <summary>The place of the next request.</summary>
    protected nint* Next() => _count < _requests.Length ? Requests + _count++
        : throw new InvalidOperationException("No room was made for this request.");

    /// <summary>Begins to send bytes, which are counted.</summary>
    protected void Send(MpiWorld world, nint from, long bytes, int rank, int tag)
    {
        (int count, nint type) = CountOf(world, bytes);
        world.Check(Mpi.MPI_Isend((void*)from, count, type, rank, tag, world.Comm, Next()));
        world.SentBytes += bytes;
    }

    /// <summary>Begins to receive bytes.</summary>
    protected void Receive(MpiWorld world, nint to, long bytes, int rank, int tag)
    {
        (int count, nint type) = CountOf(world, bytes);
        world.Check(Mpi.MPI_Irecv((void*)to, count, type, rank, tag, world.Comm, Next()));
    }

    // MPI counts in 32 bits, and four times as many bytes in floats.
    private static (int Count, nint Type) CountOf(MpiWorld world, long bytes) =>
        bytes % sizeof(float) == 0 ? (checked((int)(bytes / sizeof(float))), world.Float) : (checked((int)bytes), world.Byte);

    // Pinned for good.
    private nint* Requests => (nint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_requests));
}
