using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;

namespace Convolve.Kernels.Contract;

/// <summary>A kernel with the memory it works on. Binding is done once; executing allocates nothing.</summary>
internal abstract class Kernel : IDisposable
{
    /// <summary>Says where an argument is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It would leave the buffer.</exception>
    public abstract void Bind(Argument argument, Layout layout, NativeBuffer buffer, long offset);

    /// <summary>Says where the scratchpad is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It would leave the buffer, or the bytes that are free there do not
    /// suffice.</exception>
    public abstract void BindScratchpad(NativeBuffer buffer, long offset, long bytes);

    /// <summary>Runs on the executor thread, and returns when the result is there.</summary>
    /// <exception cref="KernelLibraryException">The library refused.</exception>
    public abstract void Execute();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
