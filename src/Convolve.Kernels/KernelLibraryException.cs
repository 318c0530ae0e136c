namespace Convolve.Kernels;

/// <summary>
/// The kernel library is missing, or refused a call; the message names the call, the operation with its shapes and the layer.
/// </summary>
public sealed class KernelLibraryException(string message, Exception? inner = null) : Exception(message, inner);
