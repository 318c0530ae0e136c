using System.Numerics;
using Convolve.Kernels.Memory;

namespace Convolve.Kernels.Tests.Memory;

/// <summary>Buffers in the memory that this system has them in.</summary>
public class NativeBufferTests
{
    private const int HugePage = 2 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4097)]
    [InlineData(HugePage - 1)]
    [InlineData(HugePage)]
    [InlineData(5 * HugePage + 12345)]
    public void Memory_is_zeroed_aligned_and_writable_to_its_last_byte(int bytes)
    {
        using NativeBuffer buffer = new(bytes, "a test");
        Assert.Equal(bytes, buffer.Bytes);
        Assert.False(buffer.IsInvalid);
        Assert.Equal(0, buffer.Address % (bytes >= HugePage ? HugePage : 64));
        Span<byte> all = buffer.Span<byte>(0, bytes);
        Assert.Equal(-1, all.IndexOfAnyExcept((byte)0));
        all.Fill(0xFF);
        Assert.Equal(-1, buffer.Span<byte>(0, bytes).IndexOfAnyExcept((byte)0xFF));
    }

    [Fact]
    public void A_new_buffer_does_not_see_what_an_old_one_held()
    {
        for (int i = 0; i < 20; i++)
        {
            using NativeBuffer buffer = new(1 << 16, "a test");
            Span<byte> all = buffer.Span<byte>(0, 1 << 16);
            Assert.Equal(-1, all.IndexOfAnyExcept((byte)0));
            all.Fill(0xAA);
        }
    }

    [Theory]
    [InlineData(-4, 1)]
    [InlineData(0, 26)]
    [InlineData(100, 1)]
    [InlineData(97, 1)]
    [InlineData(0, -1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MaxValue - 3, 1)]
    [InlineData(long.MinValue, 1)]
    [InlineData(0, int.MaxValue)]
    public void A_window_cannot_leave_the_buffer(long offset, int count)
    {
        using NativeBuffer buffer = new(100, "a test");
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span<float>(offset, count).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.At(offset, 4L * count));
    }

    [Fact]
    public void Windows_up_to_both_ends_are_fine()
    {
        using NativeBuffer buffer = new(100, "a test");
        Assert.Equal(25, buffer.Span<float>(0, 25).Length);
        Assert.Equal(0, buffer.Span<float>(100, 0).Length);
        Assert.Equal(buffer.Address + 96, buffer.At(96, 4));
        Assert.Equal(buffer.Address + 100, buffer.At(100, 0));
        buffer.Span<Vector4>(84, 1)[0] = Vector4.One; // an offset that no vector is aligned to
    }

    [Fact]
    public void A_buffer_of_a_fixed_size_does_not_grow()
    {
        using NativeBuffer buffer = new(100, "a test");
        Assert.False(buffer.TryGrow(1 << 20));
        Assert.Equal(100, buffer.Bytes);
    }

    [Fact]
    public void Negative_sizes_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer(-1, "a test"));
}
