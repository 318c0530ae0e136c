namespace Convolve.Imaging.Jpeg;

/// <summary>Which bits of which coefficients the scans of a JPEG file have brought so far.</summary>
/// <remarks>
/// Decoders take a picture as it is when its scans end, with 0 for what never came, and say nothing: of a file that was cut off between two
/// scans and got an end marker, the details or the colors would be made up. Source: ITU-T T.81, annex G.
/// </remarks>
internal ref struct JpegScans(Span<sbyte> lowestBits)
{
    /// <summary>Room for all coefficients of the most components.</summary>
    public const int Room = 4 * Coefficients;

    private const int Coefficients = 64;
    private const sbyte Nothing = sbyte.MaxValue;

    // For each component and coefficient, the lowest bit that came.
    private readonly Span<sbyte> _lowestBits = lowestBits;
    private ReadOnlySpan<byte> _components;
    private int _samples;
    private bool _isProgressive;

    /// <summary>Takes a frame header that is long enough for its components.</summary>
    public void Begin(ReadOnlySpan<byte> frame, bool isProgressive)
    {
        _components = frame[6..];
        (_samples, _isProgressive) = (Math.Min((int)frame[5], Room / Coefficients), isProgressive);
        if (_components.Length < 3 * _samples)
            _samples = 0; // the decoder refuses it
        _lowestBits.Fill(Nothing);
    }

    /// <summary>Takes a scan header.</summary>
    /// <returns>Whether the scan follows from those before it: decoders only doubt one that doesn't.</returns>
    public readonly bool Add(ReadOnlySpan<byte> header)
    {
        int count = header.IsEmpty ? 0 : header[0];
        if (header.Length < 4 + 2 * count)
            return true; // the decoder refuses it
        JpegScan scan = _isProgressive ? JpegScan.Of(header[(1 + 2 * count)..]) : JpegScan.Sequential;
        if (_isProgressive && !scan.IsPossible(count))
            return false;
        for (int i = 0; i < count; i++)
            for (int c = 0; c < _samples; c++)
                if (_components[3 * c] == header[1 + 2 * i] && !Take(_lowestBits.Slice(c * Coefficients, Coefficients), scan))
                    return false;
        return true;
    }

    /// <summary>Whether every bit of every coefficient has come.</summary>
    public readonly bool AreWhole => _lowestBits[..(_samples * Coefficients)].IndexOfAnyExcept((sbyte)0) < 0;

    private readonly bool Take(Span<sbyte> lowestBits, JpegScan scan)
    {
        if (_isProgressive && !scan.IsDc && lowestBits[0] == Nothing)
            return false;
        Span<sbyte> taken = lowestBits[scan.First..(scan.Last + 1)];
        foreach (sbyte before in taken)
            if (_isProgressive && scan.High != (before == Nothing ? 0 : before))
                return false;
        taken.Fill((sbyte)scan.Low);
        return true;
    }
}
