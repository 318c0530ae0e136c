using System.Buffers.Binary;
using System.Numerics;

namespace Convolve.Files;

/// <summary>
/// CRC-32C (Castagnoli), by the processor's instruction where it has one: finds every change of up to 32 neighboring bits.
/// </summary>
/// <remarks>Source: RFC 3720, appendix B.4, whose vectors the tests hold.</remarks>
internal static class Crc32C
{
    /// <summary>The checksum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of everything so far and some more bytes; it begins with 0.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint state = ~checksum;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte value in bytes)
            state = BitOperations.Crc32C(state, value);
        return ~state;
    }
}
