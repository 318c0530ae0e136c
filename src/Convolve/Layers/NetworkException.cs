namespace Convolve.Layers;

/// <summary>A network that cannot be: a layer wrong by itself or against its input, a wrong edge, an unreadable description.</summary>
public sealed class NetworkException(string message, Exception? inner = null) : ConvolveException(message, inner)
{
    /// <summary>The name of the node that is wrong, where it is one.</summary>
    public string? Node { get; init; }
}
