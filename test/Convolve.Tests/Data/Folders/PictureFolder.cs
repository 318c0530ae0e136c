using Convolve.Imaging;
using Convolve.Kernels;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Folders;

/// <summary>A folder of pictures in the making, removed at the end of a test.</summary>
internal sealed class PictureFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Root => _folder.FullName;

    public string Name => "folder:" + Root;

    public string this[string path] => Path.Combine(Root, path);

    /// <summary>Writes a picture of noise that no other has; gives its planes.</summary>
    public byte[] Add(string path, int salt, int channels = 1, int height = 6, int width = 5)
    {
        CounterRandom random = new((ulong)salt, RandomPurpose.Test);
        byte[] planes = new byte[channels * height * width];
        foreach (ref byte value in planes.AsSpan())
            value = (byte)random.NextUInt32();
        Write(path, PngEncoder.Encode(planes, channels, height, width));
        return planes;
    }

    public void AddMany(string folder, int count, int salt, int channels = 1)
    {
        for (int i = 0; i < count; i++)
            Add($"{folder}/{i + 1}.png", salt + i, channels);
    }

    public void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.WriteAllBytes(this[path], bytes);
    }

    public void Dispose() => _folder.Dispose();
}
