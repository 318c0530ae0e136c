using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Convolve.Mpi;

/// <summary>Finds Open MPI 4 or 5, and sets its environment before it loads.</summary>
internal static class MpiLibrary
{
    private const string File = "libmpi.so.40";
    private static nint _handle;

#pragma warning disable CA2255 // the resolver must stand before any call
    [ModuleInitializer]
    internal static void Prepare()
#pragma warning restore CA2255
    {
        NativeLibrary.SetDllImportResolver(typeof(MpiLibrary).Assembly, (name, _, _) => name == Mpi.Library ? Load() : 0);
    }

    /// <summary>The addresses of what Open MPI exports as data.</summary>
    /// <exception cref="MpiException">Open MPI is not installed, or it is another MPI.</exception>
    public static MpiSymbols Symbols()
    {
        Load();
        return new(Symbol("ompi_mpi_comm_world"), Symbol("ompi_mpi_byte"), Symbol("ompi_mpi_float"), Symbol("ompi_mpi_int"),
            Symbol("ompi_mpi_errors_return"));
    }

    /// <summary>Refuses an Open MPI that can't go on after the loss of a rank.</summary>
    /// <exception cref="MpiException">It is one.</exception>
    public static void RequireFaultTolerance()
    {
        if (!NativeLibrary.TryGetExport(Load(), nameof(Mpi.MPIX_Comm_shrink), out _))
            throw new MpiException("Going on without a rank that is lost needs Open MPI 5, built with its fault tolerance (ULFM).");
    }

    private static nint Load()
    {
        if (_handle != 0)
            return _handle;
        // Open MPI 5 loads UCX, which replaces the handlers of SIGSEGV and others that .NET's null checks depend on, and that of SIGHUP.
        LibC.setenv("UCX_HANDLE_ERRORS", "none", 1);
        LibC.setenv("UCX_DEBUG_SIGNO", "0", 1);
        return NativeLibrary.TryLoad(File, out _handle) ? _handle
            : throw new MpiException(
                $"Open MPI not found ({File}). Install Debian's openmpi-bin with libopenmpi3 (Debian 12) or libopenmpi40 (Debian 13).");
    }

    private static nint Symbol(string name) => NativeLibrary.TryGetExport(_handle, name, out nint address) ? address
        : throw new MpiException($"{File} isn't Open MPI: it doesn't export {name}. Use Open MPI 4.1 or 5.0.");
}

/// <summary>In Open MPI, the address of a predefined object is its handle.</summary>
internal readonly record struct MpiSymbols(nint World, nint Byte, nint Float, nint Int, nint ErrorsReturn);
