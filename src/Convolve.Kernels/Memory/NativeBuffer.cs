using System.Runtime.InteropServices;

namespace Convolve.Kernels.Memory;

/// <summary>Zeroed native memory for tensors: aligned to cache lines, and to huge pages where it is large.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    private const nuint HugePage = 2 << 20;
    private readonly nuint _mapped;
    private readonly IPages _pages = Pages;
    private readonly string _purpose;

    /// <param name="bytes">How much; 0 is allowed.</param>
    /// <param name="purpose">What for; an error names it.</param>
    /// <exception cref="InsufficientMemoryException">The machine does not give that much.</exception>
    public NativeBuffer(long bytes, string purpose) : base(0, true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        (Bytes, _purpose) = (bytes, purpose);
        bool huge = (nuint)bytes >= HugePage;
        _mapped = huge ? ((nuint)bytes + HugePage - 1) / HugePage * HugePage + HugePage : Math.Max((nuint)bytes, 4096);
        nint address = _pages.Take(_mapped);
        if (address == 0)
            throw Insufficient(bytes);
        SetHandle(address);
        Address = huge ? (nint)(((nuint)address + HugePage - 1) / HugePage * HugePage) : address;
        if (huge)
            _pages.PreferHuge(Address, (nuint)bytes);
    }

    private NativeBuffer(nint address, nuint reserved, string purpose) : base(0, true)
    {
        (_mapped, _purpose) = (reserved, purpose);
        SetHandle(address);
        Address = (nint)(((nuint)address + HugePage - 1) / HugePage * HugePage);
    }

    /// <summary>
    /// A buffer that can grow at its place: the addresses of <paramref name="most"/> bytes are kept free behind it, which takes no memory.
    /// </summary>
    /// <param name="bytes">How much memory it has at first.</param>
    /// <param name="most">How far it may grow.</param>
    /// <param name="purpose">What for; an error names it.</param>
    /// <returns>A buffer of a fixed size where the system limits addresses.</returns>
    /// <exception cref="InsufficientMemoryException">The machine does not give that much.</exception>
    public static NativeBuffer Growing(long bytes, long most, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, most);
        nuint reserved = (nuint)most + 2 * HugePage;
        nint address = Pages.Reserve(reserved);
        if (address == 0)
            return new(bytes, purpose);
        NativeBuffer buffer = new(address, reserved, purpose);
        try
        {
            buffer.TryGrow(bytes);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Adds zeroed memory behind the buffer, which stays where it is.</summary>
    /// <returns>False where there is no room: the buffer is as it was.</returns>
    /// <exception cref="InsufficientMemoryException">There is room, and the machine does not give that much.</exception>
    public bool TryGrow(long bytes)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (bytes <= Bytes)
            return true;
        bool huge = (nuint)bytes >= HugePage;
        nuint unit = huge ? HugePage : (nuint)Environment.SystemPageSize, whole = ((nuint)bytes + unit - 1) / unit * unit;
        if ((nuint)(Address - handle) + whole > _mapped)
            return false;
        if (!_pages.Commit(Address, whole))
            throw Insufficient(bytes);
        if (huge)
            _pages.PreferHuge(Address, whole);
        Bytes = bytes;
        return true;
    }

    /// <summary>Where the memory of new buffers comes from. Tests set it.</summary>
    internal static IPages Pages { get; set; } = OperatingSystem.IsLinux() ? new LinuxPages() : new HeapPages();

    public override bool IsInvalid => handle is 0 or -1;

    /// <summary>The usable size.</summary>
    public long Bytes { get; private set; }

    internal nint Address { get; }

    /// <summary>A window on the memory.</summary>
    /// <param name="offset">In bytes.</param>
    /// <param name="count">In elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window leaves the buffer.</exception>
    public Span<T> Span<T>(long offset, int count) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (offset < 0 || count < 0 || (long)count * sizeof(T) > Bytes - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{count} elements at byte {offset} exceed a buffer of {Bytes} bytes.");
        return new((byte*)Address + offset, count);
    }

    /// <summary>The address of a place in the buffer, for kernels; good while the buffer lives.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window leaves the buffer.</exception>
    public nint At(long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (offset < 0 || bytes < 0 || bytes > Bytes - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{bytes} bytes at byte {offset} exceed a buffer of {Bytes} bytes.");
        return Address + (nint)offset;
    }

    /// <summary>Copies all of it into another buffer of the same size.</summary>
    /// <exception cref="ArgumentException">The other has another size.</exception>
    public void CopyTo(NativeBuffer other)
    {
        ObjectDisposedException.ThrowIf(IsClosed || other.IsClosed, this);
        if (other.Bytes != Bytes)
            throw new ArgumentException($"Can't copy {Bytes} bytes to a buffer of {other.Bytes} bytes.", nameof(other));
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

    protected override bool ReleaseHandle() => _pages.Release(handle, _mapped);

    private InsufficientMemoryException Insufficient(long bytes) =>
        new($"Can't allocate {bytes / 1048576.0:F1} MiB for {_purpose}. Use a smaller batch size, or close other programs.");
}
