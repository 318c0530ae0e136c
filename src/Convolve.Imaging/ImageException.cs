namespace Convolve.Imaging;

/// <summary>The one exception for a picture that cannot be used: of an unknown format, damaged, cut off, or larger than allowed.</summary>
public sealed class ImageException : ConvolveException
{
    internal ImageException(string file, string reason) : base($"{file}: {reason}") => (File, Reason) = (file, reason);

    /// <summary>The name that the caller gave the picture.</summary>
    public string File { get; }

    /// <summary>What was expected, what came instead and how to fix it; without the name.</summary>
    public string Reason { get; }
}
