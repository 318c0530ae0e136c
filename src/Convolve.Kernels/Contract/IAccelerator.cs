using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Contract;

/// <summary>A native kernel library in an assembly of its own, which a program may leave out.</summary>
internal interface IAccelerator
{
    /// <summary>Its threads, which own kernels share.</summary>
    ITeam Team { get; }

    /// <summary>Why <see cref="Load"/> gave nothing, and how to install it.</summary>
    string Missing { get; }

    /// <summary>The library; null where it is not installed, or of a version that is not known.</summary>
    IKernelLibrary? Load();
}
