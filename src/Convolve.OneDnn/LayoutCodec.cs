using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn;

/// <summary>Translates layouts into dnnl_memory_desc_t of oneDNN 2.6 and 2.7, and back.</summary>
internal static unsafe class LayoutCodec
{
    private const int SizesAt = 8, TypeAt = 104, PaddedSizesAt = 112, PaddedOffsetsAt = 208, FirstOffsetAt = 304, FormatKindAt = 312,
        StridesAt = 320, BlockCountAt = 416, BlocksAt = 424, BlockAxesAt = 520, ExtraFlagsAt = 616;
    private const int AnyKind = 1, BlockedKind = 2;

    /// <summary>A descriptor of <see cref="Dnnl.MemoryDescriptorBytes"/>; null for no layout, which the library takes for none.</summary>
    [return: NotNullIfNotNull(nameof(layout))]
    public static byte[]? Encode(Layout? layout)
    {
        if (layout is null)
            return null;
        if (layout.IsOpaque)
            return layout.Code.ToArray();
        byte[] descriptor = new byte[Dnnl.MemoryDescriptorBytes];
        MemoryMarshal.Write(descriptor, layout.Sizes.Count);
        Write(descriptor, SizesAt, [.. layout.Sizes]);
        MemoryMarshal.Write(descriptor.AsSpan(TypeAt), CodeOf(layout.Type));
        Write(descriptor, PaddedSizesAt, layout.PaddedSizes);
        MemoryMarshal.Write(descriptor.AsSpan(FormatKindAt), layout.IsAny ? AnyKind : BlockedKind);
        Write(descriptor, StridesAt, layout.Strides);
        MemoryMarshal.Write(descriptor.AsSpan(BlockCountAt), layout.Blocks.Count);
        Write(descriptor, BlocksAt, [.. layout.Blocks.Select(block => (long)block.Size)]);
        Write(descriptor, BlockAxesAt, [.. layout.Blocks.Select(block => (long)block.Axis)]);
        return descriptor;
    }

    /// <summary>The layout that the library describes.</summary>
    public static Layout Decode(byte* descriptor)
    {
        ReadOnlySpan<byte> bytes = new(descriptor, Dnnl.MemoryDescriptorBytes);
        int rank = MemoryMarshal.Read<int>(bytes), kind = MemoryMarshal.Read<int>(bytes[FormatKindAt..]);
        ElementType type = TypeOf(MemoryMarshal.Read<int>(bytes[TypeAt..]));
        ReadOnlySpan<long> sizes = Longs(bytes, SizesAt, rank);
        if (kind == AnyKind)
            return Layout.Any(type, sizes);
        // What is beyond blocks, such as sums for 8-bit weights or a window on a larger tensor, stays the library's own.
        if (kind != BlockedKind || MemoryMarshal.Read<long>(bytes[FirstOffsetAt..]) != 0
            || MemoryMarshal.Read<long>(bytes[ExtraFlagsAt..]) != 0
            || Longs(bytes, PaddedOffsetsAt, rank).ContainsAnyExcept(0))
            return Layout.Opaque(type, sizes, SizeOf(descriptor), bytes);
        int count = MemoryMarshal.Read<int>(bytes[BlockCountAt..]);
        LayoutBlock[] blocks = new LayoutBlock[count];
        for (int i = 0; i < count; i++)
            blocks[i] = new((int)Longs(bytes, BlockAxesAt, count)[i], (int)Longs(bytes, BlocksAt, count)[i]);
        return Layout.Strided(type, sizes, Longs(bytes, PaddedSizesAt, rank), Longs(bytes, StridesAt, rank), blocks);
    }

    /// <summary>The memory that the library takes for a descriptor.</summary>
    public static long SizeOf(byte* descriptor) => checked((long)Dnnl.dnnl_memory_desc_get_size(descriptor));

    /// <summary>dnnl_data_type_t.</summary>
    public static int CodeOf(ElementType type) => type switch
    {
        ElementType.BFloat16 => 2,
        ElementType.Float32 => 3,
        ElementType.Int32 => 4,
        ElementType.UInt8 => 6,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>DNNL_ARG_*.</summary>
    public static int CodeOf(Argument argument) => argument switch
    {
        Argument.Source => 1,
        Argument.Target => 17,
        Argument.Weights => 33,
        Argument.Bias => 41,
        Argument.Workspace => 64,
        Argument.Scratchpad => 80,
        Argument.DiffSource => 129,
        Argument.DiffTarget => 145,
        Argument.DiffWeights => 161,
        Argument.DiffBias => 169,
        >= Argument.FirstSource => 1024 + (argument - Argument.FirstSource),
        _ => throw new ArgumentOutOfRangeException(nameof(argument)),
    };

    private static ElementType TypeOf(int code) => code switch
    {
        2 => ElementType.BFloat16,
        3 => ElementType.Float32,
        4 => ElementType.Int32,
        _ => ElementType.UInt8,
    };

    private static ReadOnlySpan<long> Longs(ReadOnlySpan<byte> bytes, int offset, int count) => MemoryMarshal.Cast<byte,
        long>(bytes[offset..])[..count];

    private static void Write(byte[] descriptor, int offset, ReadOnlySpan<long> values) =>
        MemoryMarshal.AsBytes(values).CopyTo(descriptor.AsSpan(offset));
}
