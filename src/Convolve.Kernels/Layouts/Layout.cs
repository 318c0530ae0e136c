using System.Globalization;
using System.Text;

namespace Convolve.Kernels.Layouts;

/// <summary>
/// Where the elements of a tensor are in memory: sizes, element type, distances and blocks. Immutable, compared by value.
/// </summary>
internal sealed class Layout : IEquatable<Layout>
{
    private const int MostAxes = 12, ImageAxes = 4;
    private readonly Kind _kind;
    private readonly long[] _sizes, _paddedSizes, _strides;
    private readonly LayoutBlock[] _blocks;
    private readonly byte[] _code;

    private Layout(Kind kind, ElementType type, ReadOnlySpan<long> sizes, ReadOnlySpan<long> paddedSizes, ReadOnlySpan<long> strides,
        ReadOnlySpan<LayoutBlock> blocks, long bytes = 0, ReadOnlySpan<byte> code = default)
    {
        foreach (long size in sizes)
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(sizes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizes.Length, MostAxes, nameof(sizes));
        (_kind, Type, _sizes, _paddedSizes, _strides, _blocks, _code) =
            (kind, type, sizes.ToArray(), paddedSizes.ToArray(), strides.ToArray(), blocks.ToArray(), code.ToArray());
        Order = [.. Enumerable.Range(0, _strides.Length).OrderByDescending(i => _strides[i])];
        Bytes = kind == Kind.Blocked ? BlockedBytes() : bytes;
    }

    private enum Kind
    {
        Blocked,
        Any,
        Opaque,
    }

