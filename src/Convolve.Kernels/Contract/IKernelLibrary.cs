using Convolve.Kernels.Machines;

namespace Convolve.Kernels.Contract;

/// <summary>
/// Everything that the rest of the program asks of a kernel library: two methods on operations, which are data. oneDNN's versions and own
/// kernels implement it.
/// </summary>
internal interface IKernelLibrary
{
    /// <summary>Such as "oneDNN 2.6.3".</summary>
    string Name { get; }

    InstructionSet InstructionSet { get; }

    /// <summary>The channels of the blocks that its kernels for this machine work on: 16 or 8.</summary>
    int Block { get; }

    /// <summary>What a kernel would be, without keeping it; null where the library has none for the operation.</summary>
    /// <exception cref="KernelLibraryException">The operation is wrong.</exception>
    KernelDescription? Describe(Operation operation);

    /// <summary>Makes a kernel.</summary>
    /// <param name="operation">What it computes.</param>
    /// <param name="label">The layer that it belongs to; errors name it.</param>
    /// <exception cref="KernelLibraryException">The library has none, or ran out of memory.</exception>
    Kernel Compile(Operation operation, string label);
}
