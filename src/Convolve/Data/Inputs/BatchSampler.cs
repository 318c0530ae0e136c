using Convolve.Kernels;

namespace Convolve.Data.Inputs;

/// <summary>
/// Says which images make up each batch of each epoch. The order is a function of seed and epoch alone, so a run that resumes in the
/// middle sees the same batches.
/// </summary>
/// <remarks>
/// For one thread. Orders are made in buffers that alternate between even and odd epochs: a span stays valid until two epochs later,
/// so that a loader may run ahead into the next epoch. No call but the first of an epoch does any work; none allocates.
/// </remarks>
internal sealed class BatchSampler
{
    private readonly int[] _indices;
    private readonly int[][] _orders;
    private readonly int[] _heldEpochs = [-1, -1];
    private readonly ulong _seed;

    /// <param name="split">The images to draw from.</param>
    /// <param name="batchSize">Images in a batch, at least 1; the last batch of an epoch may have fewer.</param>
    /// <param name="seed">The seed of the orders.</param>
    /// <param name="shuffle">Whether each epoch has its own order; otherwise all have the split's.</param>
    /// <exception cref="DatasetException">The split is empty.</exception>
    public BatchSampler(Split split, int batchSize, ulong seed, bool shuffle)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (split.Count == 0)
            throw new DatasetException($"The split \"{split.Name}\" of {split.Dataset.Name} is empty, so it has no batches.");
        (_indices, BatchSize, _seed, IsShuffled) = (split.Indices, batchSize, seed, shuffle);
        _orders = shuffle ? [new int[split.Count], new int[split.Count]] : [_indices, _indices];
    }

    /// <summary>Images in a full batch.</summary>
    public int BatchSize { get; }

    /// <summary>Whether each epoch has its own order.</summary>
    public bool IsShuffled { get; }

    /// <summary>Images in an epoch.</summary>
    public int Count => _indices.Length;

    /// <summary>Batches in an epoch, the short one included.</summary>
    public int BatchCount => 1 + (_indices.Length - 1) / BatchSize;

    /// <summary>All images of an epoch in their order, as indices into the split's data set.</summary>
    public ReadOnlySpan<int> Order(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int[] order = _orders[epoch & 1];
        if (IsShuffled && _heldEpochs[epoch & 1] != epoch)
        {
            _indices.CopyTo(order, 0);
            new CounterRandom(_seed, RandomPurpose.Shuffle, (uint)epoch).Shuffle<int>(order);
            _heldEpochs[epoch & 1] = epoch;
        }

        return order;
    }

    /// <summary>The images of one batch, as indices into the split's data set.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="step">The batch within the epoch, from 0 to <see cref="BatchCount"/> - 1.</param>
    public ReadOnlySpan<int> Batch(int epoch, int step)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)step, (uint)BatchCount, nameof(step));
        int start = step * BatchSize;
        return Order(epoch).Slice(start, Math.Min(BatchSize, _indices.Length - start));
    }
}
