using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>What may be chosen in <see cref="CudaConvnet.Create"/>.</summary>
public sealed record CudaConvnetOptions
{
    /// <summary>The shape of one image; 3x32x32 by default, any size fits.</summary>
    public Shape Input { get; init; } = (3, 32, 32);

    /// <summary>Behind every layer but the last; ReLU by default, tanh for the other side of the paper's figure 1.</summary>
    public Activation Activation { get; init; } = new ReLU();

    /// <summary>Rows and columns of the pools' windows, whose stride is 2: 3, the default, overlaps; 2 does not.</summary>
    public int PoolKernel { get; init; } = 3;

    /// <summary>
    /// Whether the first two pools are followed by the paper's response normalization; off by default, as in the definition.
    /// </summary>
    public bool ResponseNorm { get; init; }
}
