using System.Buffers.Binary;

namespace Convolve.Imaging.Jpeg;

/// <summary>Walks the marker segments of a JPEG file to its end marker, over all its scans, as decoders do.</summary>
/// <remarks>Source: ITU-T T.81, annex B.</remarks>
internal ref struct JpegSegments(ReadOnlySpan<byte> data)
{
    public const byte Fill = 0xFF, StartOfScan = 0xDA, EndOfImage = 0xD9, App0 = 0xE0, App1 = 0xE1, App14 = 0xEE;

    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>Where the bytes behind the segment begin: the next marker, or the coded data of a scan.</summary>
    public int End { get; private set; } = 2;

    /// <summary>Where the segment's marker begins: at its 0xFF.</summary>
    public int Start { get; private set; }

    /// <summary>The second byte of the marker; <see cref="EndOfImage"/> at the end of the picture.</summary>
    public byte Marker { get; private set; }

    /// <summary>What the segment holds, behind its length.</summary>
    public readonly ReadOnlySpan<byte> Content => _data[Math.Min(Start + 4, End)..End];

    /// <summary>Whether the segment is a frame header.</summary>
    public readonly bool IsFrame => Marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC;

    /// <summary>Whether a frame header is one of a progressive picture.</summary>
    public readonly bool IsProgressive => Marker is 0xC2 or 0xC6 or 0xCA or 0xCE;

    /// <summary>Goes to the next segment, or to the end marker.</summary>
    /// <returns>Whether it is there, whole.</returns>
    public bool Next()
    {
        for (int at = End; ;)
        {
            // Between segments there may be fill bytes, and in sloppy files others, which the decoder skips as well; in scans coded data
            // and restart markers.
            int mark = _data[at..].IndexOf(Fill);
            if (mark < 0 || at + mark + 1 >= _data.Length)
                return false;
            at += mark + 1;
            Marker = _data[at];
            if (Marker is 0 or 1 or Fill or (>= 0xD0 and <= 0xD8))
            {
                at += Marker == Fill ? 0 : 1; // no segment follows these
                continue;
            }
            (Start, End) = (at - 1, at + 1);
            if (Marker == EndOfImage)
                return true;
            int length = _data.Length - at > 2 ? BinaryPrimitives.ReadUInt16BigEndian(_data[(at + 1)..]) : 0;
            if (length < 2 || length > _data.Length - at - 1)
                return false;
            End = at + 1 + length;
            return true;
        }
    }
}
