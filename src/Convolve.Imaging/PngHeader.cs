using System.Buffers.Binary;

namespace Convolve.Imaging;

/// <summary>Walks the chunks of a PNG file, without unpacking any.</summary>
/// <remarks>Source: W3C PNG specification (third edition), sections 5.3, 11.2.1 and 11.3.4.6.</remarks>
internal static class PngHeader
{
    private const int GreyType = 0, GreyAlphaType = 4, FrameBytes = 12;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool IsPng(ReadOnlySpan<byte> data) => data.StartsWith(Signature);

    public static ImageHeader Read(ReadOnlySpan<byte> data, string file)
    {
        ReadOnlySpan<byte> head = [], exif = [];
        int at = Signature.Length;
        for (bool isLast = false; !isLast;)
        {
            // A chunk: length, type, content, checksum.
            uint length = data.Length - at >= FrameBytes ? BinaryPrimitives.ReadUInt32BigEndian(data[at..]) : uint.MaxValue;
            if (length > data.Length - at - FrameBytes)
                throw new ImageException(file, $"this PNG file is cut off: it ends after {data.Length} bytes, before its IEND chunk. Get the file again.");
            ReadOnlySpan<byte> type = data.Slice(at + 4, 4), content = data.Slice(at + 8, (int)length);
            if (head.IsEmpty && !(type.SequenceEqual("IHDR"u8) && content.Length == 13))
                throw new ImageException(file, "this PNG file does not begin with an IHDR chunk of 13 bytes. Get the file again.");
            if (head.IsEmpty)
                head = content;
            else if (exif.IsEmpty && type.SequenceEqual("eXIf"u8))
                exif = content;
            isLast = type.SequenceEqual("IEND"u8);
            at += FrameBytes + (int)length;
        }
        uint width = BinaryPrimitives.ReadUInt32BigEndian(head), height = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        if (width > int.MaxValue || height > int.MaxValue)
            throw new ImageException(file, $"its head says {width} columns and {height} rows, and PNG allows 2147483647. Get the file again.");
        (int bits, int colors) = (head[8], head[9]);
        bool isGrey = colors is GreyType or GreyAlphaType;
        ImageInfo info = new(ImageFormat.Png, isGrey ? 1 : 3, (int)height, (int)width, Exif.Orientation(exif));
        return new(info.IsTurned ? info with { Height = (int)width, Width = (int)height } : info, colors == GreyType && bits <= 8 ? 1 : 3); // the library has no grey bytes of the others
    }
}
