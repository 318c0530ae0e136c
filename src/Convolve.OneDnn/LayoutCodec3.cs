using System.Collections.Concurrent;
using Convolve.Kernels;
using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn;

/// <summary>
/// Layouts as memory descriptors of oneDNN 3, which are handles: read by queries, made from strides or from a tag. The tag with the same
/// blocks is found by trying them, whatever its number is in the version at hand. A layout without a tag is made from the library's own
/// description of it, which is kept when it is read.
/// </summary>
internal sealed unsafe class LayoutCodec3 : LayoutCodec
{
    // More than any version has; the library refuses the others.
    private const int Tags = 2000;

    private readonly Lazy<(LayoutBlock[] Blocks, int Tag)[]>[] _tags =
        [.. Enumerable.Range(0, Dnnl.MaxDimensions + 1).Select(rank => new Lazy<(LayoutBlock[], int)[]>(() => TagsWithBlocks(rank)))];
    private readonly ConcurrentDictionary<Layout, byte[]> _withoutTag = new();

    public override nint Encode(Layout layout)
    {
        if (layout.IsOpaque)
            return FromBlob(layout, layout.Code);
        if (layout.IsAny)
        {
            nint any = WithTag(layout.Type, [.. layout.Sizes], Numbers.AnyTag.In3);
            return any != 0 ? any : throw Unknown(layout);
        }
        nint named = Named(layout);
        if (named != 0)
            return named;
        return _withoutTag.TryGetValue(layout, out byte[]? blob) ? FromBlob(layout, blob) : throw Unknown(layout);
    }

    public override void Free(nint descriptor) => _ = Dnnl3.dnnl_memory_desc_destroy(descriptor);

    public override Layout Decode(nint descriptor)
    {
        ElementType type = Codes.TypeOf(Int(descriptor, Numbers.Type), 3);
        ReadOnlySpan<long> sizes = Longs(descriptor, Numbers.Sizes, Int(descriptor, Numbers.Rank));
        int kind = Int(descriptor, Numbers.FormatKind);
        if (kind == Numbers.AnyKind.In3)
            return Layout.Any(type, sizes);
        // What is beyond blocks, such as sums for 8-bit weights or a window on a larger tensor, stays the library's own.
        if (kind == Numbers.BlockedKind.In3 && Long(descriptor, Numbers.FirstOffset) == 0
            && !Longs(descriptor, Numbers.PaddedOffsets, sizes.Length).ContainsAnyExcept(0))
        {
            Layout layout = Read(descriptor);
            if (IsWhole(layout, descriptor))
                return layout;
        }
        return Layout.Opaque(type, sizes, SizeOf(descriptor), BlobOf(descriptor));
    }

    // Whether the layout says all that the library knows; what is beyond sizes, strides and blocks cannot be queried.
    private bool IsWhole(Layout layout, nint descriptor)
    {
        nint named = Named(layout);
        if (named != 0)
        {
            bool isEqual = AreEqual(named, descriptor);
            Free(named);
            return isEqual;
        }
        if (layout.Bytes != SizeOf(descriptor) || BlobOf(descriptor) is not { Length: > 0 } blob)
            return false;
        _withoutTag[layout] = blob;
        return true;
    }

    private static Layout Read(nint descriptor)
    {
        int rank = Int(descriptor, Numbers.Rank);
        return Layout.Strided(Codes.TypeOf(Int(descriptor, Numbers.Type), 3), Longs(descriptor, Numbers.Sizes, rank),
            Longs(descriptor, Numbers.PaddedSizes, rank), Longs(descriptor, Numbers.Strides, rank), BlocksOf(descriptor));
    }

    private static LayoutBlock[] BlocksOf(nint descriptor)
    {
        LayoutBlock[] blocks = new LayoutBlock[Int(descriptor, Numbers.BlockCount)];
        ReadOnlySpan<long> axes = Longs(descriptor, Numbers.BlockAxes, blocks.Length),
            sizes = Longs(descriptor, Numbers.Blocks, blocks.Length);
        for (int i = 0; i < blocks.Length; i++)
            blocks[i] = new((int)axes[i], (int)sizes[i]);
        return blocks;
    }

