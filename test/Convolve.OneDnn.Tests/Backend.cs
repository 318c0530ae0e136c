using System.Runtime.CompilerServices;
using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn.Tests;

internal static class Backend
{
    public static OneDnnLibrary Library => (OneDnnLibrary)KernelLibrary.Current;

    /// <summary>Of the library that is installed.</summary>
    public static int Major => Library is OneDnn2 ? 2 : 3;

    [ModuleInitializer]
    internal static void Choose()
    {
        OneDnnBackend native = new();
        KernelLibrary.Load = () => native.Load() ?? throw new KernelLibraryException(native.Missing);
        ThreadTeam.LoadTeam = () => native.Team;
    }
}
