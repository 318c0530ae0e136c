namespace Convolve.Layers;

/// <summary>
/// Where the ranks of a model-parallel run meet: the channels that each of them has, put behind each other in the order of the ranks, so
/// that every rank has all of them. Only the networks of such ranks have it, which are never saved.
/// </summary>
internal sealed record GatherParts : Layer
{
    /// <param name="parts">Ranks, each with as many channels.</param>
    /// <param name="sumsGradients">Whether every rank has only a part of the gradient of what was gathered, because what follows is
    /// divided: then a rank takes the sum for its channels. Otherwise all have the same gradient.</param>
    public GatherParts(int parts, bool sumsGradients) => (Parts, SumsGradients) = (parts, sumsGradients);

    public int Parts { get; }

    public bool SumsGradients { get; }

    public override string Stem => "gather";

    public override Shape Infer(Shape input)
    {
        int channels = checked(input.Channels * Parts);
        return input.IsVector ? Shape.Vector(channels) : new(channels, input.Height, input.Width);
    }

    private protected override object[] Values => [Parts, SumsGradients];
}
