namespace Convolve.Layers;

/// <summary>
/// Puts channels of zeros behind those of its input: what brings the shortcut of a residual block to more channels without learning
/// anything.
/// </summary>
/// <remarks>
/// Shapes: C x H x W to (C + count) x H x W.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound.
/// Source: He et al. 2016, section 3.3, option A. As torch.nn.functional.pad(x, (0, 0, 0, 0, 0, count)).
/// </remarks>
public sealed record PadChannels : Layer
{
    /// <param name="count">Channels of zeros, at least 1.</param>
    /// <exception cref="NetworkException">The count is below 1.</exception>
    public PadChannels(int count)
    {
        Count = count;
        Require(count >= 1, $"{count} channels of zeros", "Use at least 1, or leave the layer out");
    }

    /// <summary>Channels of zeros behind those of the input.</summary>
    public int Count { get; }

    public override string Stem => "pad";

    public override Shape Infer(Shape input) => new(checked(RequireImage(input).Channels + Count), input.Height, input.Width);

    private protected override object[] Values => [Count];
}
