using System.Buffers.Binary;

namespace Convolve.Imaging.Metadata;

/// <summary>Finds the one EXIF tag that changes what a picture shows.</summary>
/// <remarks>Source: CIPA DC-008 (EXIF 2.32), section 4.6.4, tag 274; TIFF 6.0, section 2.</remarks>
internal static class Exif
{
    private const int OrientationTag = 0x0112, ShortType = 3, LongType = 4, EntryBytes = 12;

    /// <summary>The orientation, 1 to 8, in a TIFF header and what follows it; 1 if there is none, or anything is odd about it.</summary>
    public static int Orientation(ReadOnlySpan<byte> tiff) => Find(tiff) ?? 1;

    /// <summary>
    /// The orientation, 1 to 8, in a TIFF header and what follows it; 1 for a tag of another value, null where the tag is missing.
    /// </summary>
    public static int? Find(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
            return null;
        bool isLittle = tiff[0] == 'I';
        uint start = UInt32(tiff[4..], isLittle);
        if (start > tiff.Length - 2)
            return null;
        ReadOnlySpan<byte> entries = tiff[((int)start + 2)..];
        int count = Math.Min(UInt16(tiff[(int)start..], isLittle), entries.Length / EntryBytes);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = entries.Slice(i * EntryBytes, EntryBytes);
            if (UInt16(entry, isLittle) != OrientationTag)
                continue;
            uint value = (UInt16(entry[2..], isLittle), UInt32(entry[4..], isLittle)) switch
            {
                (ShortType, 1) => UInt16(entry[8..], isLittle),
                (LongType, 1) => UInt32(entry[8..], isLittle),
                _ => 1,
            };
            return value is >= 1 and <= 8 ? (int)value : 1;
        }
        return null;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
