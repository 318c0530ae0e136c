using System.Runtime.InteropServices;

namespace Convolve.OneDnn;

/// <summary>Zeroed native memory for tensors: aligned to cache lines, and to huge pages where it is large.</summary>
public sealed unsafe partial class NativeBuffer : SafeHandle
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22, HugePages = 14;
    private const nuint HugePage = 2 << 20;
    private readonly nuint _mapped;

    /// <param name="bytes">How much; 0 is allowed.</param>
    /// <param name="purpose">What for; an error names it.</param>
    /// <exception cref="InsufficientMemoryException">The machine does not give that much.</exception>
    public NativeBuffer(long bytes, string purpose) : base(0, true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        bool huge = (nuint)bytes >= HugePage;
        _mapped = huge ? ((nuint)bytes + HugePage - 1) / HugePage * HugePage + HugePage : Math.Max((nuint)bytes, 4096);
        nint address = mmap(0, _mapped, ReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1)
            throw new InsufficientMemoryException($"The machine does not give {bytes / 1048576.0:F1} MiB for {purpose}. Use a smaller batch size, or end other programs.");
        SetHandle(address);
        Address = huge ? (nint)(((nuint)address + HugePage - 1) / HugePage * HugePage) : address;
        if (huge)
            _ = madvise(Address, (nuint)bytes, HugePages);
    }

    public override bool IsInvalid => handle is 0 or -1;

    /// <summary>The usable size.</summary>
    public long Bytes { get; }

    internal nint Address { get; }

    /// <summary>A window on the memory.</summary>
    /// <param name="offset">In bytes.</param>
    /// <param name="count">In elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window leaves the buffer.</exception>
    public Span<T> Span<T>(long offset, int count) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (offset < 0 || count < 0 || (long)count * sizeof(T) > Bytes - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{count} elements at byte {offset} leave a buffer of {Bytes} bytes.");
        return new((byte*)Address + offset, count);
    }

    /// <summary>The address of a place in the buffer, for kernels; good while the buffer lives.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window leaves the buffer.</exception>
    public nint At(long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (offset < 0 || bytes < 0 || bytes > Bytes - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{bytes} bytes at byte {offset} leave a buffer of {Bytes} bytes.");
        return Address + (nint)offset;
    }

    /// <summary>Copies all of it into another buffer of the same size.</summary>
    /// <exception cref="ArgumentException">The other has another size.</exception>
    public void CopyTo(NativeBuffer other)
    {
        ObjectDisposedException.ThrowIf(IsClosed || other.IsClosed, this);
        if (other.Bytes != Bytes)
            throw new ArgumentException($"{Bytes} bytes do not fill a buffer of {other.Bytes}.", nameof(other));
        NativeMemory.Copy((void*)Address, (void*)other.Address, (nuint)Bytes);
    }

    /// <summary>Makes every byte 0.</summary>
    public void Clear()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        NativeMemory.Clear((void*)Address, (nuint)Bytes);
    }

    /// <summary>Whether this buffer begins at an address that <see cref="At"/> gave.</summary>
    public bool BeginsAt(nint address) => address == Address;

    protected override bool ReleaseHandle() => munmap(handle, _mapped) == 0;

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}
