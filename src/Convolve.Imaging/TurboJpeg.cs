using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Convolve.Imaging;

/// <summary>TurboJPEG's C API 2.0, names and order of the arguments as in turbojpeg.h; TurboJPEG 3 still has it.</summary>
internal static unsafe partial class TurboJpeg
{
    /// <summary>Resolved by <see cref="NativeLibraries"/>.</summary>
    internal const string Library = "turbojpeg";

    /// <summary>TJPF_*: how pixels come out.</summary>
    internal const int Gray = 6, Rgba = 7, Cmyk = 11;

    /// <summary>TJFLAG_ACCURATEDCT.</summary>
    internal const int AccurateDct = 4096;

    [LibraryImport(Library)]
    internal static partial nint tjInitDecompress();

    [LibraryImport(Library)]
    internal static partial int tjDecompress2(nint handle, byte* file, nuint bytes, byte* target, int width, int pitch, int height,
        int pixelFormat, int flags);

    [LibraryImport(Library)]
    internal static partial int tjDestroy(nint handle);
}
