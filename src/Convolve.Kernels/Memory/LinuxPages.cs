using System.Runtime.InteropServices;

namespace Convolve.Kernels.Memory;

/// <summary>Pages of Linux, which may be huge and grow at their place.</summary>
internal sealed partial class LinuxPages : IPages
{
    private const int None = 0, ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22, NoReserve = 0x4000, HugePages = 14;

    public nint Take(nuint bytes) => Address(mmap(0, bytes, ReadWrite, PrivateAnonymous, -1, 0));

    public nint Reserve(nuint bytes) => Address(mmap(0, bytes, None, PrivateAnonymous | NoReserve, -1, 0));

    public bool Commit(nint address, nuint bytes) => mprotect(address, bytes, ReadWrite) == 0;

    /// <summary>Makes what is written there code, which can no longer be changed.</summary>
    public static bool MakeExecutable(nint address, nuint bytes) => mprotect(address, bytes, ReadExecute) == 0;

    public void PreferHuge(nint address, nuint bytes) => _ = madvise(address, bytes, HugePages);

    public bool Release(nint address, nuint bytes) => munmap(address, bytes) == 0;

    private static nint Address(nint result) => result == -1 ? 0 : result;

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nuint length, int protection);

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}
