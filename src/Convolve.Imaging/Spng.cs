using System.Runtime.InteropServices;

namespace Convolve.Imaging;

/// <summary>libspng's C API 0.7, names and order of the arguments as in spng.h.</summary>
internal static unsafe partial class Spng
{
    /// <summary>Resolved by <see cref="NativeLibraries"/>.</summary>
    internal const string Library = "spng";

    /// <summary>SPNG_CTX_ENCODER.</summary>
    internal const int EncoderContext = 2;

    /// <summary>SPNG_FMT_*: how pixels come out; Png is as they are stored.</summary>
    internal const int Rgb8 = 4, Gray8 = 64, Png = 256;

    /// <summary>SPNG_ENCODE_FINALIZE, SPNG_ENCODE_TO_BUFFER.</summary>
    internal const int FinalizeImage = 2, EncodeToBuffer = 12;

    /// <summary>SPNG_EMEM.</summary>
    internal const int OutOfMemory = 2;

    /// <summary>struct spng_ihdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Header
    {
        public uint Width, Height;
        public byte BitDepth, ColorType, Compression, Filter, Interlace;
    }

    [LibraryImport(Library)]
    internal static partial nint spng_ctx_new(int flags);

    [LibraryImport(Library)]
    internal static partial void spng_ctx_free(nint context);

    [LibraryImport(Library)]
    internal static partial int spng_set_png_buffer(nint context, byte* file, nuint bytes);

    [LibraryImport(Library)]
    internal static partial int spng_set_image_limits(nint context, uint width, uint height);

    [LibraryImport(Library)]
    internal static partial int spng_set_chunk_limits(nint context, nuint chunkBytes, nuint cacheBytes);

    [LibraryImport(Library)]
    internal static partial int spng_decode_image(nint context, byte* target, nuint bytes, int format, int flags);

    [LibraryImport(Library)]
    internal static partial int spng_set_option(nint context, int option, int value);

    [LibraryImport(Library)]
    internal static partial int spng_set_ihdr(nint context, Header* header);

    [LibraryImport(Library)]
    internal static partial int spng_encode_image(nint context, byte* image, nuint bytes, int format, int flags);

    [LibraryImport(Library)]
    internal static partial byte* spng_get_png_buffer(nint context, nuint* bytes, int* error);

    [LibraryImport(Library)]
    internal static partial nint spng_strerror(int error);

    [LibraryImport(Library)]
    internal static partial nint spng_version_string();

    /// <summary>What an error number means, such as "IDAT stream error".</summary>
    internal static string TextOf(int error) => Marshal.PtrToStringUTF8(spng_strerror(error)) ?? $"error {error}";
}
