using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn.Tests;

/// <summary>Layouts and the library's descriptors say the same: sizes in bytes, equality, the way there and back.</summary>
public unsafe class LayoutCodecTests
{
    // More than any version of the library has.
    private const int Tags = 400;

    public static TheoryData<string> Types => [.. Enum.GetNames<ElementType>()];

    // Axes of 1 whose distances say nothing, blocks that are filled up, and those that are whole.
    private static readonly long[][] Shapes =
    [
        [1], [7], [1, 1], [2, 17], [16, 64], [100, 6160], [2, 3, 5], [1, 1, 1, 1], [1, 16, 1, 1], [2, 17, 3, 5], [32, 32, 3, 3],
        [1, 48, 7, 1],
        [2, 1, 4, 4], [2, 8, 3, 5, 5], [1, 16, 16, 1, 1], [2, 3, 4, 5, 6, 7],
    ];

    [Theory, MemberData(nameof(Types))]
    public void Every_layout_that_the_library_names_comes_back_the_same(string element)
    {
        ElementType type = Enum.Parse<ElementType>(element);
        int found = 0;
        foreach (long[] shape in Shapes)
            foreach (byte[] descriptor in Descriptors(type, shape))
            {
                Layout layout = Decode(descriptor);
                byte[] back = LayoutCodec.Encode(layout);
                Assert.True(AreEqual(descriptor, back), $"{layout} became {Decode(back)}");
                Assert.Equal(SizeOf(descriptor), layout.Bytes);
                Assert.Equal(layout, Decode(back));
                Assert.False(layout.IsOpaque);
                found++;
            }
        Assert.InRange(found, 100, int.MaxValue);
    }

    [Fact]
    public void Layouts_are_equal_where_the_librarys_are()
    {
        foreach (long[] shape in Shapes)
        {
            (byte[] Descriptor, Layout Layout)[] all =
                [.. Descriptors(ElementType.Float32, shape).Select(descriptor => (descriptor, Decode(descriptor)))];
            foreach ((byte[] left, Layout leftLayout) in all)
                foreach ((byte[] right, Layout rightLayout) in all)
                {
                    bool isEqual = AreEqual(left, right);
                    Assert.True(isEqual == leftLayout.Equals(rightLayout), $"{leftLayout} and {rightLayout}: the library says {isEqual}");
                    Assert.True(!isEqual || leftLayout.GetHashCode() == rightLayout.GetHashCode());
                }
        }
    }

    [Fact]
    public void The_librarys_plain_and_blocked_layouts_are_ours()
    {
        Require("abcd", Layout.Plain(ElementType.Float32, 2, 17, 3, 5));
        Require("aBcd16b", Layout.Blocked(ElementType.Float32, 16, 2, 17, 3, 5));
        Require("aBcd8b", Layout.Blocked(ElementType.Float32, 8, 2, 17, 3, 5));
        Require("any", Layout.Any(ElementType.Float32, 2, 17, 3, 5));

        static void Require(string format, Layout layout)
        {
            byte[] descriptor = Descriptors(ElementType.Float32, [2, 17, 3, 5]).First(d => Decode(d).Format == format);
            Assert.Equal(layout, Decode(descriptor));
            Assert.True(AreEqual(descriptor, LayoutCodec.Encode(layout)));
        }
    }

    [Fact]
    public void What_the_library_alone_understands_comes_back_byte_for_byte()
    {
        byte[] descriptor = Descriptors(ElementType.Float32, [2, 16, 3, 5]).First();
        descriptor[312] = 3; // a format kind of its own
        Layout layout = Decode(descriptor);
        Assert.True(layout.IsOpaque);
        Assert.Equal("f32 2x16x3x5 opaque", layout.ToString());
        Assert.Equal(descriptor, LayoutCodec.Encode(layout));
        Assert.Equal(layout, Decode(descriptor));
        Assert.Throws<InvalidOperationException>(() => layout.OffsetsOf(0));
    }

    private static IEnumerable<byte[]> Descriptors(ElementType type, long[] shape) =>
        Enumerable.Range(1, Tags).Select(tag => Descriptor(type, shape, tag)).OfType<byte[]>();

    private static byte[]? Descriptor(ElementType type, long[] shape, int tag)
    {
        byte[] descriptor = new byte[Dnnl.MemoryDescriptorBytes];
        long[] sizes = new long[Dnnl.MaxDimensions];
        shape.CopyTo(sizes, 0);
        fixed (byte* result = descriptor)
        fixed (long* first = sizes)
            return Dnnl.dnnl_memory_desc_init_by_tag(result, shape.Length, first, LayoutCodec.CodeOf(type), tag) == 0 ? descriptor : null;
    }

    private static Layout Decode(byte[] descriptor)
    {
        fixed (byte* bytes = descriptor)
            return LayoutCodec.Decode(bytes);
    }

    private static long SizeOf(byte[] descriptor)
    {
        fixed (byte* bytes = descriptor)
            return LayoutCodec.SizeOf(bytes);
    }

    private static bool AreEqual(byte[] left, byte[] right)
    {
        fixed (byte* first = left, second = right)
            return Dnnl.dnnl_memory_desc_equal(first, second) != 0;
    }
}
