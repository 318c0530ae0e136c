namespace Convolve.Kernels.Checks;

/// <summary>
/// A kernel did not compute its whole result from its inputs; the message names the layer, the kernel, the shapes and how many elements.
/// </summary>
internal sealed class KernelCheckException(string message) : KernelLibraryException(message);
