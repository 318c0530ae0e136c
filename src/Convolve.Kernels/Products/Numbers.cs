using System.Runtime.CompilerServices;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

//     for each vector of a row:  float32 = bfloat16, or back
//
// numbers  [row][column]  float32 or bfloat16
// Bound: memory.

/// <summary>Rows of numbers in memory, float32 or bfloat16, read and written as float32.</summary>
/// <param name="address">Of the first.</param>
/// <param name="columns">Of a row.</param>
/// <param name="type">Of the numbers.</param>
internal readonly unsafe struct Numbers(nint address, long columns, ElementType type)
{
    public bool IsBFloat16 => type == ElementType.BFloat16;

    public float* Single(long row, long column) => (float*)address + row * columns + column;

    public ushort* Half(long row, long column) => (ushort*)address + row * columns + column;

    public float this[long row, long column]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsBFloat16 ? BFloat16.ToSingle(*Half(row, column)) : *Single(row, column);
    }

    /// <summary>Reads numbers of a row.</summary>
    public void Read<TVector>(long row, long column, int count, float* to) where TVector : unmanaged, IFloats<TVector>
    {
        int i = 0;
        if (IsBFloat16)
        {
            ushort* from = Half(row, column);
            for (; i + TVector.Count <= count; i += TVector.Count)
                TVector.LoadBFloat16(from + i).Store(to + i);
            for (; i < count; i++)
                to[i] = BFloat16.ToSingle(from[i]);
            return;
        }
        new ReadOnlySpan<float>(Single(row, column), count).CopyTo(new(to, count));
    }

    /// <summary>Writes numbers of a row, rounded where they are bfloat16.</summary>
    public void Write<TVector>(long row, long column, int count, float* from) where TVector : unmanaged, IFloats<TVector>
    {
        int i = 0;
        if (IsBFloat16)
        {
            ushort* to = Half(row, column);
            for (; i + TVector.Count <= count; i += TVector.Count)
                TVector.Load(from + i).StoreBFloat16(to + i);
            for (; i < count; i++)
                to[i] = BFloat16.FromSingle(from[i]);
            return;
        }
        new ReadOnlySpan<float>(from, count).CopyTo(new(Single(row, column), count));
    }
}