    /// <summary>Row-major order.</summary>
    public static Layout Plain(ElementType type, params ReadOnlySpan<long> sizes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizes.Length, nameof(sizes));
        return Dense(type, sizes, [.. Enumerable.Range(0, sizes.Length)], []);
    }

    /// <summary>
    /// Images N, C, H, W in blocks of channels, [N][C/16][H][W][16] or the same with 8, a last block filled up with zeros.
    /// </summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="block">The channels of a block.</param>
    /// <param name="sizes">N, C, H and W.</param>
    public static Layout Blocked(ElementType type, int block, params ReadOnlySpan<long> sizes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sizes.Length, ImageAxes, nameof(sizes));
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        return Dense(type, sizes, [0, 1, 2, 3], [new(1, block)]);
    }

    /// <summary>One that a kernel library may choose.</summary>
    public static Layout Any(ElementType type, params ReadOnlySpan<long> sizes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizes.Length, nameof(sizes));
        return new(Kind.Any, type, sizes, sizes, [], []);
    }

    /// <summary>Without gaps, last blocks filled up with zeros.</summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="sizes">Of the axes.</param>
    /// <param name="order">The axes, outermost first.</param>
    /// <param name="blocks">Within the axes, the innermost last.</param>
    internal static Layout Dense(ElementType type, ReadOnlySpan<long> sizes, ReadOnlySpan<int> order, ReadOnlySpan<LayoutBlock> blocks)
    {
        long[] padded = new long[sizes.Length], strides = new long[sizes.Length];
        long stride = 1;
        foreach (LayoutBlock block in blocks)
            stride *= block.Size;
        for (int i = order.Length - 1; i >= 0; i--)
        {
            int axis = order[i];
            long inside = InBlocks(blocks, axis), outside = (sizes[axis] + inside - 1) / inside;
            (padded[axis], strides[axis]) = (outside * inside, stride);
            stride = checked(stride * outside);
        }
        return new(Kind.Blocked, type, sizes, padded, strides, blocks);
    }

    /// <summary>At any distances.</summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="sizes">Of the axes.</param>
    /// <param name="paddedSizes">The same, filled up to whole blocks.</param>
    /// <param name="strides">From one block of an axis to the next, in elements.</param>
    /// <param name="blocks">Within the axes, the innermost last.</param>
    internal static Layout Strided(ElementType type, ReadOnlySpan<long> sizes, ReadOnlySpan<long> paddedSizes, ReadOnlySpan<long> strides,
        ReadOnlySpan<LayoutBlock> blocks) => new(Kind.Blocked, type, sizes, paddedSizes, strides, blocks);

    /// <summary>One that only the library that chose it can read.</summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="sizes">Of the axes.</param>
    /// <param name="bytes">The memory it takes.</param>
    /// <param name="code">The library's own description.</param>
    internal static Layout Opaque(ElementType type, ReadOnlySpan<long> sizes, long bytes, ReadOnlySpan<byte> code) =>
        new(Kind.Opaque, type, sizes, sizes, [], [], bytes, code);

    public ElementType Type { get; }

    /// <summary>Logical sizes: N, C, H, W; N, features; O, I, H, W; G, O, I, H, W.</summary>
    public IReadOnlyList<long> Sizes => _sizes;

    /// <summary>The memory it takes, padding of the blocks included; 0 where the library has yet to choose.</summary>
    public long Bytes { get; }

    /// <summary>Whether the library has yet to choose.</summary>
    public bool IsAny => _kind == Kind.Any;

    /// <summary>Whether only the library that chose it can read it.</summary>
    public bool IsOpaque => _kind == Kind.Opaque;

    /// <summary>Whether the elements are in row-major order without blocks or gaps.</summary>
    public bool IsPlain
    {
        get
        {
            if (_kind != Kind.Blocked || _blocks.Length > 0)
                return false;
            long expected = 1;
            for (int i = _sizes.Length - 1; i >= 0; expected *= _sizes[i], i--)
                if (_strides[i] != expected && _sizes[i] != 1)
                    return false;
            return true;
        }
    }

    /// <summary>
    /// Channels of an image that are side by side: 1 in row-major order, 16 in [N][C/16][H][W][16], all of them where the channels are
    /// last; null for whatever isn't such an image.
    /// </summary>
    public int? ChannelBlock => _sizes.Length != ImageAxes ? null : _blocks switch
    {
        [] when Order is [0, 2, 3, 1] => (int)_sizes[1], // first, because an image of one pixel is in row-major order too
        [] when IsPlain => 1,
        [{ Size: var size }] when IsBlockedBy(size) => size,
        _ => null,
    };

    /// <summary>Whether it is an image in blocks of channels, such as [N][C/16][H][W][16].</summary>
    /// <param name="channels">Of a block.</param>
    public bool IsBlockedBy(int channels) => Order is [0, 1, 2, 3] && _blocks is [{ Axis: 1, Size: var size }] && size == channels;

    /// <summary>Filters and channels of a block of convolution weights in [O/16][I/16][H][W][16 i][16 o]; null for other layouts.</summary>
    public int? FilterBlock => Order is [0, 1, 2, 3]
        && _blocks is [{ Axis: 1, Size: var channels }, { Axis: 0, Size: var filters }] && channels == filters ? filters : null;

    /// <summary>
    /// The axes, outermost first; of axes that are equally far apart, the first in <see cref="Sizes"/> first. Empty where nobody can say.
    /// </summary>
    public IReadOnlyList<int> Order { get; }

    /// <summary>Blocks within the axes, the innermost last.</summary>
    public IReadOnlyList<LayoutBlock> Blocks => _blocks;

    /// <summary>The sizes, filled up to whole blocks.</summary>
    internal ReadOnlySpan<long> PaddedSizes => _paddedSizes;

    /// <summary>From one block of an axis to the next, in elements.</summary>
    internal ReadOnlySpan<long> Strides => _strides;

    /// <summary>Of an opaque layout: the library's own description.</summary>
    internal ReadOnlySpan<byte> Code => _code;

    /// <summary>The order of the axes alone, such as "aBcd16b", with a capital for a blocked one.</summary>
    public string Format
    {
        get
        {
            if (_kind != Kind.Blocked)
                return IsAny ? "any" : "opaque";
            StringBuilder text = new();
            foreach (int axis in Order)
                text.Append((char)((_blocks.Any(block => block.Axis == axis) ? 'A' : 'a') + axis));
            foreach (LayoutBlock block in _blocks)
                text.Append(CultureInfo.InvariantCulture, $"{block.Size}{(char)('a' + block.Axis)}");
            return text.ToString();
        }
    }

    /// <summary>
    /// How far each index of an axis is from index 0, in elements, padding included. The place of an element is the sum over its axes.
    /// </summary>
    /// <exception cref="InvalidOperationException">The layout is opaque, or still to be chosen.</exception>
    public long[] OffsetsOf(int axis)
    {
        if (_kind != Kind.Blocked)
            throw new InvalidOperationException($"{this}: the kernel library hasn't chosen where the elements go.");
        long[] offsets = new long[_paddedSizes[axis]];
        for (long i = 0; i < offsets.Length; i++)
        {
            // The last block is the innermost: its elements are neighbors.
            long rest = i, place = 0, step = 1;
            for (int block = _blocks.Length - 1; block >= 0; step *= _blocks[block--].Size)
                if (_blocks[block].Axis == axis)
                    (rest, place) = (rest / _blocks[block].Size, place + rest % _blocks[block].Size * step);
            offsets[i] = place + rest * _strides[axis];
        }
        return offsets;
    }

    public bool Equals(Layout? other) => ReferenceEquals(this, other)
        || (other is not null && _kind == other._kind && Type == other.Type && _sizes.AsSpan().SequenceEqual(other._sizes)
            && _paddedSizes.AsSpan().SequenceEqual(other._paddedSizes) && _blocks.AsSpan().SequenceEqual(other._blocks)
            && _code.AsSpan().SequenceEqual(other._code) && HasStridesOf(other));

    public override bool Equals(object? obj) => Equals(obj as Layout);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(_kind);
        hash.Add(Type);
        foreach (long size in _sizes)
            hash.Add(size);
        foreach (LayoutBlock block in _blocks)
            hash.Add(block);
        return hash.ToHashCode();
    }

    /// <summary>Such as "f32 64x96x54x54 aBcd16b": type, sizes, and the order of the axes.</summary>
    public override string ToString()
    {
        string type = Type switch { ElementType.Float32 => "f32", ElementType.BFloat16 => "bf16", ElementType.UInt8 => "u8", _ => "s32" };
        return string.Create(CultureInfo.InvariantCulture, $"{type} {string.Join('x', _sizes)} {Format}");
    }

    // How far the next index would be says nothing where an axis has one.
    private bool HasStridesOf(Layout other)
    {
        for (int i = 0; i < _strides.Length; i++)
            if (_strides[i] != other._strides[i] && _paddedSizes[i] != 1)
                return false;
        return true;
    }

    private long BlockedBytes()
    {
        long inside = 1, elements = 1;
        foreach (LayoutBlock block in _blocks)
            inside *= block.Size;
        for (int axis = 0; axis < _sizes.Length; axis++)
        {
            long outside = _paddedSizes[axis] / InBlocks(_blocks, axis);
            if (outside == 0)
                return 0;
            elements = outside == 1 ? elements : Math.Max(elements, checked(outside * _strides[axis]));
        }
        return Math.Max(elements, inside) * (Type switch { ElementType.UInt8 => 1, ElementType.BFloat16 => 2, _ => 4 });
    }

    private static long InBlocks(ReadOnlySpan<LayoutBlock> blocks, int axis)
    {
        long product = 1;
        foreach (LayoutBlock block in blocks)
            product *= block.Axis == axis ? block.Size : 1;
        return product;
    }
}
