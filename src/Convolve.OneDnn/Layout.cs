using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Convolve.OneDnn;

/// <summary>The number format of a tensor's elements.</summary>
public enum ElementType
{
    BFloat16 = 2,
    Float32 = 3,
    Int32 = 4,
    UInt8 = 6,
}

/// <summary>Indices of an axis that are kept together.</summary>
/// <param name="Axis">Which.</param>
/// <param name="Size">How many.</param>
public readonly record struct LayoutBlock(int Axis, int Size);

/// <summary>How the elements of a tensor lie in memory: sizes, element type, order and blocking. Compared by value.</summary>
public sealed class Layout : IEquatable<Layout>
{
    private const int SizesAt = 8, TypeAt = 104, PaddedSizesAt = 112, FormatKindAt = 312, StridesAt = 320, BlockCountAt = 416, BlocksAt = 424, BlockAxesAt = 520;
    private const int AnyKind = 1, BlockedKind = 2;
    private readonly byte[] _descriptor;

    internal Layout(ReadOnlySpan<byte> descriptor) => _descriptor = descriptor.ToArray();

    internal ReadOnlySpan<byte> Descriptor => _descriptor;

    /// <summary>Logical sizes: N, C, H, W; N, features; O, I, H, W; G, O, I, H, W.</summary>
    public IReadOnlyList<long> Sizes => Longs(SizesAt, Read<int>(0));

    public ElementType Type => (ElementType)Read<int>(TypeAt);

    /// <summary>Whether the library is still free to choose.</summary>
    public bool IsAny => Read<int>(FormatKindAt) == AnyKind;

    /// <summary>Whether the elements lie in row-major order without blocks or gaps.</summary>
    public bool IsPlain
    {
        get
        {
            if (Read<int>(FormatKindAt) != BlockedKind || Read<int>(BlockCountAt) != 0)
                return false;
            IReadOnlyList<long> sizes = Sizes;
            long[] strides = Longs(StridesAt, sizes.Count);
            long expected = 1;
            for (int i = sizes.Count - 1; i >= 0; expected *= sizes[i], i--)
                if (strides[i] != expected && sizes[i] != 1)
                    return false;
            return true;
        }
    }

    /// <summary>The memory it takes, padding of the blocks included.</summary>
    public unsafe long Bytes
    {
        get
        {
            fixed (byte* descriptor = _descriptor)
                return (long)Dnnl.dnnl_memory_desc_get_size(descriptor);
        }
    }

    public unsafe bool Equals(Layout? other)
    {
        if (other is null)
            return false;
        fixed (byte* left = _descriptor, right = other._descriptor)
            return ReferenceEquals(this, other) || Dnnl.dnnl_memory_desc_equal(left, right) != 0;
    }

    public override bool Equals(object? obj) => Equals(obj as Layout);

    public override int GetHashCode() => Sizes.Aggregate((int)Type, HashCode.Combine);

    /// <summary>Such as "f32 64x96x54x54 aBcd16b": type, sizes, and the order of the axes with a capital for a blocked one.</summary>
    public override string ToString()
    {
        string type = Type switch { ElementType.Float32 => "f32", ElementType.BFloat16 => "bf16", ElementType.UInt8 => "u8", _ => "s32" };
        return string.Create(CultureInfo.InvariantCulture, $"{type} {string.Join('x', Sizes)} {Format}");
    }

    /// <summary>The order of the axes alone, such as "aBcd16b".</summary>
    public string Format
    {
        get
        {
            if (Read<int>(FormatKindAt) != BlockedKind)
                return IsAny ? "any" : "opaque";
            int rank = Sizes.Count, blocks = Read<int>(BlockCountAt);
            long[] strides = Longs(StridesAt, rank), sizes = Longs(BlocksAt, blocks), axes = Longs(BlockAxesAt, blocks);
            StringBuilder text = new();
            foreach (int axis in Enumerable.Range(0, rank).OrderByDescending(i => strides[i]))
                text.Append((char)((axes.Contains(axis) ? 'A' : 'a') + axis));
            for (int i = 0; i < blocks; i++)
                text.Append(CultureInfo.InvariantCulture, $"{sizes[i]}{(char)('a' + axes[i])}");
            return text.ToString();
        }
    }

