using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn;

/// <summary>oneDNN as a kernel library of this process. Nothing native is loaded before it is asked for.</summary>
internal static class OneDnnBackend
{
    /// <summary>Its threads, which own kernels share.</summary>
    public static ITeam Team { get; } = new OpenMpTeam();

    /// <summary>Why <see cref="Load"/> gave nothing.</summary>
    public static string Missing { get; private set; } = "";

    /// <summary>The library; null where it is not installed, or of a version that is not known.</summary>
    public static IKernelLibrary? Load()
    {
        try
        {
            IKernelLibrary library = OneDnnLibrary.Load();
            Team.Resize(1); // loads libgomp; it is missing where oneDNN was built for other threads
            return library;
        }
        catch (KernelLibraryException e)
        {
            Missing = e.Message;
            return null;
        }
    }

    /// <summary>Takes large pages from the system where it is Linux, before the first buffer is asked for.</summary>
    public static void UsePages()
    {
        if (OperatingSystem.IsLinux())
            NativeBuffer.Pages = new LinuxPages();
    }
}
