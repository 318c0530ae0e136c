using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Convolve.OneDnn;

namespace Convolve.Testing.Software;

/// <summary>Layouts by how they print: the order of the axes, then the blocks within, such as "ABcd8b16a2b".</summary>
internal static partial class LayoutFormat
{
    private const int RankAt = 0, SizesAt = 8, TypeAt = 104, PaddedSizesAt = 112, KindAt = 312, StridesAt = 320, BlockCountAt = 416, BlocksAt = 424, BlockAxesAt = 520, Blocked = 2;

    /// <summary>Fills the last block of an axis up.</summary>
    public static Layout Create(ElementType type, IReadOnlyList<long> sizes, string format)
    {
        byte[] descriptor = new byte[Dnnl.MemoryDescriptorBytes];
        int rank = sizes.Count;
        (int Axis, long Size)[] blocks = [.. Block().Matches(format[rank..]).Select(m => (m.Groups[2].Value[0] - 'a', long.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)))];
        long[] whole = [.. Enumerable.Range(0, rank).Select(axis => blocks.Where(b => b.Axis == axis).Aggregate(1L, (product, b) => product * b.Size))];
        long[] outer = [.. sizes.Select((size, axis) => (size + whole[axis] - 1) / whole[axis])];
        Set(RankAt, rank);
        Set(TypeAt, (int)type);
        Set(KindAt, Blocked);
        Set(BlockCountAt, blocks.Length);
        long stride = whole.Aggregate(1L, (product, size) => product * size);
        foreach (char letter in format[..rank].Reverse())
        {
            int axis = char.ToLowerInvariant(letter) - 'a';
            SetLong(StridesAt, axis, stride);
            stride *= outer[axis];
        }
        for (int axis = 0; axis < rank; axis++)
        {
            SetLong(SizesAt, axis, sizes[axis]);
            SetLong(PaddedSizesAt, axis, outer[axis] * whole[axis]);
        }
        for (int i = 0; i < blocks.Length; i++)
        {
            SetLong(BlocksAt, i, blocks[i].Size);
            SetLong(BlockAxesAt, i, blocks[i].Axis);
        }
        return new(descriptor);

        void Set(int at, int value) => MemoryMarshal.Write(descriptor.AsSpan(at), value);
        void SetLong(int at, int index, long value) => MemoryMarshal.Write(descriptor.AsSpan(at + 8 * index), value);
    }

    [GeneratedRegex("([0-9]+)([a-z])")]
    private static partial Regex Block();
}
