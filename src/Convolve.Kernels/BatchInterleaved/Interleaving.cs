using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.BatchInterleaved;

/// <summary>
/// Kernels for small networks that keep 16 images in the lanes of a vector: an activation is [ceil(N/16)][C][H][W][16] float32.
/// </summary>
/// <remarks>
/// With few channels a library that vectorizes over channels works mostly on padding; here no lane is lost but those of a last, partial
/// group. Without AVX-512 a register holds one half of such a vector at most, and the inner kernels run for one half of the group and then
/// the other; the layout stays the same. Weights and their gradients stay plain OIHW. Every pointer to lanes and every scratch pointer is
/// aligned to 64 bytes.
/// </remarks>
internal static class Interleaving
{
    /// <summary>The images in one vector.</summary>
    public const int Width = 16;

    /// <summary>The bytes of one vector: one position of one channel of 16 images.</summary>
    public const int VectorBytes = 64;

    /// <summary>Whether a register holds a whole group, and not half of one.</summary>
    public static bool IsWide => Floats16.IsSupported;

    /// <summary>The groups of 16 images that hold a batch.</summary>
    public static int Groups(int batch) => (batch + Width - 1) / Width;

    /// <summary>The bytes of a batch of <paramref name="features"/> values per image, padding lanes included.</summary>
    public static long Bytes(int batch, long features) => Groups(batch) * features * VectorBytes;

    /// <summary>The part of <paramref name="items"/> that falls to one of several threads; the same for the same arguments.</summary>
    public static (int First, int Count) Share(int items, int thread, int threads)
    {
        int first = (int)((long)items * thread / threads), end = (int)((long)items * (thread + 1) / threads);
        return (first, end - first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int CeilingDivide(int value, int divisor) => (value + divisor - 1) / divisor;

    internal static long Align(long bytes) => (bytes + VectorBytes - 1) & -VectorBytes;
}
