using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels;

namespace Convolve.OneDnn;

/// <summary>Finds the native libraries, and sets their environment before the first of them loads.</summary>
internal static partial class NativeLibraries
{
    private static nint _kernelLibrary;

    /// <summary>
    /// How long a thread spins at a barrier before it sleeps: long enough for the next kernel, short enough for busy neighbors.
    /// </summary>
    private const string SpinCount = "10000";

#pragma warning disable CA2255 // the resolver must stand before any call, and the environment before any load
    [ModuleInitializer]
    internal static void Prepare()
#pragma warning restore CA2255
    {
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);
    }

    /// <summary>The address of a function of the kernel library, which has been loaded; 0 if this version lacks it.</summary>
    public static nint Function(string name) => NativeLibrary.TryGetExport(_kernelLibrary, name, out nint address) ? address : 0;

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        NativePackage? package = name switch
        {
            Dnnl.Library => NativePackage.KernelLibrary,
            OpenMp.Library => NativePackage.OpenMp,
            _ => null,
        };
        if (package is null)
            return 0;
        if (!OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is null
            && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            setenv("GOMP_SPINCOUNT", SpinCount, 1); // Environment.SetEnvironmentVariable does not reach native code
        foreach (string file in package.Files)
        {
            if (!NativeLibrary.TryLoad(file, out nint handle))
                continue;
            if (name == Dnnl.Library)
                _kernelLibrary = handle;
            return handle;
        }
        throw new KernelLibraryException(package.MissingHere);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
