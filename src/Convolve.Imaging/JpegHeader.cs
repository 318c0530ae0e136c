using System.Buffers.Binary;

namespace Convolve.Imaging;

/// <summary>Reads the marker segments before a JPEG file's first scan.</summary>
/// <remarks>Source: ITU-T T.81, annex B.</remarks>
internal static class JpegHeader
{
    private const byte Fill = 0xFF, StartOfScan = 0xDA, EndOfImage = 0xD9, App1 = 0xE1;

    public static bool IsJpeg(ReadOnlySpan<byte> data) => data.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    public static ImageHeader Read(ReadOnlySpan<byte> data, string file)
    {
        (int height, int width, int samples, int orientation) = (0, 0, 0, 1);
        bool hasExif = false;
        int at = 2;
        while (true)
        {
            // Between segments there may be fill bytes, and in sloppy files others, which the decoder skips as well.
            int mark = at < data.Length ? data[at..].IndexOf(Fill) : -1;
            if (mark < 0 || at + mark + 4 > data.Length)
                throw Short(file, data.Length, "its head is whole");
            at += mark + 1;
            byte marker = data[at];
            if (marker is 0 or 1 or Fill or (>= 0xD0 and <= 0xD8))
            {
                at += marker == Fill ? 0 : 1; // no segment follows these
                continue;
            }
            if (marker == EndOfImage)
                throw new ImageException(file, "this JPEG file ends before any picture begins. Get the file again.");
            int length = data.Length - at > 2 ? BinaryPrimitives.ReadUInt16BigEndian(data[(at + 1)..]) : 0;
            if (length < 2 || at + 1 + length > data.Length)
                throw Short(file, data.Length, "its head is whole");
            ReadOnlySpan<byte> segment = data.Slice(at + 3, length - 2);
            at += 1 + length;
            if (marker == StartOfScan)
                break;
            if (marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC && samples == 0)
            {
                if (segment.Length < 6)
                    throw new ImageException(file, "the frame header of this JPEG file is too short. Get the file again.");
                (height, width, samples) = (BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]), segment[5]);
            }
            else if (marker == App1 && !hasExif && segment.StartsWith("Exif\0\0"u8))
            {
                (hasExif, orientation) = (true, Exif.Orientation(segment[6..]));
            }
        }
        if (samples is not (1 or 3 or 4))
            throw new ImageException(file, samples == 0 ? "this JPEG file has no frame header. Get the file again."
                : $"this JPEG file has {samples} components, and 1 (grey), 3 (colour) or 4 (CMYK) were expected. Convert it.");
        if (data[at..].LastIndexOf((ReadOnlySpan<byte>)[Fill, EndOfImage]) < 0)
            throw Short(file, data.Length, "its end marker");
        ImageInfo info = new(ImageFormat.Jpeg, samples == 1 ? 1 : 3, height, width, orientation);
        return new(info.IsTurned ? info with { Height = width, Width = height } : info, samples);
    }

    private static ImageException Short(string file, int length, string missing) =>
        new(file, $"this JPEG file is cut off: it ends after {length} bytes, before {missing}. Get the file again.");
}