    /// <summary>
    /// Channels of an image that are side by side: 1 in row-major order, 16 in [N][C/16][H][W][16], all of them where the channels are last; null for
    /// whatever is no such image.
    /// </summary>
    public int? ChannelBlock => Sizes.Count != 4 || Read<int>(FormatKindAt) != BlockedKind ? null : Blocks switch
    {
        [] when IsPlain => 1,
        [] when Order is [0, 2, 3, 1] => (int)Sizes[1],
        [{ Size: var size }] when IsBlockedBy(size) => size,
        _ => null,
    };

    /// <summary>Whether it is an image in blocks of channels, such as [N][C/16][H][W][16].</summary>
    /// <param name="channels">Of a block.</param>
    public bool IsBlockedBy(int channels) => Order is [0, 1, 2, 3] && Blocks is [{ Axis: 1, Size: var size }] && size == channels;

    /// <summary>Filters and channels of a block of convolution weights in [O/16][I/16][H][W][16 i][16 o]; null for other layouts.</summary>
    public int? FilterBlock => Read<int>(FormatKindAt) == BlockedKind && Order is [0, 1, 2, 3]
        && Blocks is [{ Axis: 1, Size: var channels }, { Axis: 0, Size: var filters }] && channels == filters ? filters : null;

    /// <summary>The axes, outermost first; of axes that are equally far apart, the first in <see cref="Sizes"/> first. Empty where the library has yet to choose.</summary>
    public IReadOnlyList<int> Order
    {
        get
        {
            if (Read<int>(FormatKindAt) != BlockedKind)
                return [];
            long[] strides = Longs(StridesAt, Sizes.Count);
            return [.. Enumerable.Range(0, strides.Length).OrderByDescending(i => strides[i])];
        }
    }

    /// <summary>Blocks within the axes, the innermost last.</summary>
    public IReadOnlyList<LayoutBlock> Blocks
    {
        get
        {
            if (Read<int>(FormatKindAt) != BlockedKind)
                return [];
            int count = Read<int>(BlockCountAt);
            return [.. Longs(BlockAxesAt, count).Zip(Longs(BlocksAt, count), (axis, size) => new LayoutBlock((int)axis, (int)size))];
        }
    }

    /// <summary>How far each index of an axis is from index 0, in elements, padding included. The place of an element is the sum over its axes.</summary>
    /// <exception cref="InvalidOperationException">The layout is opaque, or still to be chosen.</exception>
    public long[] OffsetsOf(int axis)
    {
        if (Read<int>(FormatKindAt) != BlockedKind)
            throw new InvalidOperationException($"{this}: the library hasn't said where the elements are.");
        int rank = Sizes.Count, blocks = Read<int>(BlockCountAt);
        long stride = Longs(StridesAt, rank)[axis];
        long[] sizes = Longs(BlocksAt, blocks), axes = Longs(BlockAxesAt, blocks), offsets = new long[Longs(PaddedSizesAt, rank)[axis]];
        for (long i = 0; i < offsets.Length; i++)
        {
            // The last block is the innermost: its elements are neighbors.
            long rest = i, place = 0, step = 1;
            for (int block = blocks - 1; block >= 0; step *= sizes[block--])
                if (axes[block] == axis)
                    (rest, place) = (rest / sizes[block], place + rest % sizes[block] * step);
            offsets[i] = place + rest * stride;
        }
        return offsets;
    }

    private T Read<T>(int offset) where T : unmanaged => MemoryMarshal.Read<T>(_descriptor.AsSpan(offset));

    private long[] Longs(int offset, int count) => MemoryMarshal.Cast<byte, long>(_descriptor.AsSpan(offset))[..count].ToArray();
}
