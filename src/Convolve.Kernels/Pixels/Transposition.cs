using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Pixels;

//     for each 16 by 16 bytes:  turn around
//
// source  [row][column], target [column][row], bytes
// Registers: 16 rows of 16. L1: the lines of 16 rows of either side. Bound: 64 shuffles for 256 bytes.

/// <summary>Swaps rows and columns of a matrix of bytes.</summary>
internal static class Transposition
{
    private const int Side = 16;

    /// <summary>target[x, y] = source[y, x].</summary>
    /// <param name="source">Rows of <paramref name="width"/>.</param>
    /// <param name="width">Columns of the source that count: as many as the target has room for.</param>
    /// <param name="target">Rows of <paramref name="stride"/>, at least as long as the source has rows.</param>
    /// <param name="stride">The length of the target's rows.</param>
    public static void Run(ReadOnlySpan<byte> source, int width, Span<byte> target, int stride)
    {
        int height = source.Length / width, columns = target.Length / stride;
        ref byte from = ref MemoryMarshal.GetReference(source), to = ref MemoryMarshal.GetReference(target);
        if (!Sse2.IsSupported || height < Side || columns < Side)
        {
            for (int y = 0; y < Math.Min(height, stride); y++)
                for (int x = 0; x < columns; x++)
                    target[x * stride + y] = source[y * width + x];
            return;
        }

        // The last block of each direction reaches back to be whole.
        for (int y = 0; y < height; y += Side)
        {
            int top = Math.Min(y, height - Side);
            for (int x = 0; x < columns; x += Side)
            {
                int left = Math.Min(x, columns - Side);
                Block(ref Unsafe.Add(ref from, top * width + left), width, ref Unsafe.Add(ref to, left * stride + top), stride);
            }
        }
    }

    // Four times, each of the upper eight rows is interleaved with its partner among the lower eight: then rows are columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block(ref byte from, int width, ref byte to, int stride)
    {
        Vector128<byte> r0 = Row(ref from, 0 * width), r1 = Row(ref from, 1 * width);
        Vector128<byte> r2 = Row(ref from, 2 * width), r3 = Row(ref from, 3 * width);
        Vector128<byte> r4 = Row(ref from, 4 * width), r5 = Row(ref from, 5 * width);
        Vector128<byte> r6 = Row(ref from, 6 * width), r7 = Row(ref from, 7 * width);
        Vector128<byte> r8 = Row(ref from, 8 * width), r9 = Row(ref from, 9 * width);
        Vector128<byte> r10 = Row(ref from, 10 * width), r11 = Row(ref from, 11 * width);
        Vector128<byte> r12 = Row(ref from, 12 * width), r13 = Row(ref from, 13 * width);
        Vector128<byte> r14 = Row(ref from, 14 * width), r15 = Row(ref from, 15 * width);
        var (s0, s1) = Interleave(r0, r8);
        var (s2, s3) = Interleave(r1, r9);
        var (s4, s5) = Interleave(r2, r10);
        var (s6, s7) = Interleave(r3, r11);
        var (s8, s9) = Interleave(r4, r12);
        var (s10, s11) = Interleave(r5, r13);
        var (s12, s13) = Interleave(r6, r14);
        var (s14, s15) = Interleave(r7, r15);
        var (t0, t1) = Interleave(s0, s8);
        var (t2, t3) = Interleave(s1, s9);
        var (t4, t5) = Interleave(s2, s10);
        var (t6, t7) = Interleave(s3, s11);
        var (t8, t9) = Interleave(s4, s12);
        var (t10, t11) = Interleave(s5, s13);
        var (t12, t13) = Interleave(s6, s14);
        var (t14, t15) = Interleave(s7, s15);
        var (u0, u1) = Interleave(t0, t8);
        var (u2, u3) = Interleave(t1, t9);
        var (u4, u5) = Interleave(t2, t10);
        var (u6, u7) = Interleave(t3, t11);
        var (u8, u9) = Interleave(t4, t12);
        var (u10, u11) = Interleave(t5, t13);
        var (u12, u13) = Interleave(t6, t14);
        var (u14, u15) = Interleave(t7, t15);
        Store(u0, u8, ref to, 0 * stride, stride);
        Store(u1, u9, ref to, 2 * stride, stride);
        Store(u2, u10, ref to, 4 * stride, stride);
        Store(u3, u11, ref to, 6 * stride, stride);
        Store(u4, u12, ref to, 8 * stride, stride);
        Store(u5, u13, ref to, 10 * stride, stride);
        Store(u6, u14, ref to, 12 * stride, stride);
        Store(u7, u15, ref to, 14 * stride, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Row(ref byte from, int offset) => Vector128.LoadUnsafe(ref from, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<byte> Low, Vector128<byte> High) Interleave(Vector128<byte> a, Vector128<byte> b) =>
        (Sse2.UnpackLow(a, b), Sse2.UnpackHigh(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<byte> a, Vector128<byte> b, ref byte to, int offset, int stride)
    {
        var (low, high) = Interleave(a, b);
        low.StoreUnsafe(ref to, (nuint)offset);
        high.StoreUnsafe(ref to, (nuint)(offset + stride));
    }
}
