using Convolve.Kernels.Memory;
using Convolve.Testing;

namespace Convolve.Kernels.Tests.Memory;

/// <summary>Buffers on pages of the system grow in place, and only what is touched takes memory.</summary>
public class LinuxPagesTests
{
    private const int HugePage = 2 << 20;

    [NeedsTheory(Feature.Linux)]
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

    [NeedsTheory(Feature.Linux)]
    [InlineData(1L << 46)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - HugePage)]
    public void Impossible_sizes_say_how_much_and_what_for(long bytes)
    {
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => new NativeBuffer(bytes, "activations"));
        Assert.Equal(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"Can't allocate {bytes / 1048576.0:F1} MiB for activations. Use a smaller batch size, or close other programs."),
            error.Message);
    }

    [NeedsFact(Feature.Linux)]
    public void Addresses_that_are_kept_free_cost_nothing()
    {
        long before = ProcessMemory.ResidentBytes;
        using NativeBuffer buffer = NativeBuffer.Growing(1 << 16, 1L << 40, "a test");
        buffer.Span<byte>(0, 1 << 16).Fill(1);
        Assert.True(ProcessMemory.ResidentBytes - before < 64 << 20);
    }

    [NeedsFact(Feature.Linux)]
    public void Untouched_memory_costs_nothing()
    {
        long before = ProcessMemory.ResidentBytes;
        using NativeBuffer buffer = new(1L << 32, "a test");
        buffer.Span<byte>((1L << 32) - 1, 1)[0] = 1;
        Assert.True(ProcessMemory.ResidentBytes - before < 256 << 20);
    }
}
