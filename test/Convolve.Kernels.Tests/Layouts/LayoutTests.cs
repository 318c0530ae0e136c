using Convolve.Kernels.Layouts;
using Convolve.Testing.Software;

namespace Convolve.Kernels.Tests.Layouts;

public class LayoutTests
{
    [Fact]
    public void A_plain_layout_says_what_it_is()
    {
        Layout layout = Layout.Plain(ElementType.Float32, 2, 3, 4, 5);
        Assert.Equal([2L, 3, 4, 5], layout.Sizes);
        Assert.Equal(ElementType.Float32, layout.Type);
        Assert.True(layout.IsPlain);
        Assert.False(layout.IsAny);
        Assert.Equal(2 * 3 * 4 * 5 * 4, layout.Bytes);
        Assert.Equal("abcd", layout.Format);
        Assert.Equal("f32 2x3x4x5 abcd", layout.ToString());
    }

    [Theory]
    [InlineData(nameof(ElementType.Float32), "f32", 4)]
    [InlineData(nameof(ElementType.BFloat16), "bf16", 2)]
    [InlineData(nameof(ElementType.Int32), "s32", 4)]
    [InlineData(nameof(ElementType.UInt8), "u8", 1)]
    public void Every_type_prints_and_has_its_size(string type, string text, int bytes)
    {
        Layout layout = Layout.Plain(Enum.Parse<ElementType>(type), 7, 3);
        Assert.Equal($"{text} 7x3 ab", layout.ToString());
        Assert.Equal(21 * bytes, layout.Bytes);
    }

    [Theory]
    [InlineData(new long[] { 9 }, "a")]
    [InlineData(new long[] { 2, 9 }, "ab")]
    [InlineData(new long[] { 2, 3, 9 }, "abc")]
    [InlineData(new long[] { 2, 3, 4, 9 }, "abcd")]
    [InlineData(new long[] { 2, 3, 4, 5, 9 }, "abcde")]
    [InlineData(new long[] { 2, 3, 4, 5, 6, 9 }, "abcdef")]
    public void Plain_is_row_major_at_every_rank(long[] sizes, string format)
    {
        Layout layout = Layout.Plain(ElementType.Float32, sizes);
        Assert.Equal(format, layout.Format);
        Assert.True(layout.IsPlain);
        Assert.Equal(sizes.Aggregate(4L, (product, size) => product * size), layout.Bytes);
    }

    [Fact]
    public void Any_is_not_plain_and_prints_so()
    {
        Layout layout = Layout.Any(ElementType.Float32, 2, 16, 4, 4);
        Assert.True(layout.IsAny);
        Assert.False(layout.IsPlain);
        Assert.Equal("f32 2x16x4x4 any", layout.ToString());
    }

    [Fact]
    public void Layouts_are_compared_by_value()
    {
        Layout layout = Layout.Plain(ElementType.Float32, 2, 3, 4, 5), same = Layout.Plain(ElementType.Float32, 2, 3, 4, 5);
        Assert.NotSame(layout, same);
        Assert.Equal(layout, same);
        Assert.Equal(layout.GetHashCode(), same.GetHashCode());
        Layout[] others =
        [
            Layout.Plain(ElementType.Int32, 2, 3, 4, 5), Layout.Plain(ElementType.Float32, 2, 3, 5, 4),
            Layout.Plain(ElementType.Float32, 2, 3, 20), Layout.Any(ElementType.Float32, 2, 3, 4, 5),
        ];
        Assert.All(others, other => Assert.NotEqual(layout, other));
        Assert.False(layout.Equals(null));
        Assert.False(layout.Equals((object)"f32 2x3x4x5 abcd"));
    }

