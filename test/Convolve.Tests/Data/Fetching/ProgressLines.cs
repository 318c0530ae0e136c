using Convolve.Data;

namespace Convolve.Tests.Data.Fetching;

/// <summary>Keeps what was reported.</summary>
internal sealed class ProgressLines : IProgress<DataProgress>
{
    public List<DataProgress> Reported { get; } = [];

    public IEnumerable<string> Lines
    {
        get
        {
            lock (Reported)
                return [.. Reported.Where(p => p is not DownloadProgress).Select(p => p.Text)];
        }
    }

    public void Report(DataProgress value)
    {
        lock (Reported)
            Reported.Add(value);
    }
}
