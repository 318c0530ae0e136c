using System.Runtime.InteropServices;

namespace Convolve.Kernels.Memory;

/// <summary>Memory of the C runtime, on every system.</summary>
internal sealed unsafe class HeapPages : IPages
{
    private const nuint CacheLine = 64;

    public nint Take(nuint bytes)
    {
        try
        {
            void* address = NativeMemory.AlignedAlloc(bytes, CacheLine);
            NativeMemory.Clear(address, bytes);
            return (nint)address;
        }
        catch (OutOfMemoryException)
        {
            return 0;
        }
    }

    public nint Reserve(nuint bytes) => 0;

    public bool Commit(nint address, nuint bytes) => false;

    public void PreferHuge(nint address, nuint bytes)
    {
    }

    public bool Release(nint address, nuint bytes)
    {
        NativeMemory.AlignedFree((void*)address);
        return true;
    }
}
