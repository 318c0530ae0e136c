using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Memory;

/// <summary>What a kernel tells the caches: nothing where .NET has no instruction for it.</summary>
internal static unsafe class Caches
{
    /// <summary>Asks for the line of an address, which need not be readable, in all caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>
    /// After stores past the caches: they are visible before any later one. Other processors order them with the other stores, by the
    /// barriers of threads.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFence()
    {
        if (Sse.IsSupported)
            Sse.StoreFence();
    }
}
