using System.Buffers.Binary;

namespace Convolve.Imaging.Tests;

/// <summary>A JPEG file taken apart: segments with their markers, and behind each scan header its coded data.</summary>
internal static class JpegFile
{
    public const byte Quantisation = 0xDB, Huffman = 0xC4, Scan = 0xDA, End = 0xD9;

    /// <summary>Marker, and all bytes from the marker to the next one.</summary>
    public static List<(byte Marker, byte[] Bytes)> Parts(byte[] file)
    {
        List<(byte, byte[])> parts = [];
        for (int at = 2; ;)
        {
            byte marker = file[at + 1];
            int end = at + 2;
            if (marker != End)
                end += BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(end));
            while (marker == Scan && !(file[end] == 0xFF && file[end + 1] is not 0 and not (>= 0xD0 and <= 0xD7)))
                end++;
            parts.Add((marker, file[at..end]));
            if (marker == End)
                return parts;
            at = end;
        }
    }

    public static byte[] Join(IEnumerable<(byte Marker, byte[] Bytes)> parts) => [0xFF, 0xD8, .. parts.SelectMany(p => p.Bytes)];

    public static byte[] Without(byte[] file, byte marker) => Join(Parts(file).Where(p => p.Marker != marker));
}
