using System.Formats.Tar;
using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Fetching;

/// <summary>
/// A set in CIFAR's layout, 12 and 4 images of 3x2x3 in 4 classes, published in an archive, and a store in a folder of its own that
/// knows it.
/// </summary>
internal sealed class ArchivedSet
{
    public const string ArchiveName = "small-binary.tar.gz", FolderName = "small-batches-bin";
    private static readonly string[] FileNames = ["batch_1.bin", "batch_2.bin", "test.bin", "names.txt"];
    private static readonly string[] Classes = ["ant", "bee", "cow", "dog"];
    private static readonly CifarRecords Records = new(new(3, 2, 3), [4], 0);
    private readonly TemporaryFolder _folder;

    /// <param name="folder">Where the store has its cache.</param>
    /// <param name="publish">What is published in place of a good archive.</param>
    /// <param name="mirrors">Where.</param>
    public ArchivedSet(TemporaryFolder folder, Func<byte[][], TarEntry[]>? publish = null, params Uri[] mirrors)
    {
        _folder = folder;
        Content = [Batch(7, 1), Batch(5, 2), Batch(4, 3), "ant\nbee\ncow\ndog\n\n"u8.ToArray()];
        Archive = TestData.Gzip(TarFiles.Of(publish?.Invoke(Content) ?? [TarFiles.Folder(FolderName + "/"), .. Entries(Content)]));
        Info = new DatasetInfo("small", "Noise.", Records.Size, Classes, 12, 4)
        {
            Format = new CifarFormat(Records),
            Files = [.. FileNames.Select((name, i) => i == 3 ? new DatasetFile(name, 100, DatasetRole.Names, null) { Names = Classes }
                : new DatasetFile(name, Content[i].Length, i < 2 ? DatasetRole.Train : DatasetRole.Test, TestData.Sha256(Content[i])))],
            Archive = new(ArchiveName, FolderName, new ArchiveVersion(TestData.Md5(Archive), Archive.Length))
            {
                ForeignFolders = ["small-batches-py"],
            },
            Mirrors = mirrors,
        };
    }

    public DatasetInfo Info { get; }

    /// <summary>The files, unpacked.</summary>
    public byte[][] Content { get; }

    /// <summary>The archive, packed.</summary>
    public byte[] Archive { get; }

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Where a fetch brings the set to.</summary>
    public string Directory => Path.Combine(_folder.FullName, "cache", "small");

    public string FilesDirectory => Path.Combine(Directory, FolderName);

    /// <summary>All that lies where a fetch brings the set to, but for the lock.</summary>
    public IEnumerable<string> Present => System.IO.Directory.GetFileSystemEntries(Directory).Select(f => Path.GetFileName(f)!)
        .Where(f => f != ".fetching").Order(StringComparer.Ordinal);

    public DatasetStore Store => new(Environment, [Info]);

    public DatasetEnvironment Environment =>
        new(null, Path.Combine(_folder.FullName, "cache"), Patience) { Backoff = TimeSpan.FromMilliseconds(10) };

    public static IEnumerable<TarEntry> Entries(byte[][] content) =>
        content.Select((bytes, i) => TarFiles.File($"{FolderName}/{FileNames[i]}", bytes));

    public LoadedData Load(DatasetOptions? options = null, IProgress<DataProgress>? progress = null) =>
        Store.Load("small", options ?? new(), progress, default);

    public DatasetLocation Fetch(IProgress<DataProgress>? progress = null, CancellationToken cancellation = default) =>
        Store.Fetch("small", new(), progress, cancellation);

    /// <summary>Writes the files as the archive unpacks, with other content for one of them.</summary>
    public void WriteAll(string directory, int other = -1, byte[]? content = null)
    {
        System.IO.Directory.CreateDirectory(directory);
        for (int i = 0; i < Content.Length; i++)
            File.WriteAllBytes(Path.Combine(directory, FileNames[i]), i == other ? content! : Content[i]);
    }

    private static byte[] Batch(int count, int salt) =>
        [.. Enumerable.Range(salt, count).SelectMany(i => (byte[])[(byte)(i % Classes.Length), .. Pixels(i + 10 * salt)])];

    private static byte[] Pixels(int salt) => TestData.Pixels(Records.Size.Length, salt);
}
