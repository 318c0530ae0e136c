using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Data;

namespace Convolve.Cli.Screens;

/// <summary>
/// What is shown while data is fetched and read: lines, and a bar for downloads on a terminal or a line every ten seconds elsewhere.
/// </summary>
internal sealed class DataScreen(Output output) : IProgress<DataProgress>, IDisposable
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);
    private readonly ProgressLine _bar = new(output);
    private long _last = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>Called by one thread at a time.</summary>
    public void Report(DataProgress value)
    {
        if (value is DownloadProgress download)
        {
            Show(download);
            return;
        }
        _bar.Clear();
        output.Line(value.Text);
    }

    /// <summary>Removes the bar, so that what comes next starts on a new line.</summary>
    public void Dispose() => _bar.Clear();

    private void Show(DownloadProgress download)
    {
        if (download.Bytes == download.TotalBytes)
        {
            _bar.Clear();
            return;
        }
        if (output.IsTerminal)
        {
            _bar.Show(download.TotalBytes is > 0 and { } total ? (double)download.Bytes / total : null, download.Name, Words(download));
            return;
        }
        if (System.Diagnostics.Stopwatch.GetElapsedTime(_last) < PlainInterval)
            return;
        _last = System.Diagnostics.Stopwatch.GetTimestamp();
        output.Line($"{download.Text}, {Words(download)}");
    }

    private static string Words(DownloadProgress download) => string.Create(CultureInfo.InvariantCulture,
        $"{download.Bytes / 1e6:F1} MB  {download.BytesPerSecond / 1e6:F1} " +
        $"MB/s{(download.Remaining is { } rest ? $"  ETA {Format.Duration(rest)}" : "")}");
}
