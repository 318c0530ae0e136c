using Convolve.Kernels.Ceilings;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Tests.Ceilings;

/// <summary>The loops compute what they say: as many sums of as many numbers.</summary>
public unsafe class CeilingTests
{
    [Fact]
    public void ReadingAddsUpEveryNumberInEveryRound()
    {
        float[] numbers = [.. Enumerable.Range(0, 2 * CeilingLoops.Loads * Pixel.Channels).Select(i => (float)(i % 7))];
        float sum = 3 * numbers.Sum();
        fixed (float* from = numbers)
        {
            Assert.Equal(sum, CeilingLoops.Read<Floats8>(from, numbers.Length / Floats8.Count, 3));
            if (Floats16.IsSupported)
                Assert.Equal(sum, CeilingLoops.Read<Floats16>(from, numbers.Length / Floats16.Count, 3));
        }
    }

    [Fact]
    public void MultiplyAddsConverge()
    {
        // s = s / 2 + 0.001 ends at 0.002, in each lane of each sum.
        Assert.Equal(0.002 * CeilingLoops.Sums * Floats8.Count, CeilingLoops.MultiplyAdds<Floats8>(100), 1e-4);
        if (Floats16.IsSupported)
            Assert.Equal(0.002 * CeilingLoops.Sums * Floats16.Count, CeilingLoops.MultiplyAdds<Floats16>(100), 1e-4);
    }

    [Fact]
    public void EverythingHasASpeedOnOneThreadAndOnAll() => ThreadTeam.Invoke(() =>
    {
        using CeilingRunner runner = new(1 << 20);
        foreach (int threads in new[] { 1, ThreadTeam.Threads })
        {
            Assert.InRange(runner.Float32(threads), 1e6, 1e15);
            Assert.InRange(runner.Read(CeilingRunner.Whole(20_000), threads), 1e6, 1e15);
            if (runner.BFloat16(threads) is { } bFloat16)
                Assert.InRange(bFloat16, 1e6, 1e15);
        }
    });

    [Fact]
    public void MoreThanTheMemoryIsNotRead() => ThreadTeam.Invoke(() =>
    {
        using CeilingRunner runner = new(1 << 16);
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Read(1 << 17, 1));
    });
}
