using Convolve.Data.Fetching;
using Convolve.Testing;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Fetching;

/// <summary>A mirror, a part file, and one download from it.</summary>
public abstract class DownloadCase : IDisposable
{
    private protected static readonly byte[] Content = TestData.Pixels(400_000);
    private protected TemporaryFolder Folder { get; } = new();
    private protected MirrorServer Server { get; } = new();
    private protected ProgressLines Progress { get; } = new();

    private protected PartFile Part => new(Path.Combine(Folder.FullName, ".file.part"));

    public void Dispose()
    {
        Server.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task Leave(int bytes, PartOrigin origin, byte[]? content = null) => Task.Run(() =>
    {
        using FileStream file = Part.Create(origin);
        file.Write(content ?? Content, 0, bytes);
    });

    private protected async Task Succeeds()
    {
        Assert.Null((await Run([Server.Address])).Single());
        Assert.Equal(Content, await File.ReadAllBytesAsync(Part.Path));
    }

    private protected async Task<string> Fails(double patience = 20, long[]? sizes = null) =>
        Assert.IsType<string>((await Run([Server.Address], patience, sizes: sizes)).Single());

    /// <summary>What each mirror did; a null if one delivered.</summary>
    private protected async Task<IReadOnlyList<string?>> Run(
        Uri[] addresses, double patience = 20, byte[]? content = null, long[]? sizes = null, PartFile? part = null,
        CancellationToken cancellation = default)
    {
        byte[] wanted = content ?? Content;
        RemoteFile file = new("file", addresses, sizes ?? [wanted.Length], wanted.Length + 1000, 0,
            (path, _) => File.ReadAllBytes(path).AsSpan().SequenceEqual(wanted) ? null : "holds other bytes");
        DatasetEnvironment environment = new(null, "", TimeSpan.FromSeconds(patience)) { Backoff = TimeSpan.FromMilliseconds(10) };
        (Uri? from, IReadOnlyList<string> failures) = await new Download(file, part ?? Part, environment, Progress).RunAsync(cancellation);
        return from is null ? [.. failures] : [null];
    }
}
