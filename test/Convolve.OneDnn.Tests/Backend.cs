using System.Runtime.CompilerServices;
using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn.Tests;

internal static class Backend
{
    [ModuleInitializer]
    internal static void Choose()
    {
        KernelLibrary.Load = () => OneDnnBackend.Load() ?? throw new KernelLibraryException(OneDnnBackend.Missing);
        ThreadTeam.LoadTeam = () => OneDnnBackend.Team;
        OneDnnBackend.UsePages();
    }
}
