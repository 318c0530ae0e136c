using System.Globalization;
using Convolve.Testing;

namespace Convolve.Mpi.Tests;

public class ExchangeTests
{
    // Pieces of six lengths in flight at once, in each of two steps. The probe compares with a plain sum in the order of the tree.
    [NeedsTheory(Feature.OpenMpi)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    public void Sums_have_the_same_bits_for_every_number_of_ranks(int shards)
    {
        HashSet<string> digests = [];
        for (int ranks = 1; ranks <= 4; ranks++)
        {
            RanksResult result = Ranks.Run(ranks, "sums", shards.ToString(CultureInfo.InvariantCulture));
            Assert.Equal((0, ""), (result.Status, result.Errors));
            Assert.Equal(2 * ranks, result.Lines.Length);
            Assert.All(result.Lines, line => Assert.Contains(": right ", line, StringComparison.Ordinal));
            for (int rank = 0; rank < ranks; rank++)
                digests.Add(string.Join(' ', result.Of(rank)));
        }
        Assert.Single(digests);
    }

    [NeedsTheory(Feature.OpenMpi)]
    [InlineData(1, "", "0")]
    [InlineData(3, ",BB,CCCC", "0,0,0")]
    public void Bytes_of_rank_0_reach_all_and_those_of_all_reach_all(int ranks, string gathered, string nothing)
    {
        RanksResult result = Ranks.Run(ranks, "bytes");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        string hosts = $"hosts {string.Join(',', Enumerable.Repeat(Environment.MachineName, ranks))}";
        string[] first = result.Of(0);
        Assert.Equal([gathered, nothing, hosts], first[1..]);
        Assert.All(Enumerable.Range(0, ranks), rank => Assert.Equal(first, result.Of(rank)));
    }

    // 3 steps of 6 exchanges of 340,099 floats with each of the others; in one step, a byte less where there are any.
    [NeedsTheory(Feature.OpenMpi)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranks_give_each_other_bytes_and_count_them(int ranks)
    {
        RanksResult result = Ranks.Run(ranks, "trade");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        int others = ranks - 1;
        string expected = string.Create(CultureInfo.InvariantCulture,
            $"{18 * others} of {18 * others} right, {(3 * 340_099 * 4 - 5) * others} bytes");
        Assert.All(Enumerable.Range(0, ranks), rank => Assert.Equal([expected], result.Of(rank)));
    }

    // Open MPI 5 loads UCX, which would end the process instead.
    [NeedsFact(Feature.OpenMpi)]
    public void Null_is_still_an_exception() =>
        Assert.Equal(["0: caught", "1: caught"], Ranks.Run(2, "null").Lines);

    [NeedsFact(Feature.OpenMpi)]
    public void A_rank_computes_while_the_exchange_goes_on()
    {
        RanksResult result = Ranks.Run(3, "overlap");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Equal(3, result.Of(0).Length);
        Assert.All(result.Of(0), line => Assert.StartsWith("17.388 right ", line, StringComparison.Ordinal));
        Assert.All([1, 2], rank => Assert.Equal(result.Of(0), result.Of(rank)));
    }

    [NeedsFact(Feature.OpenMpi)]
    public void A_tree_for_other_ranks_is_refused_and_the_exchange_goes_on()
    {
        RanksResult result = Ranks.Run(2, "refusals");
        Assert.Equal(0, result.Status);
        Assert.Equal(
            ["expected a tree for 2 ranks and an address for each subtree, got one for 3 and 1 addresses"], result.Of(1));
    }
}
