namespace Convolve.Data;

/// <summary>What is being done to data: found, downloaded, unpacked, read.</summary>
/// <param name="Text">In a line.</param>
public record DataProgress(string Text);

/// <summary>How far a download is. Comes up to ten times a second.</summary>
/// <param name="Name">The file.</param>
/// <param name="Bytes">What has come, in bytes; with what an earlier download had left.</param>
/// <param name="TotalBytes">The size of the file, in bytes; null if it is not known.</param>
/// <param name="BytesPerSecond">The rate over the last seconds; 0 if it is not known yet.</param>
internal sealed record DownloadProgress(string Name, long Bytes, long? TotalBytes, double BytesPerSecond)
    : DataProgress($"Downloading {Name}: {DataSize.Of(Bytes, TotalBytes)}")
{
    /// <summary>The time that the rest will take at this rate; null if it is not known.</summary>
    public TimeSpan? Remaining => TotalBytes is { } total && BytesPerSecond > 0 ? TimeSpan.FromSeconds((total - Bytes) / BytesPerSecond)
        : null;

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Sizes of downloads in words.</summary>
internal static class DataSize
{
    public static string Of(long bytes) => bytes < 1_000_000 ? FormattableString.Invariant($"{bytes} bytes")
        : FormattableString.Invariant($"{bytes / 1e6:0.0} MB");

    public static string Of(long bytes, long? total) => total is { } all ? $"{Of(bytes)} of {Of(all)}" : Of(bytes);
}
