namespace Convolve.Kernels.Passes;

/// <summary>What the steps of a pass share apart from tensors.</summary>
internal sealed class PassState(ulong seed, int batch, float[]? classWeights = null)
{
    public ulong Seed { get; } = seed;

    public uint Step { get; set; }

    /// <summary>The place of the first image in the whole batch, of which this may be a part.</summary>
    public int FirstImage { get; set; }

    public int[] Labels { get; } = new int[batch];

    public bool IsMixed { get; set; }

    public int[] SecondLabels { get; } = new int[batch];

    public float[] FirstShares { get; } = new float[batch];

    public float[] Losses { get; } = new float[batch];

    /// <summary>How much each class counts in the loss; null for the same throughout.</summary>
    public float[]? ClassWeights { get; } = classWeights;

    /// <summary>What the sum of the losses of these images is divided by, as they weigh.</summary>
    public double WeightSum { get; set; }

    /// <summary>What their gradients are divided by instead, where the images are a shard of a batch; null for the same.</summary>
    public double? Divisor { get; set; }

    public int Correct { get; set; }
}
