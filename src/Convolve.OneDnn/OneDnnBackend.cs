using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn;

/// <summary>oneDNN as a kernel library of this process. Nothing native is loaded before it is asked for.</summary>
/// <remarks>Convolve finds it by its name where the assembly is part of the program (Backend of Convolve.Execution).</remarks>
internal sealed class OneDnnBackend : IAccelerator
{
    public ITeam Team { get; } = new OpenMpTeam();

    public string Missing { get; private set; } = "";

    public IKernelLibrary? Load()
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
}
