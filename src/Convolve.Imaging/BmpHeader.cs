using System.Buffers.Binary;

namespace Convolve.Imaging;

/// <summary>Reads the header of a BMP file.</summary>
/// <remarks>Source: Windows API, BITMAPCOREHEADER and BITMAPINFOHEADER.</remarks>
internal static class BmpHeader
{
    private const int FileHeadBytes = 14, CoreBytes = 12, InfoBytes = 16, FullBytes = 40;

    public static bool IsBmp(ReadOnlySpan<byte> data) => data.StartsWith("BM"u8);

    public static ImageHeader Read(ReadOnlySpan<byte> data, string file)
    {
        uint head = data.Length >= FileHeadBytes + CoreBytes ? BinaryPrimitives.ReadUInt32LittleEndian(data[FileHeadBytes..]) : 0;
        if (head is not CoreBytes && (head < InfoBytes || head > data.Length - FileHeadBytes))
            throw new ImageException(file, $"this BMP file is cut off or damaged: its {data.Length} bytes end in its header. " +
                $"Get the file again.");
        ReadOnlySpan<byte> sizes = data[(FileHeadBytes + 4)..];
        (int width, int height) = head == CoreBytes
            ? (BinaryPrimitives.ReadUInt16LittleEndian(sizes), BinaryPrimitives.ReadUInt16LittleEndian(sizes[2..]))
            : (BinaryPrimitives.ReadInt32LittleEndian(sizes), BinaryPrimitives.ReadInt32LittleEndian(sizes[4..]));
        // Rows from the top have a negative height.
        return ImageHeader.Of(new(ImageFormat.Bmp, HasGreyPalette(data, (int)head) ? 1 : 3, height == int.MinValue ? 0 : Math.Abs(height),
            width, 1), isGrey: false);
    }

    private static bool HasGreyPalette(ReadOnlySpan<byte> data, int head)
    {
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(data[(FileHeadBytes + (head == CoreBytes ? 10 : 14))..]);
        if (bits is < 1 or > 8)
            return false;
        uint used = head < FullBytes ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(data[(FileHeadBytes + 32)..]);
        int step = head == CoreBytes ? 3 : 4, count = used is > 0 and <= 256 ? (int)used : 1 << bits;
        ReadOnlySpan<byte> colors = data[(FileHeadBytes + head)..];
        if (colors.Length < step * count)
            return false;
        for (int i = 0; i < step * count; i += step)
            if (colors[i] != colors[i + 1] || colors[i] != colors[i + 2])
                return false;
        return true;
    }
}
