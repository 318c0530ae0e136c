using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels;

namespace Convolve.OneDnn;

/// <summary>Finds the native libraries, and sets their environment before the first of them loads.</summary>
internal static partial class NativeLibraries
{
    private static readonly string[] DnnlNames = ["libdnnl.so.2"];
    private static readonly string[] OpenMpNames = ["libgomp.so.1"];

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

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        string[]? candidates = name switch { Dnnl.Library => DnnlNames, OpenMp.Library => OpenMpNames, _ => null };
        if (candidates is null)
            return 0;
        if (Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is null && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            setenv("GOMP_SPINCOUNT", SpinCount, 1); // Environment.SetEnvironmentVariable does not reach native code
        foreach (string candidate in candidates)
            if (NativeLibrary.TryLoad(candidate, out nint handle))
                return handle;
        throw new KernelLibraryException(
            $"The kernel library {candidates[0]} is not installed. Install it: sudo apt-get install -y " +
            $"{(name == Dnnl.Library ? "libdnnl2" : "libgomp1")}");
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
