namespace Convolve.Tests.Formats;

/// <summary>An empty folder that is removed with all in it at the end of a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string FullName { get; } = Directory.CreateTempSubdirectory("convolve-test-").FullName;

    /// <summary>The names of all files in the folder, hidden ones too.</summary>
    public IEnumerable<string> Files => Directory.EnumerateFiles(FullName).Select(file => Path.GetFileName(file)!).Order();

    public string this[string name] => Path.Combine(FullName, name);

    public string Write(string name, byte[] bytes)
    {
        string path = this[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
