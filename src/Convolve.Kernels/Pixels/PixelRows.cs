using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pixels;

//     for each vector of a row:  target = (1 - weight) upper + weight lower;  or, one by one:  table[source], two source columns mixed
//
// source  bytes or float32, upper and lower float32; target float32, bfloat16 or bytes
// Registers: weight and rest. L1: the rows. Bound: loads, one for each number of the look-ups and two of the others.

/// <summary>The loops over pixels. Their callers have checked every length.</summary>
internal static class PixelRows
{
    /// <summary>target[i] = table[source[i]], for a table of 256.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LookUp<T>(ReadOnlySpan<byte> source, ReadOnlySpan<T> table, Span<T> target)
    {
        ref T values = ref MemoryMarshal.GetReference(table[..256]);
        target = target[..source.Length];
        for (int i = 0; i < source.Length; i++)
            target[i] = Unsafe.Add(ref values, (int)source[i]);
    }

    /// <summary>target[x] is between the two source values that the axis names for x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ReadOnlySpan<float> source, ResizeAxis axis, Span<float> target)
    {
        // The axis was made for this width, so its places are within the source.
        ref float from = ref MemoryMarshal.GetReference(source);
        ReadOnlySpan<int> first = axis.First.AsSpan(0, target.Length), second = axis.Second.AsSpan(0, target.Length);
        ReadOnlySpan<float> fraction = axis.Fraction.AsSpan(0, target.Length);
        for (int x = 0; x < target.Length; x++)
        {
            float weight = fraction[x];
            target[x] = MathF.FusedMultiplyAdd(weight, Unsafe.Add(ref from, second[x]), (1 - weight) * Unsafe.Add(ref from, first[x]));
        }
    }
}

/// <summary>Writes one row that is between two others, in some precision.</summary>
internal interface IRowWriter<T>
{
    /// <summary>target = (1 - weight) upper + weight lower; all of one length.</summary>
    static abstract void Blend(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, float weight, Span<T> target);
}

/// <summary>The same of the values that bytes become.</summary>
internal interface IInputRows<T> : IRowWriter<T>
{
    static abstract void Normalize(Normalizer normalizer, ReadOnlySpan<byte> source, Span<T> target);
}

internal readonly struct SingleRows : IInputRows<float>
{
    public static void Normalize(Normalizer normalizer, ReadOnlySpan<byte> source, Span<float> target) => normalizer.Write(source, target);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, float weight, Span<float> target)
    {
        ref float a = ref MemoryMarshal.GetReference(upper[..target.Length]);
        ref float b = ref MemoryMarshal.GetReference(lower[..target.Length]);
        ref float t = ref MemoryMarshal.GetReference(target);
        float rest = 1 - weight;
        nuint i = 0, length = (nuint)target.Length;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> w = Vector512.Create(weight), r = Vector512.Create(rest);
            for (; i + 16 <= length; i += 16)
                Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref b, i), r * Vector512.LoadUnsafe(ref a, i)).StoreUnsafe(ref t, i);
        }
        else
        {
            Vector256<float> w = Vector256.Create(weight), r = Vector256.Create(rest);
            for (; i + 8 <= length; i += 8)
                Vector256.FusedMultiplyAdd(w, Vector256.LoadUnsafe(ref b, i), r * Vector256.LoadUnsafe(ref a, i)).StoreUnsafe(ref t, i);
        }

        for (; i < length; i++)
            Unsafe.Add(ref t, i) = MathF.FusedMultiplyAdd(weight, Unsafe.Add(ref b, i), rest * Unsafe.Add(ref a, i));
    }
}

internal readonly struct BFloat16Rows : IInputRows<ushort>
{
    public static void Normalize(Normalizer normalizer, ReadOnlySpan<byte> source, Span<ushort> target) => normalizer.Write(source, target);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, float weight, Span<ushort> target)
    {
        ref float a = ref MemoryMarshal.GetReference(upper[..target.Length]);
        ref float b = ref MemoryMarshal.GetReference(lower[..target.Length]);
        ref ushort t = ref MemoryMarshal.GetReference(target);
        float rest = 1 - weight;
        nuint i = 0, length = (nuint)target.Length;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> w = Vector512.Create(weight), r = Vector512.Create(rest);
            for (; i + 32 <= length; i += 32)
            {
                nuint j = i + 16;
                Vector512<float> low = Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref b, i), r * Vector512.LoadUnsafe(ref a, i));
                Vector512<float> high = Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref b, j), r * Vector512.LoadUnsafe(ref a, j));
                BFloat16.Narrow(low, high).StoreUnsafe(ref t, i);
            }
        }
        else
        {
            Vector256<float> w = Vector256.Create(weight), r = Vector256.Create(rest);
            for (; i + 16 <= length; i += 16)
            {
                nuint j = i + 8;
                Vector256<float> low = Vector256.FusedMultiplyAdd(w, Vector256.LoadUnsafe(ref b, i), r * Vector256.LoadUnsafe(ref a, i));
                Vector256<float> high = Vector256.FusedMultiplyAdd(w, Vector256.LoadUnsafe(ref b, j), r * Vector256.LoadUnsafe(ref a, j));
                Vector256.Create(BFloat16.Narrow(low), BFloat16.Narrow(high)).StoreUnsafe(ref t, i);
            }
        }

        for (; i < length; i++)
            Unsafe.Add(ref t, i) = BFloat16.FromSingle(MathF.FusedMultiplyAdd(weight, Unsafe.Add(ref b, i), rest * Unsafe.Add(ref a, i)));
    }
}

/// <summary>Rows rounded to bytes, to nearest, ties to even.</summary>
internal readonly struct ByteRows : IRowWriter<byte>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, float weight, Span<byte> target)
    {
        ref float a = ref MemoryMarshal.GetReference(upper[..target.Length]);
        ref float b = ref MemoryMarshal.GetReference(lower[..target.Length]);
        ref byte t = ref MemoryMarshal.GetReference(target);
        float rest = 1 - weight;
        Vector512<float> w = Vector512.Create(weight), r = Vector512.Create(rest);
        nuint i = 0, length = (nuint)target.Length;
        for (; i + 16 <= length; i += 16)
        {
            Vector512<float> value = Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref b, i), r * Vector512.LoadUnsafe(ref a, i));
            PixelVectors.Truncate(Vector512.Round(value)).StoreUnsafe(ref t, i);
        }

        for (; i < length; i++)
            Unsafe.Add(ref t, i) = (byte)MathF.Round(MathF.FusedMultiplyAdd(weight, Unsafe.Add(ref b, i), rest * Unsafe.Add(ref a, i)));
    }
}
