using System.Buffers.Binary;
using System.IO.Compression;

namespace Convolve.Imaging;

/// <summary>Bytes in planes to a PNG file: 8 bits, gray or RGB, not interlaced, without a note of time or program, so that the same picture
/// is the same bytes.</summary>
/// <remarks>Source: W3C PNG specification (third edition), sections 9 to 11. Each row gets the filter with the smallest sum of
/// magnitudes (section 12.7).</remarks>
internal static class PngEncoder
{
    private const byte GrayType = 0, ColorType = 2, Bits = 8;
    private const int Filters = 5;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Encodes a picture.</summary>
    /// <param name="planes">Channel, row, column.</param>
    /// <param name="channels">1 for gray, 3 for red, green, blue.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <returns>The bytes of the file.</returns>
    /// <exception cref="ArgumentException">The planes are not of that size.</exception>
    public static byte[] Encode(ReadOnlySpan<byte> planes, int channels, int height, int width)
    {
        if (channels is not (1 or 3) || height < 1 || width < 1 || (long)channels * height * width != planes.Length)
            throw new ArgumentException(
                $"Expected 1 or 3 channels and one byte per value, got {planes.Length} bytes for " +
                $"{channels}x{height}x{width}.", nameof(planes));
        using MemoryStream file = new();
        file.Write(Signature);
        Span<byte> head = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, width);
        BinaryPrimitives.WriteInt32BigEndian(head[4..], height);
        (head[8], head[9]) = (Bits, channels == 1 ? GrayType : ColorType);
        head[10..].Clear();
        WriteChunk(file, "IHDR"u8, head);
        using MemoryStream packed = new();
        using (ZLibStream stream = new(packed, CompressionLevel.Optimal, leaveOpen: true))
            WriteRows(stream, planes, channels, height, width);
        WriteChunk(file, "IDAT"u8, packed.GetBuffer().AsSpan(0, checked((int)packed.Length)));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        int start = (int)file.Length;
        file.Write(type);
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(file.GetBuffer().AsSpan(start, (int)file.Length - start)));
        file.Write(number);
    }

    private static void WriteRows(ZLibStream stream, ReadOnlySpan<byte> planes, int channels, int height, int width)
    {
        int length = channels * width, pixels = height * width;
        byte[] row = new byte[length], above = new byte[length], best = new byte[length], tried = new byte[length];
        for (int y = 0; y < height; y++)
        {
            for (int c = 0; c < channels; c++)
                for (int x = 0; x < width; x++)
                    row[x * channels + c] = planes[c * pixels + y * width + x];
            long least = long.MaxValue;
            byte kind = 0;
            for (byte filter = 0; filter < Filters; filter++)
            {
                long sum = Filter(filter, row, above, channels, tried);
                if (sum >= least)
                    continue;
                (least, kind) = (sum, filter);
                (best, tried) = (tried, best);
            }
            stream.WriteByte(kind);
            stream.Write(best);
            (row, above) = (above, row);
        }
    }

    // Gives the sum of the magnitudes.
    private static long Filter(byte kind, byte[] row, byte[] above, int step, byte[] target)
    {
        long sum = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < step ? 0 : row[i - step], corner = i < step ? 0 : above[i - step], up = above[i];
            int guess = kind switch { 0 => 0, 1 => left, 2 => up, 3 => left + up >> 1, _ => Paeth(left, up, corner) };
            byte value = (byte)(row[i] - guess);
            target[i] = value;
            sum += Math.Abs((sbyte)value == sbyte.MinValue ? 128 : (sbyte)value);
        }
        return sum;
    }

    private static int Paeth(int left, int up, int corner)
    {
        int guess = left + up - corner;
        (int a, int b, int c) = (Math.Abs(guess - left), Math.Abs(guess - up), Math.Abs(guess - corner));
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }
}
