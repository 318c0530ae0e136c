using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Convolve.Imaging.Jpeg;

/// <summary>Reads the coded data of a JPEG scan bit by bit, up to the next marker.</summary>
/// <remarks>
/// Bits behind the end read as zeros; <see cref="IsShort"/> says afterwards whether there were any. Source: ITU-T T.81, annex F.2.2.5.
/// </remarks>
/// <param name="data">The file from the first byte behind a scan header.</param>
internal ref struct JpegBits(ReadOnlySpan<byte> data)
{
    /// <summary>The bits that may be read after a call of <see cref="Fill"/>.</summary>
    public const int MostAtOnce = 32;

    private const byte Mark = 0xFF, FirstRestart = 0xD0;

    private readonly ReadOnlySpan<byte> _data = data;

    // The next bits, from the highest down, and how many of them are the file's: below 0 once more were read than there are.
    private ulong _buffer;
    private int _count;
    private int _at;

    /// <summary>Whether more bits were read than the data has.</summary>
    public readonly bool IsShort => _count < 0;

    /// <summary>The next 16 bits.</summary>
    public readonly uint Next16 => (uint)(_buffer >> 48);

    /// <summary>Makes at least <see cref="MostAtOnce"/> bits ready, or all that are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill()
    {
        if (_count < MostAtOnce)
            FillAll();
    }

    /// <summary>Goes on by up to <see cref="MostAtOnce"/> bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int bits)
    {
        _buffer <<= bits;
        _count -= bits;
    }

    /// <summary>Reads 0 to 16 bits as a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(int bits)
    {
        int value = (int)(_buffer >> 1 >> (63 - bits));
        Skip(bits);
        return value;
    }

    /// <summary>Goes to the data behind a restart marker.</summary>
    /// <param name="number">Which one is due, 0 to 7.</param>
    /// <returns>Whether it comes next, with no byte of data before it.</returns>
    public bool Restart(int number)
    {
        FillAll();
        int at = _at;
        while (at < _data.Length - 1 && _data[at] == Mark && _data[at + 1] == Mark)
            at++;
        if (_count >= 8 || _count < 0 || at > _data.Length - 2 || _data[at] != Mark || _data[at + 1] != FirstRestart + number)
            return false;
        (_buffer, _count, _at) = (0, 0, at + 2);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillAll()
    {
        if (_count < 0)
            return;
        if (_data.Length - _at >= sizeof(ulong))
        {
            ulong next = BinaryPrimitives.ReadUInt64BigEndian(_data[_at..]), inverse = ~next;
            // No byte is 0xFF if no byte of the inverse is 0.
            if ((inverse - 0x0101010101010101 & ~inverse & 0x8080808080808080) == 0)
            {
                int bytes = 64 - _count >> 3;
                _buffer |= next >> _count;
                (_at, _count) = (_at + bytes, _count + 8 * bytes);
                // What of the next byte fits stays out of the count, and is read again.
                return;
            }
        }
        while (_count <= 56 && _at < _data.Length)
        {
            byte value = _data[_at];
            int end = _at + 1;
            if (value == Mark)
            {
                while (end < _data.Length && _data[end] == Mark)
                    end++;
                if (end >= _data.Length || _data[end] != 0)
                    return; // a marker, or the end of the file
                end++; // the zero that is put behind a byte of 0xFF
            }
            _buffer |= (ulong)value << 56 - _count;
            (_at, _count) = (end, _count + 8);
        }
    }
}
