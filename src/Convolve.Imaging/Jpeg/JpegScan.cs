namespace Convolve.Imaging.Jpeg;

/// <summary>What the header of a scan says of its coefficients.</summary>
/// <param name="First">The first coefficient, 0 to 63.</param>
/// <param name="Last">The last one.</param>
/// <param name="High">The lowest bit that came before; 0 in a first scan.</param>
/// <param name="Low">The lowest bit that comes.</param>
/// <remarks>Source: ITU-T T.81, section B.2.3.</remarks>
internal readonly record struct JpegScan(int First, int Last, int High, int Low)
{
    private const int MostLow = 13;

    /// <summary>A scan of a picture that isn't progressive, whatever its header says.</summary>
    public static JpegScan Sequential { get; } = new(0, 63, 0, 0);

    /// <summary>Whether the means come, not details.</summary>
    public bool IsDc => First == 0;

    /// <summary>Reads the end of a scan header.</summary>
    /// <param name="range">Its last three bytes.</param>
    public static JpegScan Of(ReadOnlySpan<byte> range) => new(range[0], range[1], range[2] >> 4, range[2] & 15);

    /// <summary>Whether a progressive picture can have such a scan of some components.</summary>
    public bool IsPossible(int components) =>
        (IsDc ? Last == 0 : First <= Last && Last <= 63 && components == 1) && (High == 0 || Low == High - 1) && Low <= MostLow;
}
