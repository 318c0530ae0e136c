namespace Convolve.Formats;

/// <summary>A safetensors file could not be opened or read; the message says which one, why, and how to fix it.</summary>
public sealed class SafeTensorsException : ConvolveException
{
    internal SafeTensorsException(string path, string reason, string fix, Exception? inner = null)
        : base($"Cannot read '{path}' as safetensors: {reason}. {fix}", inner)
    {
        FilePath = path;
        Reason = reason;
    }

    /// <summary>The file, as the caller named it.</summary>
    public string FilePath { get; }

    /// <summary>What is wrong with it, without its name and the advice.</summary>
    public string Reason { get; }
}
