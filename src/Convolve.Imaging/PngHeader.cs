using System.Buffers.Binary;
using Convolve.Imaging.Metadata;

namespace Convolve.Imaging;

/// <summary>Walks the chunks of a PNG file, and unpacks none of its pixels.</summary>
/// <remarks>Source: W3C PNG specification (third edition), sections 5.3, 11.2.1 and 11.3.4.6.</remarks>
internal static class PngHeader
{
    private const int GrayType = 0, GrayAlphaType = 4, FrameBytes = 12;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool IsPng(ReadOnlySpan<byte> data) => data.StartsWith(Signature);

    public static ImageHeader Read(ReadOnlySpan<byte> data, string file)
    {
        ReadOnlySpan<byte> head = [], exif = [], xmp = [], profile = [];
        bool isTransparent = false;
        int at = Signature.Length;
        for (bool isLast = false; !isLast;)
        {
            // A chunk: length, type, content, checksum.
            uint length = data.Length - at >= FrameBytes ? BinaryPrimitives.ReadUInt32BigEndian(data[at..]) : uint.MaxValue;
            if (length > data.Length - at - FrameBytes)
                throw new ImageException(file,
                    $"this PNG file is cut off: it ends after {data.Length} bytes, before its IEND chunk. Get the file again.");
            ReadOnlySpan<byte> type = data.Slice(at + 4, 4), content = data.Slice(at + 8, (int)length);
            if (head.IsEmpty && !(type.SequenceEqual("IHDR"u8) && content.Length == 13))
                throw new ImageException(file, "this PNG file does not begin with an IHDR chunk of 13 bytes. Get the file again.");
            isTransparent |= type.SequenceEqual("tRNS"u8);
            if (head.IsEmpty)
                head = content;
            else if (exif.IsEmpty && type.SequenceEqual("eXIf"u8))
                exif = Whole(data, at, length, file);
            else if (xmp.IsEmpty && PngText.IsXmp(type, content))
                xmp = Whole(data, at, length, file);
            else if (profile.IsEmpty && PngText.IsExif(type, content))
                profile = Whole(data, at, length, file);
            isLast = type.SequenceEqual("IEND"u8);
            at += FrameBytes + (int)length;
        }
        uint width = BinaryPrimitives.ReadUInt32BigEndian(head), height = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        if (width > int.MaxValue || height > int.MaxValue)
            throw new ImageException(file,
                $"its header says {width} columns and {height} rows, but PNG allows at most 2147483647. Get the file again.");
        (int bits, int colors) = (head[8], head[9]);
        bool isGrey = colors is GrayType or GrayAlphaType;
        // In PIL's order.
        int orientation = (exif.IsEmpty ? null : Exif.Find(exif[4..]))
            ?? (profile.IsEmpty ? null : PngText.ExifOrientation(profile[..4], profile[4..]))
            ?? (xmp.IsEmpty ? null : PngText.XmpOrientation(xmp[4..])) ?? 1;
        ImageInfo info = new(ImageFormat.Png, isGrey ? 1 : 3, (int)height, (int)width, orientation);
        // the library has no gray bytes of the others
        return ImageHeader.Of(info, isGrey: colors == GrayType && bits <= 8 && !isTransparent);
    }

    /// <summary>Type and content of a chunk that says how the picture is turned: nobody else looks at its checksum.</summary>
    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> data, int at, uint length, string file)
    {
        ReadOnlySpan<byte> chunk = data.Slice(at + 4, (int)length + 4);
        return Crc32.Of(chunk) == BinaryPrimitives.ReadUInt32BigEndian(data[(at + 8 + (int)length)..]) ? chunk
            : throw new ImageException(file,
            $"this PNG file is damaged: its {System.Text.Encoding.ASCII.GetString(chunk[..4])} chunk has the wrong checksum. Get the " +
            $"file again.");
    }
}
