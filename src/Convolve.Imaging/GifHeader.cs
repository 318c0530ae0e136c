using System.Buffers.Binary;

namespace Convolve.Imaging;

/// <summary>Walks the blocks of a GIF file to its end.</summary>
/// <remarks>Source: CompuServe, Graphics Interchange Format 89a, sections 18 to 27.</remarks>
internal static class GifHeader
{
    private const byte Extension = 0x21, Frame = 0x2C, Trailer = 0x3B;
    private const int HeadBytes = 13, FrameBytes = 10;

    public static bool IsGif(ReadOnlySpan<byte> data) => data.StartsWith("GIF87a"u8) || data.StartsWith("GIF89a"u8);

    public static ImageHeader Read(ReadOnlySpan<byte> data, string file)
    {
        if (data.Length < HeadBytes)
            throw CutOff(data.Length, file);
        (int width, int height) = (BinaryPrimitives.ReadUInt16LittleEndian(data[6..]), BinaryPrimitives.ReadUInt16LittleEndian(data[8..]));
        int at = HeadBytes + TableBytes(data[10]);
        bool hasFrame = false, isGrey = at > HeadBytes && at < data.Length && IsGrey(data[HeadBytes..at]);
        for (; at < data.Length && data[at] != Trailer; at++)
        {
            if (data[at] == Frame && at + FrameBytes < data.Length)
            {
                hasFrame = true;
                isGrey &= TableBytes(data[at + FrameBytes - 1]) == 0;
                at = BehindBlocks(data, at + FrameBytes + TableBytes(data[at + FrameBytes - 1]) + 1);
            }
            else if (data[at] == Extension)
            {
                at = BehindBlocks(data, at + 2);
            }
            else if (data[at] != 0) // between blocks, zeros do no harm
            {
                at = data.Length;
            }
        }
        if (at >= data.Length)
            throw CutOff(data.Length, file);
        return hasFrame ? ImageHeader.Of(new(ImageFormat.Gif, isGrey ? 1 : 3, height, width, 1), isGrey: false)
            : throw new ImageException(file, "this GIF file has no picture in it. Get the file again.");
    }

    // Blocks of up to 255 bytes, each behind its length, and a length of 0. Gives the place of that.
    private static int BehindBlocks(ReadOnlySpan<byte> data, int at)
    {
        while (at < data.Length && data[at] != 0)
            at += data[at] + 1;
        return at;
    }

    private static bool IsGrey(ReadOnlySpan<byte> colors)
    {
        for (int i = 0; i < colors.Length; i += 3)
            if (colors[i] != colors[i + 1] || colors[i] != colors[i + 2])
                return false;
        return true;
    }

    private static int TableBytes(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << (flags & 7) + 1;

    private static ImageException CutOff(int length, string file) =>
        new(file, $"this GIF file is cut off: it ends after {length} bytes, before its trailer. Get the file again.");
}
