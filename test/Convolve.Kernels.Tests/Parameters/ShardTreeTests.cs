using System.Runtime.InteropServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Kernels.Tests.Parameters;

public class ShardTreeTests
{
    [Theory]
    [InlineData(4, 1, "0-4")]
    [InlineData(4, 2, "0-2 | 2-4")]
    [InlineData(4, 3, "0-1 | 1-2 | 2-4")]
    [InlineData(4, 4, "0-1 | 1-2 | 2-3 | 3-4")]
    [InlineData(5, 2, "0-2 | 2-3 3-5")]
    [InlineData(7, 2, "0-2 2-3 | 3-4 4-7")]
    [InlineData(7, 3, "0-2 | 2-4 | 4-7")]
    [InlineData(8, 3, "0-2 | 2-4 4-5 | 5-6 6-8")]
    [InlineData(1, 1, "0-1")]
    public void A_rank_holds_the_largest_subtrees_within_its_shards(int shards, int ranks, string held)
    {
        ShardTree tree = new(shards, ranks);
        Assert.Equal(held, string.Join(" | ", Enumerable.Range(0, ranks)
            .Select(rank => string.Join(' ', tree.Held(rank).Select(part => $"{part.First}-{part.End}")))));
    }

    [Fact]
    public void Ranks_share_all_shards_without_gaps()
    {
        for (int shards = 1; shards <= 20; shards++)
            for (int ranks = 1; ranks <= shards; ranks++)
            {
                ShardTree tree = new(shards, ranks);
                Assert.Equal(Enumerable.Range(0, shards), Enumerable.Range(0, ranks).SelectMany(tree.Held)
                    .SelectMany(part => Enumerable.Range(part.First, part.End - part.First)));
                Assert.All(Enumerable.Range(0, ranks), rank => Assert.True(tree.ShardsOf(rank).End > tree.ShardsOf(rank).First));
            }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4, 0)]
    [InlineData(3, 4)]
    public void Every_rank_needs_a_shard(int shards, int ranks) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShardTree(shards, ranks));

    // Blocks, vectors and single floats, from any float on.
    [Theory]
    [InlineData(1, 100, 0, 100)]
    [InlineData(2, 16, 0, 16)]
    [InlineData(3, 5000, 3, 4999)]
    [InlineData(4, 1024, 0, 1024)]
    [InlineData(5, 3000, 17, 2090)]
    [InlineData(7, 10, 2, 9)]
    public void It_adds_a_range_in_the_order_of_the_tree(int shards, int count, int from, int to)
    {
        float[][] values = Values(shards, count);
        NativeBuffer[] buffers = Copy(values);
        NativeBuffer target = new(count * sizeof(float), "a sum");
        ShardTree.Sum(ShardTree.Leaves((0, shards)), [.. buffers.Select(buffer => buffer.Address)], target.Address, from, to);
        float[] expected = Expected(values, 0, shards);
        Array.Clear(expected, 0, from);
        Array.Clear(expected, to, count - to);
        Assert.Equal(Bits(expected), Bits(target.Span<float>(0, count)));
    }

    // What every rank does alone, and then what the owner of a slice does, give the bits of one sum over all shards.
    [Fact]
    public void Sums_of_subtrees_add_up_to_the_same_bits_for_every_number_of_ranks()
    {
        const int Count = 1111;
        for (int shards = 1; shards <= 9; shards++)
        {
            float[][] values = Values(shards, Count);
            float[] expected = Expected(values, 0, shards);
            for (int ranks = 1; ranks <= shards; ranks++)
            {
                NativeBuffer[] buffers = Copy(values);
                ShardTree tree = new(shards, ranks);
                (int First, int End)[] parts = [.. Enumerable.Range(0, ranks).SelectMany(tree.Held)];
                foreach ((int first, int end) in parts)
                    ShardTree.Sum(ShardTree.Leaves((first, end)), [.. buffers[first..end].Select(buffer => buffer.Address)],
                        buffers[first].Address, 0, Count);
                ShardTree.Sum(parts, [.. parts.Select(part => buffers[part.First].Address)], buffers[0].Address, 0, Count);
                Assert.Equal(Bits(expected), Bits(buffers[0].Span<float>(0, Count)));
            }
        }
    }

    [Fact]
    public void What_is_not_a_node_is_refused()
    {
        NativeBuffer[] buffers = Copy(Values(3, 16));
        nint[] addresses = [.. buffers.Select(buffer => buffer.Address)];
        Assert.Contains("[0, 4)", Assert.Throws<ArgumentException>(() =>
            ShardTree.Sum([(0, 1), (1, 3), (3, 4)], addresses, addresses[0], 0, 16)).Message, StringComparison.Ordinal);
        Assert.Contains("expected 2 addresses", Assert.Throws<ArgumentException>(() =>
            ShardTree.Sum([(0, 1), (1, 2)], addresses, addresses[0], 0, 16)).Message, StringComparison.Ordinal);
    }

    // Of different sizes and signs, so that another order gives other bits.
    private static float[][] Values(int shards, int count)
    {
        CounterRandom random = new((ulong)shards, RandomPurpose.Test);
        return [.. Enumerable.Range(0, shards).Select(_ => Enumerable.Range(0, count)
            .Select(_ => (random.NextSingle() - 0.5f) * (1 << random.NextInt32(12))).ToArray())];
    }

    private static NativeBuffer[] Copy(float[][] values) => [.. values.Select(array =>
    {
        NativeBuffer buffer = new(array.Length * sizeof(float), "a shard");
        array.CopyTo(buffer.Span<float>(0, array.Length));
        return buffer;
    })];

    private static float[] Expected(float[][] values, int first, int end)
    {
        if (end - first == 1)
            return [.. values[first]];
        int middle = first + (end - first + 1) / 2;
        float[] left = Expected(values, first, middle), right = Expected(values, middle, end);
        return [.. left.Zip(right, (a, b) => a + b)];
    }

    private static int[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values).ToArray();
}
