namespace Convolve.Imaging.Tests;

/// <summary>Numbers that are the same in every run (xorshift64, Marsaglia 2003).</summary>
internal struct Noise(ulong seed)
{
    private ulong _state = seed * 0x9E3779B97F4A7C15 | 1;

    public static byte[] Bytes(int count, ulong seed)
    {
        Noise noise = new(seed);
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
            bytes[i] = (byte)noise.Next(256);
        return bytes;
    }

    public int Next(int exclusiveMax)
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (int)((_state >> 20) % (ulong)exclusiveMax);
    }
}
