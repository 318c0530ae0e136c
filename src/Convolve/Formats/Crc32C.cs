using System.Numerics;
using System.Runtime.InteropServices;

namespace Convolve.Formats;

/// <summary>CRC-32C (Castagnoli, reflected, as iSCSI's): a checksum that finds every damage of up to 32 bits in a row.</summary>
internal static class Crc32C
{
    private const uint MaskDelta = 0xa282ead8;

    /// <summary>The checksum of some bytes.</summary>
    /// <param name="bytes">What it is of.</param>
    /// <param name="before">The checksum of the bytes before these; 0 at the start.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        uint crc = ~before;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte last in bytes[^(bytes.Length % sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }

    /// <summary>As event files store it, so that a checksum of bytes that hold checksums is still a good one.</summary>
    public static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Of(bytes);
        return unchecked(((crc >> 15) | (crc << 17)) + MaskDelta);
    }
}
