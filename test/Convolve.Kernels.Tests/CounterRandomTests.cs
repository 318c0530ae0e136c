using System.Globalization;

namespace Convolve.Kernels.Tests;

public class CounterRandomTests
{
    // The first of the known answers that come with the paper's library (Random123, kat_vectors): runs repeat only as long as the generator
    // is that one.
    [Fact]
    public void Draws_are_those_of_Philox()
    {
        CounterRandom random = new(seed: 0, 0);
        Assert.Equal("6627e8d5 e169c58d bc57ac4c 9b00dbd8",
            string.Join(' ', Enumerable.Range(0, 4).Select(_ => random.NextUInt32().ToString("x8", CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void Normal_draws_have_mean_0_and_deviation_1()
    {
        CounterRandom random = new(1, RandomPurpose.Test);
        double[] draws = [.. Enumerable.Range(0, 200_000).Select(_ => (double)random.NextNormal())];
        Assert.Equal(0, draws.Average(), 0.012);
        Assert.Equal(1, draws.Average(x => x * x), 0.012);
        Assert.Equal(3, draws.Average(x => Math.Pow(x, 4)), 0.1);
        Assert.True(draws.All(double.IsFinite));
    }

    [Fact]
    public void Integers_are_even()
    {
        CounterRandom random = new(1, RandomPurpose.Test);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
            counts[random.NextInt32(7)]++;
        Assert.All(counts, count => Assert.InRange(count, 10_000 - 500, 10_000 + 500));
    }
}
