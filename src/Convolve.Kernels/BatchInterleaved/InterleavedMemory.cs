using System.Runtime.CompilerServices;

namespace Convolve.Kernels.BatchInterleaved;

/// <summary>The channels of one group of images; the pitches, in bytes, may leave room for zeros beside the rows.</summary>
internal readonly unsafe struct InterleavedView(byte* origin, nint row, nint plane)
{
    public readonly byte* Origin = origin;
    public readonly nint Row = row, Plane = plane;

    public static InterleavedView Dense(float* lanes, int group, int channels, int height, int width) =>
        new((byte*)lanes + (long)group * channels * height * width * Interleaving.VectorBytes,
            (nint)width * Interleaving.VectorBytes, (nint)height * width * Interleaving.VectorBytes);
}

/// <summary>Hands out pieces of a thread's scratch, each aligned to a vector.</summary>
internal unsafe struct InterleavedArena(byte* scratch)
{
    private byte* _next = scratch;

    public T* Take<T>(long count) where T : unmanaged
    {
        byte* taken = _next;
        _next += Interleaving.Align(count * sizeof(T));
        return (T*)taken;
    }

    /// <summary>The bytes to reserve for <paramref name="count"/> values.</summary>
    public static long Bytes<T>(long count) where T : unmanaged => Interleaving.Align(count * sizeof(T));
}

/// <summary>A copy of one group's planes with zeros around the rows, so that kernels read beyond an edge without asking.</summary>
internal unsafe struct PaddedPlanes
{
    private readonly int _channels, _height, _copied, _top, _left, _paddedWidth, _paddedHeight;
    private readonly byte* _planes;
    private int _rowsReady;

    public PaddedPlanes(
        ref InterleavedArena arena, int channels, int height, int width, int top, int left, int paddedHeight, int paddedWidth)
    {
        (_channels, _height, _top, _left) = (channels, height, top, left);
        (_paddedHeight, _paddedWidth) = (paddedHeight, paddedWidth);
        _copied = Math.Max(0, Math.Min(width, paddedWidth - left));
        long vectors = (long)channels * paddedHeight * paddedWidth;
        _planes = arena.Take<byte>(vectors * Interleaving.VectorBytes);
        new Span<byte>(_planes, checked((int)(vectors * Interleaving.VectorBytes))).Clear();
    }

    public static long Bytes(int channels, int paddedHeight, int paddedWidth) =>
        InterleavedArena.Bytes<byte>((long)channels * paddedHeight * paddedWidth * Interleaving.VectorBytes);

    /// <summary>The planes from their first pixel on; what is before and beside it is zero.</summary>
    public readonly InterleavedView View
    {
        get
        {
            nint row = (nint)_paddedWidth * Interleaving.VectorBytes;
            return new InterleavedView(_planes + _top * row + _left * Interleaving.VectorBytes, row, _paddedHeight * row);
        }
    }

    /// <summary>Forgets the rows of the group before.</summary>
    public void Restart() => _rowsReady = 0;

    /// <summary>Copies the rows up to <paramref name="end"/> that are not there yet: just before use they stay in the cache.</summary>
    public void Copy(InterleavedView from, int end)
    {
        end = Math.Min(Math.Min(end, _height), _paddedHeight - _top);
        InterleavedView to = View;
        for (; _rowsReady < end; _rowsReady++)
            for (int c = 0; c < _channels; c++)
            {
                byte* source = from.Origin + c * from.Plane + _rowsReady * from.Row;
                byte* target = to.Origin + c * to.Plane + _rowsReady * to.Row;
                Unsafe.CopyBlockUnaligned(target, source, (uint)(_copied * Interleaving.VectorBytes));
            }
    }
}
