using System.Runtime.InteropServices;

namespace Convolve.Imaging;

/// <summary>The libraries that do the work.</summary>
public static class ImageLibraries
{
    /// <summary>Such as "libturbojpeg".</summary>
    /// <exception cref="ImageLibraryException">It is not installed.</exception>
    public static string Jpeg
    {
        get
        {
            _ = TurboJpeg.tjGetErrorCode(0); // any call loads it; it does not tell its version
            return "libturbojpeg";
        }
    }

    /// <summary>Such as "libspng 0.7.3".</summary>
    /// <exception cref="ImageLibraryException">It is not installed.</exception>
    public static string Png => $"libspng {Marshal.PtrToStringUTF8(Spng.spng_version_string())}";

    /// <summary>Loads both, so that a missing one is known before any picture is blamed.</summary>
    /// <exception cref="ImageLibraryException">One is not installed.</exception>
    public static void Require() => _ = (Jpeg, Png);
}
