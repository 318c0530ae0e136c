
namespace Convolve.Data.Fetching;

/// <summary>
/// Files could not be downloaded: no mirror delivered them, or the disk did not take them. The message says what each mirror did.
/// </summary>
internal sealed class DownloadException : DatasetException
{
    /// <summary>An exception with its message.</summary>
    public DownloadException(string message) : base(message) { }

    /// <summary>An exception with its message and what caused it.</summary>
    public DownloadException(string message, Exception? innerException) : base(message, innerException) { }
}
