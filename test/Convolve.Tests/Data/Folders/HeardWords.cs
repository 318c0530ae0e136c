using Convolve.Data;

namespace Convolve.Tests.Data.Folders;

/// <summary>Keeps what is said while data are read.</summary>
internal sealed class HeardWords(List<string> words) : IProgress<DataProgress>
{
    public void Report(DataProgress value) => words.Add(value.Text);
}
