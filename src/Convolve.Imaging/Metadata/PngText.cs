using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Convolve.Imaging.Metadata;

/// <summary>Reads the text chunks of a PNG file in which programs keep the orientation.</summary>
/// <remarks>
/// Source: W3C PNG specification (third edition), section 11.3.3. ImageMagick writes EXIF as hexadecimal text under "Raw profile type
/// exif".
/// </remarks>
internal static class PngText
{
    /// <summary>The most that is unpacked of a text, in bytes.</summary>
    private const int MostBytes = 1 << 20;

    private static ReadOnlySpan<byte> XmpKeyword => "XML:com.adobe.xmp\0"u8;

    /// <summary>Whether a chunk may say how the picture is turned.</summary>
    public static bool IsXmp(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content) => type.SequenceEqual("iTXt"u8)
        && content.StartsWith(XmpKeyword);

    /// <inheritdoc cref="IsXmp"/>
    public static bool IsExif(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content) =>
        (type.SequenceEqual("zTXt"u8) || type.SequenceEqual("tEXt"u8) || type.SequenceEqual("iTXt"u8))
        && (content.StartsWith("Raw profile type exif\0"u8) || content.StartsWith("Raw profile type APP1\0"u8));

    /// <summary>The orientation in a text chunk of XMP; null where it says none.</summary>
    public static int? XmpOrientation(ReadOnlySpan<byte> content) => Xmp.Orientation(TextOf("iTXt"u8, content));

    /// <summary>The orientation in a text chunk of EXIF; null where it says none.</summary>
    public static int? ExifOrientation(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        // An empty line, the name of the profile, its length, and lines of hexadecimal digits.
        string digits = string.Concat(Encoding.ASCII.GetString(TextOf(type, content)).Split('\n').Skip(3))
            .Replace(" ", "", StringComparison.Ordinal).Trim();
        byte[] profile = new byte[digits.Length / 2];
        for (int i = 0; i < profile.Length; i++)
            if (!byte.TryParse(digits.AsSpan(2 * i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out profile[i]))
                return null;
        ReadOnlySpan<byte> tiff = profile;
        return Exif.Find(tiff.StartsWith("Exif\0\0"u8) ? tiff[6..] : tiff);
    }

    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> rest = After(content);
        if (type.SequenceEqual("tEXt"u8))
            return rest;
        if (type.SequenceEqual("zTXt"u8))
            return rest.Length > 1 ? Unpacked(rest[1..]) : [];
        if (rest.Length < 2)
            return [];
        bool isPacked = rest[0] == 1;
        ReadOnlySpan<byte> text = After(After(rest[2..])); // behind the language and the translated keyword
        return isPacked ? Unpacked(text) : text;
    }

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> content) => content.IndexOf((byte)0) is >= 0
        and int end ? content[(end + 1)..] : [];

    private static byte[] Unpacked(ReadOnlySpan<byte> packed)
    {
        using ZLibStream stream = new(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
        byte[] text = new byte[Math.Clamp(packed.Length * 16, 1 << 12, MostBytes)];
        try
        {
            return text[..stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }
}
