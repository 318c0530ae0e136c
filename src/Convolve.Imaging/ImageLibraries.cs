using SkiaSharp;

namespace Convolve.Imaging;

/// <summary>The libraries that decode pictures.</summary>
internal static class ImageLibraries
{
    /// <summary>The library of all formats, such as "Skia 155.0".</summary>
    /// <exception cref="ImageLibraryException">It can't be loaded.</exception>
    public static string Decoder
    {
        get
        {
            try
            {
                return $"Skia {SkiaSharpVersion.Native.ToString(2)}";
            }
            catch (Exception e) when ((e is TypeInitializationException { InnerException: { } inner } ? inner : e)
                is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException or InvalidOperationException)
            {
                throw new ImageLibraryException(
                    $"The picture library libSkiaSharp can't be loaded: {(e.InnerException ?? e).Message} It comes with the NuGet " +
                    $"package SkiaSharp; keep it next to the program's assemblies, for this operating system and processor.");
            }
        }
    }

    /// <summary>The library that decodes JPEG faster, where it is installed, such as "libturbojpeg"; null where it isn't.</summary>
    public static string? JpegAccelerator => NativeLibraries.HasTurboJpeg ? "libturbojpeg" : null;

    /// <summary>Whether JPEG files are decoded with TurboJPEG. Tests turn it off.</summary>
    internal static bool UsesTurboJpeg { get; set; } = NativeLibraries.HasTurboJpeg;

    /// <summary>Loads the library of all formats, so that a missing one is known before any picture is blamed.</summary>
    /// <exception cref="ImageLibraryException">It can't be loaded.</exception>
    public static void Require() => _ = Decoder;
}
