using System.Globalization;
using Convolve.Testing;

namespace Convolve.Mpi.Tests;

/// <summary>A network whose parts are on several ranks computes what it computes in one process.</summary>
public class PartsTests
{
    // Each rank compares its part with the whole network: the gradients of a step, the losses of 5, the weights and logits behind them.
    // Only the order of sums over channels differs.
    [NeedsTheory(Feature.OpenMpi)]
    [InlineData(2)]
    [InlineData(4)]
    public void Ranks_with_parts_of_a_network_learn_what_one_process_learns(int ranks)
    {
        RanksResult result = Ranks.Run(ranks, "parts");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        for (int rank = 0; rank < ranks; rank++)
        {
            double[] distances = [.. Assert.Single(result.Of(rank)).Split(' ').Select(text =>
                double.Parse(text, CultureInfo.InvariantCulture))];
            Assert.True(distances.All(distance => distance <= 1e-5), string.Join('\n', result.Lines));
        }
    }
}
