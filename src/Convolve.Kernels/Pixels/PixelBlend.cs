using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pixels;

//     for each vector:  a, b = share a + rest b, share b + rest a
//
// a, b  one input of the network each, float32 or bfloat16
// Registers: share and rest. Bound: L2, where two inputs fit, or memory.

/// <summary>Blends two inputs of a network, each with the other.</summary>
internal static class PixelBlend
{
    /// <summary>a = share a + (1 - share) b, and b with the two exchanged; both of one length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float share, Span<float> first, Span<float> second)
    {
        ref float a = ref MemoryMarshal.GetReference(first);
        ref float b = ref MemoryMarshal.GetReference(second[..first.Length]);
        Vector512<float> s = Vector512.Create(share), r = Vector512.Create(1 - share);
        nuint i = 0, length = (nuint)first.Length;
        for (; i + 16 <= length; i += 16)
        {
            Vector512<float> x = Vector512.LoadUnsafe(ref a, i), y = Vector512.LoadUnsafe(ref b, i);
            (s * x + r * y).StoreUnsafe(ref a, i);
            (s * y + r * x).StoreUnsafe(ref b, i);
        }

        for (; i < length; i++)
            (Unsafe.Add(ref a, i), Unsafe.Add(ref b, i)) =
                (share * Unsafe.Add(ref a, i) + (1 - share) * Unsafe.Add(ref b, i),
                share * Unsafe.Add(ref b, i) + (1 - share) * Unsafe.Add(ref a, i));
    }

    /// <summary>The same of the bits of bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float share, Span<ushort> first, Span<ushort> second)
    {
        ref ushort a = ref MemoryMarshal.GetReference(first);
        ref ushort b = ref MemoryMarshal.GetReference(second[..first.Length]);
        Vector512<float> s = Vector512.Create(share), r = Vector512.Create(1 - share);
        nuint i = 0, length = (nuint)first.Length;
        for (; i + 32 <= length; i += 32)
        {
            var (x0, x1) = Load(ref a, i);
            var (y0, y1) = Load(ref b, i);
            BFloat16.Narrow(s * x0 + r * y0, s * x1 + r * y1).StoreUnsafe(ref a, i);
            BFloat16.Narrow(s * y0 + r * x0, s * y1 + r * x1).StoreUnsafe(ref b, i);
        }

        for (; i < length; i++)
        {
            float x = BFloat16.ToSingle(Unsafe.Add(ref a, i)), y = BFloat16.ToSingle(Unsafe.Add(ref b, i));
            Unsafe.Add(ref a, i) = BFloat16.FromSingle(share * x + (1 - share) * y);
            Unsafe.Add(ref b, i) = BFloat16.FromSingle(share * y + (1 - share) * x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Low, Vector512<float> High) Load(ref ushort from, nuint at)
    {
        (Vector512<uint> low, Vector512<uint> high) = Vector512.Widen(Vector512.LoadUnsafe(ref from, at));
        return ((low << 16).AsSingle(), (high << 16).AsSingle());
    }
}
