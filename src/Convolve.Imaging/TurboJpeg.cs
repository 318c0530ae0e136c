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
    internal const int Rgb = 0, Gray = 6, Cmyk = 11;

    /// <summary>TJFLAG_ACCURATEDCT; TJFLAG_LIMITSCANS ends a progressive file of more than 500 scans, which would take minutes.</summary>
    internal const int AccurateDct = 4096, LimitScans = 32768;

    [LibraryImport(Library)]
    internal static partial nint tjInitDecompress();

    [LibraryImport(Library)]
    internal static partial int tjDecompress2(nint handle, byte* file, nuint bytes, byte* target, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library)]
    internal static partial nint tjGetErrorStr2(nint handle);

    [LibraryImport(Library)]
    internal static partial int tjGetErrorCode(nint handle);

    [LibraryImport(Library)]
    internal static partial int tjDestroy(nint handle);

    /// <summary>A decompressor; for one thread at a time.</summary>
    internal sealed class Decompressor() : SafeHandle(0, true)
    {
        public override bool IsInvalid => handle == 0;

        public static Decompressor Create()
        {
            Decompressor decompressor = new();
            decompressor.SetHandle(tjInitDecompress());
            return decompressor.IsInvalid ? throw new InsufficientMemoryException("There is no memory for a JPEG decompressor.") : decompressor;
        }

        protected override bool ReleaseHandle() => tjDestroy(handle) == 0;
    }
}