    // A new descriptor of strides or by a tag; 0 if the library has neither for the layout.
    private nint Named(Layout layout)
    {
        long[] sizes = [.. layout.Sizes];
        if (layout.Blocks.Count == 0)
        {
            nint strided;
            fixed (long* size = sizes, stride = layout.Strides)
                return layout.PaddedSizes.SequenceEqual(sizes) && Dnnl3.dnnl_memory_desc_create_with_strides(&strided, sizes.Length, size,
                    Codes.Of(layout.Type).In3, stride) == Status.Success ? strided : 0;
        }
        foreach ((LayoutBlock[] blocks, int tag) in _tags[sizes.Length].Value)
        {
            nint tagged = layout.Blocks.SequenceEqual(blocks) ? WithTag(layout.Type, sizes, tag) : 0;
            if (tagged == 0)
                continue;
            if (Read(tagged).Equals(layout))
                return tagged;
            Free(tagged);
        }
        return 0;
    }

    private nint FromBlob(Layout layout, ReadOnlySpan<byte> blob)
    {
        nint descriptor;
        if (blob.Length == 0)
            throw Unknown(layout);
        fixed (byte* bytes = blob)
            Status.Check(Dnnl3.dnnl_memory_desc_create_with_blob(&descriptor, bytes));
        return descriptor;
    }

    // Empty before 3.4, where the library cannot describe itself in bytes.
    private static byte[] BlobOf(nint descriptor)
    {
        if (NativeLibraries.Function(nameof(Dnnl3.dnnl_memory_desc_get_blob)) == 0)
            return [];
        nuint size;
        Status.Check(Dnnl3.dnnl_memory_desc_get_blob(null, &size, descriptor));
        byte[] blob = new byte[size];
        fixed (byte* bytes = blob)
            Status.Check(Dnnl3.dnnl_memory_desc_get_blob(bytes, &size, descriptor));
        return blob;
    }

    private static nint WithTag(ElementType type, ReadOnlySpan<long> sizes, int tag)
    {
        nint descriptor;
        fixed (long* size = sizes)
            return Dnnl3.dnnl_memory_desc_create_with_tag(&descriptor, sizes.Length, size, Codes.Of(type).In3, tag) == Status.Success
                ? descriptor : 0;
    }

    private static (LayoutBlock[] Blocks, int Tag)[] TagsWithBlocks(int rank)
    {
        long[] sizes = new long[rank];
        sizes.AsSpan().Fill(1);
        List<(LayoutBlock[], int)> found = [];
        for (int tag = Numbers.AnyTag.In3 + 1; tag < Tags; tag++)
        {
            nint descriptor = WithTag(ElementType.Float32, sizes, tag);
            if (descriptor == 0)
                continue;
            if (Int(descriptor, Numbers.BlockCount) > 0)
                found.Add((BlocksOf(descriptor), tag));
            _ = Dnnl3.dnnl_memory_desc_destroy(descriptor);
        }
        return [.. found];
    }

    private static int Int(nint descriptor, Number what)
    {
        int value;
        Query(descriptor, what, &value);
        return value;
    }

    private static long Long(nint descriptor, Number what)
    {
        long value;
        Query(descriptor, what, &value);
        return value;
    }

    // The library's own, as long as the descriptor.
    private static ReadOnlySpan<long> Longs(nint descriptor, Number what, int count)
    {
        long* first;
        Query(descriptor, what, &first);
        return new(first, count);
    }

    private static void Query(nint descriptor, Number what, void* result)
    {
        int status = Dnnl3.dnnl_memory_desc_query(descriptor, what.In3, result);
        if (status != Status.Success)
            Status.Check(status, call: $"dnnl_memory_desc_query {what.Name}");
    }

    private static KernelLibraryException Unknown(Layout layout) => new(
        $"oneDNN has no memory descriptor for the layout {layout}. Use oneDNN 3.4 or later, which can describe every layout of its own.");
}
