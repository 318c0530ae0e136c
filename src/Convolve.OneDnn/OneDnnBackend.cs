using Convolve.Kernels.Contract;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn;

/// <summary>oneDNN as the kernel library of this process.</summary>
internal static class OneDnnBackend
{
    /// <summary>Chooses it, before the first kernel, thread or buffer is asked for. Nothing native is loaded until then.</summary>
    public static void Choose()
    {
        KernelLibrary.Load = () => new OneDnn2();
        ThreadTeam.LibraryTeam = new OpenMpTeam();
        if (OperatingSystem.IsLinux())
            NativeBuffer.Pages = new LinuxPages();
    }
}
