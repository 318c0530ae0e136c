namespace Convolve.Kernels.Contract;

/// <summary>The kernel library of this process.</summary>
internal static class KernelLibrary
{
    private static readonly Lazy<IKernelLibrary> Loaded = new(() =>
        Load?.Invoke() ?? throw new KernelLibraryException("No kernel library was chosen."));

    /// <summary>Loads the library at the first call.</summary>
    /// <exception cref="KernelLibraryException">It is not installed, or of a version that is not known.</exception>
    public static IKernelLibrary Current => Substitute ?? Loaded.Value;

    /// <summary>Makes the library; set once, before anything asks for it.</summary>
    internal static Func<IKernelLibrary>? Load { get; set; }

    /// <summary>Takes the library's place where it is not null: tests run plans with it that this machine has no kernels for.</summary>
    internal static IKernelLibrary? Substitute { get; set; }
}
