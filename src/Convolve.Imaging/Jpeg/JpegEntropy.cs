using System.Buffers;
using System.Buffers.Binary;

namespace Convolve.Imaging.Jpeg;

/// <summary>Reads every code of a JPEG file's scans, without making pixels of them.</summary>
/// <remarks>
/// <para>Decoders complete what is missing or impossible with gray and go on, and not every one says so. This finds data that end too
/// early, codes that the Huffman tables don't have, coefficients beyond the last and restart markers out of order. Bytes between the end of
/// a scan and the next marker change no pixel, and are no fault.</para>
/// <para>The segments must be whole, and the scans follow from each other (<see cref="JpegScans"/>). One instance for each thread: nothing
/// of a file is left for the next.</para>
/// </remarks>
internal sealed class JpegEntropy
{
    private const byte HuffmanTables = 0xC4, RestartInterval = 0xDD, LastSupportedFrame = 0xC2;
    private const int MostComponents = 4, MostScans = 500, BlockSide = 8;

    [ThreadStatic]
    private static JpegEntropy? _ofThread;

    private readonly JpegHuffmanTable[] _dc = [new(), new(), new(), new()], _ac = [new(), new(), new(), new()];
    private readonly Component[] _components = new Component[MostComponents];
    private int _count, _height, _width, _interval, _scans;
    private bool _isProgressive;

    private struct Component
    {
        public byte Id;
        public int Rows, Columns;

        // Of a progressive picture, the coefficients of each block that aren't 0.
        public ulong[]? Present;
    }

    /// <summary>What is wrong with the coded data of a file; null if nothing is.</summary>
    public static string? ProblemOf(ReadOnlySpan<byte> data)
    {
        JpegEntropy entropy = _ofThread ??= new();
        try
        {
            return entropy.Check(data);
        }
        finally
        {
            entropy.Forget();
        }
    }

    private string? Check(ReadOnlySpan<byte> data)
    {
        JpegSegments segments = new(data);
        string? problem = null;
        while (problem is null && segments.Next() && segments.Marker != JpegSegments.EndOfImage)
        {
            ReadOnlySpan<byte> content = segments.Content;
            if (segments.Marker == JpegSegments.StartOfScan)
                problem = CheckScan(content, data[segments.End..]);
            else if (segments.Marker == HuffmanTables)
                problem = SetTables(content) ? null : "it has an impossible Huffman table";
            else if (segments.Marker == RestartInterval)
                _interval = content.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(content) : 0;
            else if (segments.IsFrame)
                problem = Begin(content, segments.Marker, segments.IsProgressive);
        }
        return problem;
    }

    private void Forget()
    {
        for (int i = 0; i < MostComponents; i++)
        {
            _dc[i].Clear();
            _ac[i].Clear();
            if (_components[i].Present is { } rented)
                ArrayPool<ulong>.Shared.Return(rented);
            _components[i] = default;
        }
        (_count, _interval, _scans) = (0, 0, 0);
    }

