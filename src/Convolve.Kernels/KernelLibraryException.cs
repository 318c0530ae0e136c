namespace Convolve.Kernels;

/// <summary>
/// The kernel library is missing, refused a call, or failed a check; the message names the operation with its shapes and the layer.
/// </summary>
public class KernelLibraryException(string message, Exception? inner = null) : ConvolveException(message, inner);