    [Fact]
    public void A_blocked_layout_is_padded_and_not_plain()
    {
        Layout layout = Layout.Blocked(ElementType.Float32, 16, 2, 17, 3, 5);
        Assert.False(layout.IsPlain);
        Assert.Equal("aBcd16b", layout.Format);
        Assert.Equal("f32 2x17x3x5 aBcd16b", layout.ToString());
        Assert.Equal(2 * 32 * 3 * 5 * 4, layout.Bytes);
        Layout narrow = Layout.Blocked(ElementType.Float32, 8, 2, 17, 3, 5);
        Assert.Equal("f32 2x17x3x5 aBcd8b", narrow.ToString());
        Assert.Equal(2 * 24 * 3 * 5 * 4, narrow.Bytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => Layout.Blocked(ElementType.Float32, 0, 2, 17, 3, 5));
    }

    [Fact]
    public void The_place_of_an_element_is_the_sum_over_its_axes()
    {
        Assert.Equal([[0L, 20], [0L, 10], [0L, 2, 4, 6, 8], [0L, 1]], Offsets(Layout.Plain(ElementType.Float32, 2, 2, 5, 2)));
        // Two blocks of 16 channels, of which the second is filled up.
        long[][] blocked = Offsets(Layout.Blocked(ElementType.Float32, 16, 2, 17, 3, 5));
        Assert.Equal([0L, 2 * 16 * 15], blocked[0]);
        Assert.Equal([.. Enumerable.Range(0, 16).Select(c => (long)c), .. Enumerable.Range(0, 16).Select(c => 16L * 15 + c)], blocked[1]);
        Assert.Equal([0L, 80, 160], blocked[2]);
        Assert.Equal([0L, 16, 32, 48, 64], blocked[3]);
        Assert.Contains("f32 2x3 any", Assert.Throws<InvalidOperationException>(() =>
            Layout.Any(ElementType.Float32, 2, 3).OffsetsOf(0)).Message, StringComparison.Ordinal);

        static long[][] Offsets(Layout layout) => [.. Enumerable.Range(0, layout.Sizes.Count).Select(layout.OffsetsOf)];
    }

    [Theory]
    [InlineData("aBcd16b", 16, null)]
    [InlineData("aBcd8b", 8, null)]
    [InlineData("acdb", 32, null)]
    [InlineData("abcd", 1, null)]
    [InlineData("Acdb16a", null, null)]
    [InlineData("ABcd16b16a", null, 16)]
    [InlineData("ABcd8b8a", null, 8)]
    [InlineData("ABcd8b16a2b", null, null)]
    public void Layouts_say_how_channels_and_filters_are_blocked(string format, int? channels, int? filters)
    {
        Layout layout = LayoutFormat.Create(ElementType.Float32, [32, 32, 3, 5], format);
        Assert.Equal(format, layout.Format);
        Assert.Equal(channels, layout.ChannelBlock);
        Assert.Equal(format.StartsWith("aB", StringComparison.Ordinal), channels is { } block && layout.IsBlockedBy(block));
        Assert.Equal(filters, layout.FilterBlock);
    }

    [Fact]
    public void Only_images_have_blocks_of_channels()
    {
        Assert.Null(Layout.Any(ElementType.Float32, 2, 16, 4, 4).ChannelBlock);
        Assert.Null(Layout.Any(ElementType.Float32, 2, 16, 4, 4).FilterBlock);
        Assert.Null(Layout.Plain(ElementType.Float32, 2, 16).ChannelBlock);
    }

    [Fact]
    public void A_layout_lists_its_axes_and_blocks()
    {
        Layout layout = LayoutFormat.Create(ElementType.BFloat16, [32, 32, 3, 5], "ABcd8b16a2b");
        Assert.Equal([0, 1, 2, 3], layout.Order);
        Assert.Equal([new(1, 8), new(0, 16), new LayoutBlock(1, 2)], layout.Blocks);
        Assert.Empty(Layout.Any(ElementType.Float32, 2, 16).Order);
        Assert.Empty(Layout.Any(ElementType.Float32, 2, 16).Blocks);
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(2, -5)]
    public void Impossible_sizes_are_refused(long first, long second) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Layout.Plain(ElementType.Float32, first, second));

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    public void Impossible_ranks_are_refused(int rank) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Layout.Plain(ElementType.Float32, new long[rank]));
}
