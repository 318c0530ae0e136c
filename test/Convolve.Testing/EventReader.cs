using System.Buffers.Binary;
using System.Text;

namespace Convolve.Testing;

/// <summary>An event as it stands in the file: fields by number, read off the wire format by hand.</summary>
public sealed record WireMessage(IReadOnlyList<(int Number, object Value)> Fields)
{
    public double Double(int number) => BitConverter.UInt64BitsToDouble((ulong)Single(number));

    public long Int64(int number) => Fields.Any(f => f.Number == number) ? (long)(ulong)Single(number) : 0;

    public float Float(int number) => BitConverter.UInt32BitsToSingle((uint)Single(number));

    public byte[] Bytes(int number) => (byte[])Single(number);

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    public IReadOnlyList<WireMessage> Messages(int number) =>
        [.. Fields.Where(f => f.Number == number).Select(f => Parse((byte[])f.Value))];

    public double[] Doubles(int number)
    {
        byte[] packed = Bytes(number);
        return [.. Enumerable.Range(0, packed.Length / 8).Select(i => BinaryPrimitives.ReadDoubleLittleEndian(packed.AsSpan(i * 8)))];
    }

    public bool Has(int number) => Fields.Any(f => f.Number == number);

    public static WireMessage Parse(ReadOnlySpan<byte> bytes)
    {
        List<(int, object)> fields = [];
        while (bytes.Length > 0)
        {
            ulong key = Varint(ref bytes);
            object value;
            switch (key & 7)
            {
                case 0:
                    value = Varint(ref bytes);
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                    bytes = bytes[8..];
                    break;
                case 2:
                    int length = checked((int)Varint(ref bytes));
                    value = bytes[..length].ToArray();
                    bytes = bytes[length..];
                    break;
                case 5:
                    value = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
                    bytes = bytes[4..];
                    break;
                default:
                    throw new InvalidDataException($"wire type {key & 7}");
            }
            fields.Add(((int)(key >> 3), value));
        }
        return new(fields);
    }

    private object Single(int number) => Fields.Single(f => f.Number == number).Value;

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }
    }
}

/// <summary>Reads event files by the description of the format alone: nothing of the writer's is used.</summary>
public static class EventReader
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(i =>
    {
        uint crc = (uint)i;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        return crc;
    })];

    /// <summary>All events of a file, each checksum checked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="canBeTorn">Whether a kill may have cut the last one short.</param>
    public static IReadOnlyList<WireMessage> Read(string path, bool canBeTorn = false)
    {
        List<WireMessage> events = [];
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        while (rest.Length > 0)
        {
            if (canBeTorn && (rest.Length < 12 || rest.Length < 16 + (int)BinaryPrimitives.ReadUInt64LittleEndian(rest)))
                break;
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(rest));
            Check(rest[..8], rest[8..]);
            ReadOnlySpan<byte> data = rest.Slice(12, length);
            Check(data, rest[(12 + length)..]);
            events.Add(WireMessage.Parse(data));
            rest = rest[(16 + length)..];
        }
        return events;
    }

    /// <summary>The scalars of a file.</summary>
    public static IEnumerable<(long Step, string Tag, float Value)> Scalars(IEnumerable<WireMessage> events) =>
        events.Where(e => e.Has(5)).SelectMany(e =>
            e.Messages(5)[0].Messages(1).Where(v => v.Has(2)).Select(v => (e.Int64(2), v.Text(1), v.Float(2))));

    /// <summary>
    /// The scalars of a run folder as TensorBoard shows them, those of train/ and validation/ with "train:" and "validation:" before their
    /// tags.
    /// </summary>
    public static IReadOnlyList<(long Step, string Tag, float Value)> ScalarsOfRun(string run) =>
        [.. ScalarsOf(run), .. new[] { "train", "validation" }.SelectMany(name =>
            ScalarsOf(Path.Combine(run, name)).Select(s => (s.Step, $"{name}:{s.Tag}", s.Value)))];

    /// <summary>The scalars of one folder: where a file says from which step on the earlier ones are void, they are.</summary>
    public static IReadOnlyList<(long Step, string Tag, float Value)> ScalarsOf(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        List<(long Step, string Tag, float Value)> all = [];
        // By the time of their first event, and those of one process by their number.
        foreach (IReadOnlyList<WireMessage> events in Directory.GetFiles(folder, "events.out.*").OrderBy(file => NumberOf(file))
            .Select(file => Read(file, canBeTorn: true)).Where(events => events.Count > 0).OrderBy(events => events[0].Double(1)))
        {
            if (events.FirstOrDefault(e => e.Has(7)) is { } start)
                all.RemoveAll(s => s.Step >= start.Int64(2));
            all.AddRange(Scalars(events));
        }
        return all;
    }

    // The name ends in it, or in a word after it.
    private static int NumberOf(string file) => file.Split('.').Reverse()
        .Select(part => int.TryParse(part, System.Globalization.CultureInfo.InvariantCulture, out int number) ? number : -1)
        .First(n => n >= 0);

    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            crc = Table[(crc ^ b) & 255] ^ crc >> 8;
        return ~crc;
    }

    private static void Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> sum)
    {
        if (Masked(bytes) != BinaryPrimitives.ReadUInt32LittleEndian(sum))
            throw new InvalidDataException("a checksum is wrong");
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Crc(bytes);
        return unchecked((crc >> 15 | crc << 17) + 0xa282ead8);
    }
}
