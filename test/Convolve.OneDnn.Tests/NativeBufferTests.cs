using System.Numerics;
using Convolve.Kernels.Memory;

namespace Convolve.OneDnn.Tests;

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

    [Theory]
    [InlineData(1L << 46)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - HugePage)]
    public void Impossible_sizes_say_how_much_and_what_for(long bytes)
    {
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => new NativeBuffer(bytes, "activations"));
        Assert.Equal(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"The machine does not give {bytes / 1048576.0:F1} MiB for activations. Use a smaller batch size, or end other programs."),
            error.Message);
    }

    [Theory]
    [InlineData(1, 5000)]
    [InlineData(5000, HugePage - 1)]
    [InlineData(100, 3 * HugePage + 5)]
    [InlineData(HugePage + 1, 9 * HugePage + 1)]
    public void A_buffer_grows_where_it_is(int first, int then)
    {
        using NativeBuffer buffer = NativeBuffer.Growing(first, 9 * HugePage + 1, "a test");
        nint address = buffer.Address;
        Span<byte> before = buffer.Span<byte>(0, first);
        before.Fill(7);
        Assert.True(buffer.TryGrow(then));
        Assert.True(buffer.TryGrow(first)); // has it already
        Assert.Equal((then, address), ((int)buffer.Bytes, buffer.Address));
        Assert.Equal(-1, before.IndexOfAnyExcept((byte)7));
        Span<byte> behind = buffer.Span<byte>(0, then)[first..];
        Assert.Equal(-1, behind.IndexOfAnyExcept((byte)0));
        behind.Fill(9);
        Assert.Equal(-1, before.IndexOfAnyExcept((byte)7));
        Assert.False(buffer.TryGrow(1L << 40));
        Assert.Equal(then, buffer.Bytes);
    }

    [Fact]
    public void A_buffer_of_a_fixed_size_does_not_grow()
    {
        using NativeBuffer buffer = new(100, "a test");
        Assert.False(buffer.TryGrow(1 << 20));
        Assert.Equal(100, buffer.Bytes);
    }

    [Fact]
    public void Addresses_that_are_kept_free_cost_nothing()
    {
        long before = Memory.ResidentBytes;
        using NativeBuffer buffer = NativeBuffer.Growing(1 << 16, 1L << 40, "a test");
        buffer.Span<byte>(0, 1 << 16).Fill(1);
        Assert.True(Memory.ResidentBytes - before < 64 << 20);
    }

    [Fact]
    public void Negative_sizes_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer(-1, "a test"));

    [Fact]
    public void Untouched_memory_costs_nothing()
    {
        long before = Memory.ResidentBytes;
        using NativeBuffer buffer = new(1L << 32, "a test");
        buffer.Span<byte>((1L << 32) - 1, 1)[0] = 1;
        Assert.True(Memory.ResidentBytes - before < 256 << 20);
    }
}