    private string? Begin(ReadOnlySpan<byte> frame, byte marker, bool isProgressive)
    {
        if (marker > LastSupportedFrame)
            return $"its coding (SOF{marker & 15}) isn't baseline, extended or progressive Huffman";
        if (_count > 0)
            return "it has two frame headers";
        if (frame.Length < 6 || frame[5] > MostComponents || frame.Length < 6 + 3 * frame[5])
            return "its frame header is too short";
        _isProgressive = isProgressive;
        (_height, _width, _count) =
            (BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), BinaryPrimitives.ReadUInt16BigEndian(frame[3..]), frame[5]);
        for (int i = 0; i < _count; i++)
        {
            ReadOnlySpan<byte> component = frame.Slice(6 + 3 * i, 3);
            _components[i] = new() { Id = component[0], Columns = component[1] >> 4, Rows = component[1] & 15 };
            if (_components[i] is not { Rows: >= 1 and <= 4, Columns: >= 1 and <= 4 })
                return "its sampling factors aren't from 1 to 4";
        }
        for (int i = 0; i < _count && isProgressive; i++)
        {
            int blocks = checked(Across(_width, i, true) * Across(_height, i, false));
            _components[i].Present = ArrayPool<ulong>.Shared.Rent(blocks);
            _components[i].Present.AsSpan(0, blocks).Clear();
        }
        return null;
    }

    private bool SetTables(ReadOnlySpan<byte> content)
    {
        while (content.Length > JpegHuffmanTable.LongestCode)
        {
            (int kind, int index) = (content[0] >> 4, content[0] & 15);
            ReadOnlySpan<byte> counts = content.Slice(1, JpegHuffmanTable.LongestCode);
            int symbols = 0;
            foreach (byte count in counts)
                symbols += count;
            content = content[(1 + JpegHuffmanTable.LongestCode)..];
            if (kind > 1 || index >= MostComponents || symbols > content.Length
                || !(kind == 0 ? _dc : _ac)[index].TrySet(counts, content[..symbols], isDc: kind == 0))
                return false;
            content = content[symbols..];
        }
        return content.IsEmpty;
    }

    private string? CheckScan(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data)
    {
        int count = header.IsEmpty ? 0 : header[0];
        if (++_scans > MostScans)
            return $"it has more than {MostScans} scans";
        if (count < 1 || count > _count || header.Length < 4 + 2 * count)
            return $"the header of scan {_scans} is damaged";
        JpegScan scan = _isProgressive ? JpegScan.Of(header[(1 + 2 * count)..]) : JpegScan.Sequential;
        if (!_isProgressive && _scans == 1)
            for (int i = 0; i < 2; i++)
                JpegHuffmanTable.SetStandard(_dc[i], _ac[i], isLuminance: i == 0);
        Span<int> parts = stackalloc int[MostComponents];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> part = header.Slice(1 + 2 * i, 2);
            parts[i] = -1;
            for (int c = 0; c < _count; c++)
                if (_components[c].Id == part[0])
                    parts[i] = c;
            (int dc, int ac) = (part[1] >> 4, part[1] & 15);
            if (parts[i] < 0 || dc >= MostComponents || ac >= MostComponents)
                return $"the header of scan {_scans} is damaged";
            if ((scan.IsDc && scan.High == 0 && !_dc[dc].IsSet) || (scan.Last > 0 && !_ac[ac].IsSet))
                return $"a Huffman table of scan {_scans} is missing";
        }
        return Read(header, parts[..count], scan, new(data));
    }

    private string? Read(ReadOnlySpan<byte> header, ReadOnlySpan<int> parts, JpegScan scan, JpegBits bits)
    {
        // The blocks of several components take turns, in units of the sampling factors; those of one come row by row.
        bool isMixed = parts.Length > 1;
        (int wide, int high) = (1, 1);
        for (int c = 0; c < _count && isMixed; c++)
            (wide, high) = (Math.Max(wide, _components[c].Columns), Math.Max(high, _components[c].Rows));
        int units = isMixed ? Ceiling(_width, BlockSide * wide) * Ceiling(_height, BlockSide * high)
            : Across(_width, parts[0], true) * Across(_height, parts[0], false);
        int endRun = 0;
        for (int unit = 0; unit < units; unit++)
        {
            if (_interval > 0 && unit > 0 && unit % _interval == 0)
            {
                if (!bits.Restart(unit / _interval - 1 & 7))
                    return $"restart marker {unit / _interval} of scan {_scans} isn't where its data end";
                endRun = 0;
            }
            bool isGood = true;
            for (int i = 0; i < parts.Length && isGood; i++)
            {
                ref Component component = ref _components[parts[i]];
                JpegHuffmanTable dc = _dc[header[2 + 2 * i] >> 4], ac = _ac[header[2 + 2 * i] & 15];
                for (int block = isMixed ? component.Rows * component.Columns : 1; block > 0 && isGood; block--)
                    isGood = ReadBlock(ref bits, dc, ac, scan, ref endRun, component.Present, unit);
            }
            if (!isGood || bits.IsShort)
                return bits.IsShort ? $"the data of scan {_scans} end early, after {unit} of {units} units"
                    : $"scan {_scans} has an impossible code, after {unit} of {units} units";
        }
        return null;
    }

    private bool ReadBlock(ref JpegBits bits, JpegHuffmanTable dc, JpegHuffmanTable ac, JpegScan scan, ref int endRun, ulong[]? present,
        int block)
    {
        if (!_isProgressive)
            return JpegBlocks.Sequential(ref bits, dc, ac);
        if (!scan.IsDc)
            return scan.High == 0 ? JpegBlocks.FirstAc(ref bits, ac, scan, ref endRun, ref present![block])
                : JpegBlocks.RefineAc(ref bits, ac, scan, ref endRun, ref present![block]);
        if (scan.High == 0)
            return JpegBlocks.FirstDc(ref bits, dc);
        JpegBlocks.RefineDc(ref bits);
        return true;
    }

    // Blocks of a component across the picture, or down it.
    private int Across(int pixels, int component, bool isWidth)
    {
        int most = 1;
        for (int c = 0; c < _count; c++)
            most = Math.Max(most, isWidth ? _components[c].Columns : _components[c].Rows);
        return Ceiling(pixels * (isWidth ? _components[component].Columns : _components[component].Rows), BlockSide * most);
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
