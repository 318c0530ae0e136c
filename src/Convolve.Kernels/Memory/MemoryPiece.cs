namespace Convolve.Kernels.Memory;

/// <summary>A piece of memory of any length.</summary>
internal readonly unsafe record struct MemoryPiece(nint Address, long Bytes)
{
    public ReadOnlySpan<byte> Element(long index, int size) => new((byte*)Address + index * size, size);

    public void CopyTo(MemoryPiece other) => Buffer.MemoryCopy((void*)Address, (void*)other.Address, other.Bytes, Bytes);

    public void Fill(uint word)
    {
        uint* words = (uint*)Address;
        for (long i = 0; i < Bytes / sizeof(uint); i++)
            words[i] = word;
        for (long i = Bytes & ~3; i < Bytes; i++)
            ((byte*)Address)[i] = (byte)(word >> (8 * (int)(i & 3)));
    }

    public bool Equals(MemoryPiece other, long bytes)
    {
        const int Chunk = 1 << 30;
        for (long i = 0; i < bytes; i += Chunk)
        {
            int count = (int)Math.Min(Chunk, bytes - i);
            if (!new ReadOnlySpan<byte>((byte*)Address + i, count).SequenceEqual(new((byte*)other.Address + i, count)))
                return false;
        }
        return true;
    }
}
