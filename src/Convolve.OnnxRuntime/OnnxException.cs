namespace Convolve.OnnxRuntime;

/// <summary>An ONNX file that can't be used as a classifier, or ONNX Runtime is missing; the message says why, and how to fix it.</summary>
public sealed class OnnxException : ConvolveException
{
    internal OnnxException(string message, Exception? inner = null) : base(message, inner)
    {
    }

    internal OnnxException(string path, string reason, string fix, Exception? inner = null)
        : this($"Cannot use '{path}' as a classifier: {reason}. {fix}", inner)
    {
    }
}
