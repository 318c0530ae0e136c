using Convolve.Kernels.Layouts;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

/// <summary>Layouts and the library's descriptors say the same: sizes in bytes, equality, the way there and back.</summary>
public sealed unsafe class LayoutCodecTests : IDisposable
{
    // More than any version of the library has.
    private const int Tags = 2000;

    private readonly Descriptors _made = new(Codec);

    public static TheoryData<string> Types => [.. Enum.GetNames<ElementType>()];

    // Axes of 1 whose distances say nothing, blocks that are filled up, and those that are whole.
    private static readonly long[][] Shapes =
    [
        [1], [7], [1, 1], [2, 17], [16, 64], [100, 6160], [2, 3, 5], [1, 1, 1, 1], [1, 16, 1, 1], [2, 17, 3, 5], [32, 32, 3, 3],
        [1, 48, 7, 1],
        [2, 1, 4, 4], [2, 8, 3, 5, 5], [1, 16, 16, 1, 1], [2, 3, 4, 5, 6, 7],
    ];

    private static LayoutCodec Codec => Backend.Library.Codec;

    public void Dispose() => _made.Dispose();

    [NeedsTheory(Feature.Library), MemberData(nameof(Types))]
    public void Every_layout_that_the_library_names_comes_back_the_same(string element)
    {
        ElementType type = Enum.Parse<ElementType>(element);
        int found = 0;
        foreach (long[] shape in Shapes)
            foreach (nint descriptor in ByTags(type, shape))
            {
                Layout layout = Codec.Decode(descriptor);
                nint back = _made[layout];
                Assert.True(LayoutCodec.AreEqual(descriptor, back), $"{layout} became {Codec.Decode(back)}");
                Assert.Equal(LayoutCodec.SizeOf(descriptor), layout.Bytes);
                Assert.Equal(layout, Codec.Decode(back));
                Assert.False(layout.IsOpaque);
                found++;
                Codec.Free(descriptor);
            }
        Assert.InRange(found, 100, int.MaxValue);
    }

    [NeedsFact(Feature.Library)]
    public void Layouts_are_equal_where_the_librarys_are()
    {
        foreach (long[] shape in Shapes)
        {
            (nint Descriptor, Layout Layout)[] all =
                [.. ByTags(ElementType.Float32, shape).Select(descriptor => (descriptor, Codec.Decode(descriptor)))];
            foreach ((nint left, Layout leftLayout) in all)
                foreach ((nint right, Layout rightLayout) in all)
                {
                    bool isEqual = LayoutCodec.AreEqual(left, right);
                    Assert.True(isEqual == leftLayout.Equals(rightLayout), $"{leftLayout} and {rightLayout}: the library says {isEqual}");
                    Assert.True(!isEqual || leftLayout.GetHashCode() == rightLayout.GetHashCode());
                }
            foreach ((nint descriptor, _) in all)
                Codec.Free(descriptor);
        }
    }

    [NeedsTheory(Feature.Library)]
    [InlineData("abcd")]
    [InlineData("aBcd16b")]
    [InlineData("aBcd8b")]
    [InlineData("any")]
    public void The_librarys_plain_and_blocked_layouts_are_ours(string format)
    {
        Layout layout = format switch
        {
            "abcd" => Layout.Plain(ElementType.Float32, 2, 17, 3, 5),
            "aBcd16b" => Layout.Blocked(ElementType.Float32, 16, 2, 17, 3, 5),
            "aBcd8b" => Layout.Blocked(ElementType.Float32, 8, 2, 17, 3, 5),
            _ => Layout.Any(ElementType.Float32, 2, 17, 3, 5),
        };
        nint[] all = [.. ByTags(ElementType.Float32, [2, 17, 3, 5])];
        nint descriptor = all.First(d => Codec.Decode(d).Format == format);
        Assert.Equal(layout, Codec.Decode(descriptor));
        Assert.True(LayoutCodec.AreEqual(descriptor, _made[layout]));
        Array.ForEach(all, Codec.Free);
    }

    [NeedsFact(Feature.Library)]
    public void A_layout_at_any_distances_comes_back_the_same()
    {
        Layout layout = Layout.Strided(ElementType.Float32, [2, 3, 5], [2, 3, 5], [40, 10, 2], []);
        Assert.Equal(layout, Codec.Decode(_made[layout]));
        Assert.Equal(layout.Bytes, LayoutCodec.SizeOf(_made[layout]));
    }

    // A window on a larger tensor is beyond our layouts.
    [NeedsFact(Feature.Library)]
    public void What_the_library_alone_understands_comes_back_the_same()
    {
        nint window = Window(_made[Layout.Plain(ElementType.Float32, 2, 16, 3, 5)], [2, 16, 2, 5], [0, 0, 1, 0]);
        Layout layout = Codec.Decode(window);
        Assert.True(layout.IsOpaque);
        Assert.Equal("f32 2x16x2x5 opaque", layout.ToString());
        Assert.Equal(LayoutCodec.SizeOf(window), layout.Bytes);
        Assert.True(LayoutCodec.AreEqual(window, _made[layout]));
        Assert.Equal(layout, Codec.Decode(window));
        Assert.Throws<InvalidOperationException>(() => layout.OffsetsOf(0));
        Codec.Free(window);
    }

    private static nint Window(nint parent, long[] sizes, long[] offsets)
    {
        fixed (long* size = sizes, offset = offsets)
        {
            if (Backend.Major == 2)
            {
                nint target = Codec.Encode(Layout.Plain(ElementType.Float32, 1));
                var initialize = (delegate* unmanaged<nint, nint, long*, long*, int>)
                    NativeLibraries.Function("dnnl_memory_desc_init_submemory");
                Assert.Equal(0, initialize(target, parent, size, offset));
                return target;
            }
            nint window;
            var create = (delegate* unmanaged<nint*, nint, long*, long*, int>)
                NativeLibraries.Function("dnnl_memory_desc_create_submemory");
            Assert.Equal(0, create(&window, parent, size, offset));
            return window;
        }
    }

    // To be freed.
    private static IEnumerable<nint> ByTags(ElementType type, long[] shape) =>
        Enumerable.Range(1, Tags).Select(tag => ByTag(type, shape, tag)).Where(descriptor => descriptor != 0);

    private static nint ByTag(ElementType type, long[] shape, int tag)
    {
        fixed (long* sizes = shape)
        {
            nint descriptor;
            if (Backend.Major != 2)
                return Dnnl3.dnnl_memory_desc_create_with_tag(&descriptor, shape.Length, sizes, Codes.Of(type).In3, tag) == 0
                    ? descriptor : 0;
            descriptor = Codec.Encode(Layout.Plain(type, shape));
            if (Dnnl2.dnnl_memory_desc_init_by_tag(descriptor, shape.Length, sizes, Codes.Of(type).In2, tag) == 0)
                return descriptor;
            Codec.Free(descriptor);
            return 0;
        }
    }
}
