using System.Runtime.InteropServices;
using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn;

/// <summary>Layouts as dnnl_memory_desc_t of oneDNN 2.6 and 2.7: a struct of 696 bytes.</summary>
internal sealed unsafe class LayoutCodec2 : LayoutCodec
{
    private const int SizesAt = 8, TypeAt = 104, PaddedSizesAt = 112, PaddedOffsetsAt = 208, FirstOffsetAt = 304, FormatKindAt = 312,
        StridesAt = 320, BlockCountAt = 416, BlocksAt = 424, BlockAxesAt = 520, ExtraFlagsAt = 616;

    public override nint Encode(Layout layout)
    {
        void* descriptor = NativeMemory.AllocZeroed(Dnnl2.MemoryDescriptorBytes);
        Span<byte> bytes = new(descriptor, Dnnl2.MemoryDescriptorBytes);
        if (layout.IsOpaque)
        {
            layout.Code.CopyTo(bytes);
            return (nint)descriptor;
        }
        MemoryMarshal.Write(bytes, layout.Sizes.Count);
        Write(bytes, SizesAt, [.. layout.Sizes]);
        MemoryMarshal.Write(bytes[TypeAt..], Codes.Of(layout.Type).In2);
        Write(bytes, PaddedSizesAt, layout.PaddedSizes);
        MemoryMarshal.Write(bytes[FormatKindAt..], layout.IsAny ? Numbers.AnyKind.In2 : Numbers.BlockedKind.In2);
        Write(bytes, StridesAt, layout.Strides);
        MemoryMarshal.Write(bytes[BlockCountAt..], layout.Blocks.Count);
        Write(bytes, BlocksAt, [.. layout.Blocks.Select(block => (long)block.Size)]);
        Write(bytes, BlockAxesAt, [.. layout.Blocks.Select(block => (long)block.Axis)]);
        return (nint)descriptor;
    }

    public override void Free(nint descriptor) => NativeMemory.Free((void*)descriptor);

    public override Layout Decode(nint descriptor)
    {
        ReadOnlySpan<byte> bytes = new((void*)descriptor, Dnnl2.MemoryDescriptorBytes);
        int rank = MemoryMarshal.Read<int>(bytes), kind = MemoryMarshal.Read<int>(bytes[FormatKindAt..]);
        ElementType type = Codes.TypeOf(MemoryMarshal.Read<int>(bytes[TypeAt..]), 2);
        ReadOnlySpan<long> sizes = Longs(bytes, SizesAt, rank);
        if (kind == Numbers.AnyKind.In2)
            return Layout.Any(type, sizes);
        // What is beyond blocks, such as sums for 8-bit weights or a window on a larger tensor, stays the library's own.
        if (kind != Numbers.BlockedKind.In2 || MemoryMarshal.Read<long>(bytes[FirstOffsetAt..]) != 0
            || MemoryMarshal.Read<long>(bytes[ExtraFlagsAt..]) != 0
            || Longs(bytes, PaddedOffsetsAt, rank).ContainsAnyExcept(0))
            return Layout.Opaque(type, sizes, SizeOf(descriptor), bytes);
        int count = MemoryMarshal.Read<int>(bytes[BlockCountAt..]);
        LayoutBlock[] blocks = new LayoutBlock[count];
        for (int i = 0; i < count; i++)
            blocks[i] = new((int)Longs(bytes, BlockAxesAt, count)[i], (int)Longs(bytes, BlocksAt, count)[i]);
        return Layout.Strided(type, sizes, Longs(bytes, PaddedSizesAt, rank), Longs(bytes, StridesAt, rank), blocks);
    }

    private static ReadOnlySpan<long> Longs(ReadOnlySpan<byte> bytes, int offset, int count) => MemoryMarshal.Cast<byte,
        long>(bytes[offset..])[..count];

    private static void Write(Span<byte> descriptor, int offset, ReadOnlySpan<long> values) =>
        MemoryMarshal.AsBytes(values).CopyTo(descriptor[offset..]);
}
