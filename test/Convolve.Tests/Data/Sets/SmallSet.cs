using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Sets;

/// <summary>A set of 20 and 10 images that is known by name, and a store in a folder of its own that knows it.</summary>
internal sealed class SmallSet
{
    private readonly TemporaryFolder _folder;

    public SmallSet(TemporaryFolder folder, params Uri[] mirrors)
    {
        _folder = folder;
        string[] names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
        Content = [TestData.Images(20), TestData.Labels(20), TestData.Images(10, salt: 3), TestData.Labels(10)];
        Info = new DatasetInfo("tiny", "Noise.", new ImageSize(1, 4, 5), TestData.Digits(), 20, 10)
        {
            Files = [.. names.Select((n, i) =>
                new DatasetFile(n, Content[i].Length, i < 2 ? DatasetRole.Train : DatasetRole.Test,
                    TestData.Md5(Content[i])) { PackedDigest = TestData.Md5(TestData.Gzip(Content[i])) })],
            Mirrors = mirrors,
            SystemDirectories = [Path.Combine(folder.FullName, "system")],
        };
    }

    public DatasetInfo Info { get; }

    /// <summary>The unpacked files.</summary>
    public byte[][] Content { get; }

    public string? DataVariable { get; init; }

    public string? MirrorsVariable { get; init; }

    public string CacheDirectory => Path.Combine(_folder.FullName, "cache");

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    public DatasetStore Store =>
        new(new DatasetEnvironment(DataVariable, CacheDirectory, Patience)
        {
            Backoff = TimeSpan.FromMilliseconds(10),
            Mirrors = MirrorsVariable
        }, [Info]);

    /// <summary>What a mirror has behind a path.</summary>
    public byte[] Packed(string path) => TestData.Gzip(Unpacked(path));

    public byte[] Unpacked(string path) => Content[Info.Files.TakeWhile(f => f.PackedName != path.TrimStart('/')).Count()];

    public void WriteAll(string directory, Func<DatasetFile, string>? name = null, Func<byte[], byte[]>? pack = null)
    {
        Directory.CreateDirectory(directory);
        for (int i = 0; i < Content.Length; i++)
            File.WriteAllBytes(Path.Combine(directory, name?.Invoke(Info.Files[i]) ?? Info.Files[i].Name),
                pack?.Invoke(Content[i]) ?? Content[i]);
    }
}
