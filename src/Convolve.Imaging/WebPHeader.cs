using System.Buffers.Binary;
using Convolve.Imaging.Metadata;

namespace Convolve.Imaging;

/// <summary>Walks the chunks of a WebP file.</summary>
/// <remarks>Source: RFC 9649, section 2.</remarks>
internal static class WebPHeader
{
    private const int HeadBytes = 12, FrameBytes = 8, SizeMask = 0x3FFF;
    private const byte LosslessSignature = 0x2F;

    public static bool IsWebP(ReadOnlySpan<byte> data) =>
        data.Length >= HeadBytes && data.StartsWith("RIFF"u8) && data[8..HeadBytes].SequenceEqual("WEBP"u8);

    public static ImageHeader Read(ReadOnlySpan<byte> data, string file)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
        if (length > data.Length - FrameBytes)
            throw CutOff(data.Length, file);
        ReadOnlySpan<byte> rest = data[HeadBytes..Math.Max((int)length + FrameBytes, HeadBytes)], exif = [], xmp = [];
        (int Height, int Width)? size = null;
        bool hasPicture = false;
        while (rest.Length >= FrameBytes)
        {
            ReadOnlySpan<byte> type = rest[..4];
            uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            if (bytes > rest.Length - FrameBytes)
                throw CutOff(data.Length, file);
            ReadOnlySpan<byte> content = rest.Slice(FrameBytes, (int)bytes);
            size ??= SizeOf(type, content);
            hasPicture |= type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8) || type.SequenceEqual("ANMF"u8);
            if (exif.IsEmpty && type.SequenceEqual("EXIF"u8))
                exif = content;
            else if (xmp.IsEmpty && type.SequenceEqual("XMP "u8))
                xmp = content;
            rest = rest[(int)Math.Min(FrameBytes + bytes + (bytes & 1), rest.Length)..];
        }
        if (!hasPicture || size is not { } known)
            throw new ImageException(file, "this WebP file has no picture in it. Get the file again.");
        int orientation = Exif.Find(exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif) ?? (xmp.IsEmpty ? null : Xmp.Orientation(xmp)) ?? 1;
        return ImageHeader.Of(new(ImageFormat.WebP, 3, known.Height, known.Width, orientation), isGrey: false);
    }

    // Of the canvas where there is one, else of the only frame.
    private static (int Height, int Width)? SizeOf(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        if (type.SequenceEqual("VP8X"u8) && content.Length >= 10)
            return (1 + UInt24(content[7..]), 1 + UInt24(content[4..]));
        if (type.SequenceEqual("VP8 "u8) && content.Length >= 10)
            return (BinaryPrimitives.ReadUInt16LittleEndian(content[8..]) & SizeMask,
                BinaryPrimitives.ReadUInt16LittleEndian(content[6..]) & SizeMask);
        if (!type.SequenceEqual("VP8L"u8) || content.Length < 5 || content[0] != LosslessSignature)
            return null;
        uint bits = BinaryPrimitives.ReadUInt32LittleEndian(content[1..]);
        return ((int)(bits >> 14 & SizeMask) + 1, (int)(bits & SizeMask) + 1);
    }

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | bytes[1] << 8 | bytes[2] << 16;

    private static ImageException CutOff(int length, string file) =>
        new(file, $"this WebP file is cut off: it ends after {length} bytes, before its last chunk does. Get the file again.");
}
