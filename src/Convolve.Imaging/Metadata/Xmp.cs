using System.Text;

namespace Convolve.Imaging.Metadata;

/// <summary>Finds the one XMP property that changes what a picture shows.</summary>
/// <remarks>Source: ISO 16684-1 (XMP), property Orientation of http://ns.adobe.com/tiff/1.0/, as an attribute or an element.</remarks>
internal static class Xmp
{
    private const byte Assign = (byte)'=', End = (byte)'>';

    private static ReadOnlySpan<byte> Space => " \t\r\n"u8;

    private static ReadOnlySpan<byte> Quotes => "\"'"u8;

    /// <summary>The orientation, 1 to 8, in an XMP packet; 1 for a property of another value, null where there is none.</summary>
    public static int? Orientation(ReadOnlySpan<byte> packet)
    {
        byte[] name = [.. PrefixOf(packet), .. ":Orientation"u8];
        for (int at; (at = packet.IndexOf(name)) >= 0;)
        {
            bool isStart = at > 0 && (packet[at - 1] == '<' || Space.Contains(packet[at - 1]));
            packet = packet[(at + name.Length)..];
            ReadOnlySpan<byte> value = packet.TrimStart(Space);
            if (!isStart || value.IsEmpty || value[0] is not (Assign or End))
                continue;
            value = value[1..].TrimStart(Space);
            if (packet.TrimStart(Space)[0] == Assign)
                value = value.TrimStart(Quotes).TrimStart(Space);
            bool isOne = value.Length > 1 && value[0] is >= (byte)'1' and <= (byte)'8' && !char.IsAsciiDigit((char)value[1]);
            return isOne ? value[0] - '0' : 1;
        }
        return null;
    }

    // Any name may be bound to the namespace; everybody writes tiff.
    private static byte[] PrefixOf(ReadOnlySpan<byte> packet)
    {
        int at = packet.IndexOf("http://ns.adobe.com/tiff/1.0/"u8);
        ReadOnlySpan<byte> before = at < 0 ? [] : packet[..at].TrimEnd(Quotes).TrimEnd(Space).TrimEnd(Assign).TrimEnd(Space);
        int start = before.LastIndexOf("xmlns:"u8);
        return start < 0 || before.Length - start is < 7 or > 40 ? Encoding.ASCII.GetBytes("tiff") : before[(start + 6)..].ToArray();
    }
}
