using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Convolve.Imaging;

/// <summary>Finds the native libraries by the names that every Linux gives them.</summary>
internal static class NativeLibraries
{
#pragma warning disable CA2255 // the resolver must stand before any call
    [ModuleInitializer]
    internal static void Prepare()
#pragma warning restore CA2255
    {
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        TurboJpeg.Library => Load("libturbojpeg.so.0", "JPEG", "libturbojpeg0"),
        Spng.Library => Load("libspng.so.0", "PNG", "libspng0"),
        _ => 0,
    };

    private static nint Load(string file, string format, string package) => NativeLibrary.TryLoad(file, out nint handle) ? handle
        : throw new ImageLibraryException($"The {format} library {file} is not installed. Install it: sudo apt-get install -y {package}");
}
