namespace Convolve.Imaging;

/// <summary>The checksum of PNG's chunks.</summary>
/// <remarks>Source: W3C PNG specification (third edition), annex D.</remarks>
internal static class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            crc = crc >> 8 ^ Table[(byte)(crc ^ b)];
        return ~crc;
    }

    private static uint Entry(int b)
    {
        uint entry = (uint)b;
        for (int bit = 0; bit < 8; bit++)
            entry = entry >> 1 ^ ((entry & 1) == 0 ? 0 : 0xEDB88320);
        return entry;
    }
}
