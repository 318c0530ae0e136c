using System.Globalization;
using System.Text.RegularExpressions;

namespace Convolve.Imaging;

/// <summary>Takes what is odd but harmless out of JPEG files.</summary>
/// <remarks>
/// The decoder reports only its first warning. A file with a harmless one is decoded once more without its cause: it is good if the decoder
/// has nothing to say then.
/// </remarks>
internal static partial class JpegOddities
{
    /// <summary>
    /// Files that may be the same picture without the cause of a warning; none if the warning means that pixels are made up.
    /// </summary>
    /// <param name="data">A file whose segments are whole.</param>
    /// <param name="warning">What the decoder said.</param>
    public static IEnumerable<byte[]> Without(byte[] data, string warning)
    {
        if (Extraneous().Match(warning) is { Success: true } extraneous)
        {
            byte[] tidy = Tidy(data);
            if (tidy.Length < data.Length)
                yield return tidy;
            // Or they are at the end of a scan, and the decoder does not say of which.
            int count = int.Parse(extraneous.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            byte marker = byte.Parse(extraneous.Groups[2].ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            foreach ((int start, int end) in Scans(data, marker))
                if (end - start >= count)
                    yield return [.. data.AsSpan(0, end - count), .. data.AsSpan(end)];
        }
        else if (warning.Contains("unknown JFIF revision number", StringComparison.Ordinal)
                 || warning.Contains("Unknown Adobe color transform code", StringComparison.Ordinal)
                 || warning.Contains("Invalid SOS parameters for sequential JPEG", StringComparison.Ordinal))
        {
            yield return Tidy(data);
        }
    }

    /// <summary>
    /// The same segments and scans without bytes between them, and with the values that the decoder assumes where it doubts those that are
    /// there.
    /// </summary>
    private static byte[] Tidy(ReadOnlySpan<byte> data)
    {
        List<byte> tidy = new(data.Length);
        tidy.AddRange(data[..2]);
        JpegSegments segments = new(data);
        (int samples, bool isProgressive, int scan) = (0, false, -1);
        while (segments.Next())
        {
            if (scan >= 0)
                tidy.AddRange(data[scan..segments.Start]);
            scan = segments.Marker == JpegSegments.StartOfScan ? segments.End : -1;
            int at = tidy.Count;
            tidy.AddRange(data[segments.Start..segments.End]);
            if (segments.Marker == JpegSegments.EndOfImage)
                break;
            ReadOnlySpan<byte> content = segments.Content;
            at += segments.End - segments.Start - content.Length;
            if (segments.IsFrame && content.Length > 5)
                (samples, isProgressive) = (content[5], segments.IsProgressive);
            else if (segments.Marker == JpegSegments.App0 && content.StartsWith("JFIF\0"u8) && content.Length > 5)
                tidy[at + 5] = 1;
        }
        // The transform depends on the frame, which comes later.
        byte[] result = [.. tidy];
        segments = new(result);
        while (segments.Next() && segments.Marker != JpegSegments.EndOfImage)
        {
            int at = segments.End - segments.Content.Length;
            if (segments.Marker == JpegSegments.App14 && segments.Content.StartsWith("Adobe"u8) && segments.Content.Length > 11
                && segments.Content[11] > 0)
                result[at + 11] = (byte)(samples == 4 ? 2 : 1);
            else if (segments.Marker == JpegSegments.StartOfScan && !isProgressive && segments.Content.Length > 3)
                (result[segments.End - 3], result[segments.End - 2], result[segments.End - 1]) = (0, 63, 0);
        }
        return result;
    }

    private static List<(int Start, int End)> Scans(ReadOnlySpan<byte> data, byte marker)
    {
        List<(int, int)> scans = [];
        JpegSegments segments = new(data);
        for (int scan = -1; segments.Next();)
        {
            if (scan >= 0 && segments.Marker == marker)
                scans.Add((scan, segments.Start));
            scan = segments.Marker == JpegSegments.StartOfScan ? segments.End : -1;
            if (segments.Marker == JpegSegments.EndOfImage)
                break;
        }
        return scans;
    }

    [GeneratedRegex(@"(\d{1,9}) extraneous bytes before marker 0x([0-9a-f]{2})")]
    private static partial Regex Extraneous();
}
