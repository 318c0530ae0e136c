namespace Convolve;

/// <summary>
/// The base of all exceptions of this library's own: something about a model, data, a recipe, a network, a picture or a kernel library is
/// wrong. The message says what was expected, what came, and how to fix it.
/// </summary>
/// <remarks>
/// Elsewhere .NET's own exceptions tell: <see cref="ArgumentException"/> for arguments that can't be, <see cref="IOException"/> for files
/// that can't be read or written, <see cref="OperationCanceledException"/> for a call that was canceled.
/// </remarks>
public abstract class ConvolveException : Exception
{
    /// <summary>An exception with its message and what caused it, if anything did.</summary>
    protected ConvolveException(string message, Exception? innerException = null) : base(message, innerException) { }
}
