using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Convolve.Imaging;

/// <summary>Finds TurboJPEG by the names that the operating systems give it.</summary>
internal static class NativeLibraries
{
    private static readonly Lazy<nint> TurboJpegHandle = new(LoadTurboJpeg);

    /// <summary>Whether TurboJPEG is installed.</summary>
    public static bool HasTurboJpeg => TurboJpegHandle.Value != 0;

#pragma warning disable CA2255 // the resolver must stand before any call
    [ModuleInitializer]
    internal static void Prepare()
#pragma warning restore CA2255
    {
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == TurboJpeg.Library ? TurboJpegHandle.Value : 0;

    private static nint LoadTurboJpeg()
    {
        string[] names = OperatingSystem.IsWindows() ? ["turbojpeg.dll", "libturbojpeg.dll"]
            : OperatingSystem.IsMacOS() ? ["libturbojpeg.0.dylib", "libturbojpeg.dylib"] : ["libturbojpeg.so.0"];
        foreach (string name in names)
            if (NativeLibrary.TryLoad(name, out nint handle) && NativeLibrary.TryGetExport(handle, nameof(TurboJpeg.tjDecompress2), out _))
                return handle;
        return 0;
    }
}
