using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pixels;

//     for each 16 bytes:  value = scale byte + shift;  or, byte by byte, the table
//
// source  bytes of one channel; target float32 or bfloat16
// Registers: scale and shift in float64. L1: the table. Bound: the conversions to float64, two vectors for 16 bytes; else look-ups.

/// <summary>The input values that the bytes of one channel become, and those loops over bytes that need nothing else.</summary>
internal sealed class Normalizer
{
    private readonly float[] _table = new float[256];
    private readonly ushort[] _bfloat16Table;
    private readonly double _scale, _shift;
    private readonly bool _isLine;

    /// <param name="normalized">The value of a byte.</param>
    /// <param name="mean">Of the channel, in [0, 1].</param>
    /// <param name="std">Of the channel, in [0, 1].</param>
    public Normalizer(Func<int, float> normalized, double mean, double std)
    {
        for (int i = 0; i < 256; i++)
            _table[i] = normalized(i);
        _bfloat16Table = Array.ConvertAll(_table, BFloat16.FromSingle);
        (_scale, _shift) = (1 / (255 * std), -mean / std);
        if (!Avx512F.IsSupported)
            return;
        // Arithmetic is three times faster than look-ups, and good enough where it gives the table, which has the last word.
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        float[] line = new float[256];
        Line(all, line);
        _isLine = line.AsSpan().SequenceEqual(_table);
    }

    /// <summary>The value of each byte.</summary>
    public ReadOnlySpan<float> Table => _table;

    public bool GivesTheSameAs(Normalizer other) => _table.AsSpan().SequenceEqual(other._table);

    public void Write(ReadOnlySpan<byte> source, Span<float> target)
    {
        if (_isLine)
            Line(source, target);
        else
            PixelRows.LookUp(source, _table, target);
    }

    public void Write(ReadOnlySpan<byte> source, Span<ushort> target)
    {
        if (_isLine)
            Line(source, target);
        else
            PixelRows.LookUp(source, _bfloat16Table, target);
    }

    /// <summary>The byte whose value is nearest.</summary>
    public byte Inverse(float value) => (byte)Math.Clamp(Math.Round((value - _shift) / _scale), 0, 255);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(ReadOnlySpan<byte> source, Span<float> target)
    {
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(target[..source.Length]);
        Vector512<double> scale = Vector512.Create(_scale), shift = Vector512.Create(_shift);
        nuint i = 0, length = (nuint)source.Length;
        for (; i + 16 <= length; i += 16)
            Sixteen(ref Unsafe.Add(ref from, i), scale, shift).StoreUnsafe(ref to, i);
        for (; i < length; i++)
            Unsafe.Add(ref to, i) = _table[Unsafe.Add(ref from, i)];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(ReadOnlySpan<byte> source, Span<ushort> target)
    {
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref ushort to = ref MemoryMarshal.GetReference(target[..source.Length]);
        Vector512<double> scale = Vector512.Create(_scale), shift = Vector512.Create(_shift);
        nuint i = 0, length = (nuint)source.Length;
        for (; i + 32 <= length; i += 32)
        {
            Vector512<float> low = Sixteen(ref Unsafe.Add(ref from, i), scale, shift),
                high = Sixteen(ref Unsafe.Add(ref from, i + 16), scale, shift);
            BFloat16.Narrow(low, high).StoreUnsafe(ref to, i);
        }

        for (; i < length; i++)
            Unsafe.Add(ref to, i) = _bfloat16Table[Unsafe.Add(ref from, i)];
    }

    // In double precision, so that the one rounding is that of the table.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sixteen(ref byte from, Vector512<double> scale, Vector512<double> shift)
    {
        Vector512<int> values = Avx512F.ConvertToVector512Int32(Vector128.LoadUnsafe(ref from));
        Vector512<double> low = Avx512F.ConvertToVector512Double(values.GetLower()),
            high = Avx512F.ConvertToVector512Double(values.GetUpper());
        return Vector512.Narrow(Vector512.FusedMultiplyAdd(low, scale, shift), Vector512.FusedMultiplyAdd(high, scale, shift));
    }
}
