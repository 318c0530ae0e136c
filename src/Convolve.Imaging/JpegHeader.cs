using System.Buffers.Binary;
using Convolve.Imaging.Jpeg;
using Convolve.Imaging.Metadata;

namespace Convolve.Imaging;

/// <summary>Reads the marker segments of a JPEG file.</summary>
internal static class JpegHeader
{
    private static ReadOnlySpan<byte> ExifName => "Exif\0\0"u8;

    private static ReadOnlySpan<byte> XmpName => "http://ns.adobe.com/xap/1.0/\0"u8;

    public static bool IsJpeg(ReadOnlySpan<byte> data) => data.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    public static ImageHeader Read(ReadOnlySpan<byte> data, string file)
    {
        (int height, int width, int samples) = (0, 0, 0);
        ReadOnlySpan<byte> exif = [], xmp = [];
        JpegScans scans = new(stackalloc sbyte[JpegScans.Room]);
        bool hasScan = false;
        JpegSegments segments = new(data);
        while (true)
        {
            if (!segments.Next())
                throw new ImageException(file,
                    $"this JPEG file is cut off: it ends after {data.Length} bytes, before " +
                    $"{(hasScan ? "its end marker" : "the end of its header")}. Get the file again.");
            if (segments.Marker == JpegSegments.EndOfImage)
                break;
            ReadOnlySpan<byte> content = segments.Content;
            if (segments.Marker == JpegSegments.StartOfScan)
            {
                RequireKnown(samples, file);
                hasScan = true;
                if (!scans.Add(content))
                    throw new ImageException(file,
                        "this JPEG file is damaged: one of its scans doesn't follow from those before it. Get the file again.");
            }
            else if (segments.IsFrame && samples == 0)
            {
                if (content.Length < 6)
                    throw new ImageException(file, "the frame header of this JPEG file is too short. Get the file again.");
                (height, width, samples) = (BinaryPrimitives.ReadUInt16BigEndian(content[1..]),
                    BinaryPrimitives.ReadUInt16BigEndian(content[3..]), content[5]);
                scans.Begin(content, segments.IsProgressive);
            }
            else if (segments.Marker == JpegSegments.App1 && !hasScan)
            {
                if (exif.IsEmpty && content.StartsWith(ExifName))
                    exif = content[ExifName.Length..];
                else if (xmp.IsEmpty && content.StartsWith(XmpName))
                    xmp = content[XmpName.Length..];
            }
        }
        if (!hasScan)
            throw new ImageException(file, "this JPEG file ends before any image data. Get the file again.");
        if (!scans.AreWhole)
            throw new ImageException(file,
                "this JPEG file is cut off: it ends before the last of its scans, so details or colors are missing. Get the file again.");
        int orientation = Exif.Find(exif) ?? (xmp.IsEmpty ? null : Xmp.Orientation(xmp)) ?? 1; // in PIL's order
        ImageInfo info = new(ImageFormat.Jpeg, samples == 1 ? 1 : 3, height, width, orientation);
        return ImageHeader.Of(info, isGrey: samples == 1) with { IsCmyk = samples == 4 };
    }

    private static void RequireKnown(int samples, string file)
    {
        if (samples is not (1 or 3 or 4))
            throw new ImageException(file, samples == 0 ? "this JPEG file has no frame header. Get the file again."
                : $"this JPEG file has {samples} components, expected 1 (grayscale), 3 (color) or 4 (CMYK). Convert it.");
    }
}
