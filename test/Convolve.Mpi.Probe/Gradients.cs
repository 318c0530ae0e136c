using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Convolve.Kernels;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Mpi.Probe;

/// <summary>Stand-ins for the gradients of the shards of a rank, and the sum as it must come out.</summary>
internal sealed class Gradients : IDisposable
{
    private readonly ShardTree _tree;
    private readonly int _rank;
    private readonly int[] _counts;

    // Of each piece, each shard of this rank.
    private readonly NativeBuffer[][] _shards;

    public Gradients(ShardTree tree, int rank, int[] counts)
    {
        (_tree, _rank, _counts) = (tree, rank, counts);
        (int first, int end) = tree.ShardsOf(rank);
        _shards = [.. counts.Select(count => Enumerable.Range(first, end - first)
            .Select(_ => new NativeBuffer(count * sizeof(float), "a shard")).ToArray())];
    }

    /// <summary>The gradients of a step.</summary>
    public void Compute(int step)
    {
        int first = _tree.ShardsOf(_rank).First;
        for (int piece = 0; piece < _counts.Length; piece++)
            for (int i = 0; i < _shards[piece].Length; i++)
                Values(step, piece, first + i).CopyTo(_shards[piece][i].Span<float>(0, _counts[piece]));
    }

    /// <summary>Adds up what this rank holds of a piece.</summary>
    /// <returns>The addresses of the sums.</returns>
    public nint[] AddUpOwn(int piece)
    {
        int start = _tree.ShardsOf(_rank).First;
        List<nint> sums = [];
        foreach ((int first, int end) in _tree.Held(_rank))
        {
            nint[] addresses = [.. _shards[piece][(first - start)..(end - start)].Select(shard => shard.Address)];
            ShardTree.Sum(ShardTree.Leaves((first, end)), addresses, addresses[0], 0, _counts[piece]);
            sums.Add(addresses[0]);
        }
        return [.. sums];
    }

    /// <summary>Whether the sums of all pieces have the bits of a plain sum in the order of the tree, and their digest.</summary>
    public string Describe(int step)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        bool isRight = true;
        for (int piece = 0; piece < _counts.Length; piece++)
        {
            ReadOnlySpan<byte> sum = MemoryMarshal.AsBytes(_shards[piece][0].Span<float>(0, _counts[piece]));
            digest.AppendData(sum);
            isRight &= sum.SequenceEqual(MemoryMarshal.AsBytes(Expected(step, piece, 0, _tree.Shards).AsSpan()));
        }
        return $"{(isRight ? "right" : "wrong")} {Convert.ToHexString(digest.GetHashAndReset())[..16]}";
    }

    public void Dispose()
    {
        foreach (NativeBuffer shard in _shards.SelectMany(shards => shards))
            shard.Dispose();
    }

    // Of different sizes and signs, so that another order gives other bits.
    private float[] Values(int step, int piece, int shard)
    {
        CounterRandom random = new((ulong)shard, RandomPurpose.Test, (uint)step, (uint)piece);
        var values = new float[_counts[piece]];
        for (int i = 0; i < values.Length; i++)
            values[i] = (random.NextSingle() - 0.5f) * (1 << random.NextInt32(12));
        return values;
    }

    private float[] Expected(int step, int piece, int first, int end)
    {
        if (end - first == 1)
            return Values(step, piece, first);
        int middle = first + (end - first + 1) / 2;
        float[] left = Expected(step, piece, first, middle), right = Expected(step, piece, middle, end);
        for (int i = 0; i < left.Length; i++)
            left[i] += right[i];
        return left;
    }
}
