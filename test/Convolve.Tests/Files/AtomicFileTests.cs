using System.Runtime.Versioning;
using System.Text;
using Convolve.Files;
using Convolve.Kernels;
using Convolve.Testing;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Files;

public class AtomicFileTests
{
    [Fact]
    public void WritesNewAndReplacesOldFiles()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["a.txt"], "old");
        AtomicFile.WriteText(folder["a.txt"], "new, with \u00e9");
        AtomicFile.WriteBytes(folder["b.bin"], new byte[] { 1, 2, 3 });
        Assert.Equal("new, with \u00e9"u8.ToArray(), File.ReadAllBytes(folder["a.txt"]));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder["b.bin"]));
        Assert.Equal(["a.txt", "b.bin"], folder.Files);
    }

    [Fact]
    public void PiecesOfAllSizesArriveInOrder()
    {
        using var folder = new TemporaryFolder();
        var random = new CounterRandom(1, RandomPurpose.Test);
        using var expected = new MemoryStream();
        AtomicFile.Write(folder["a"], stream =>
        {
            for (int i = 0; i < 60; i++)
            {
                byte[] piece = new byte[random.NextInt32(i % 7 == 0 ? 200_000 : 9_000)];
                for (int j = 0; j < piece.Length; j++)
                    piece[j] = (byte)random.NextUInt32();
                stream.Write(piece);
                expected.Write(piece);
                Assert.Equal(expected.Length, stream.Position);
            }
        });
        Assert.Equal(expected.ToArray(), File.ReadAllBytes(folder["a"]));
    }

    [Fact]
    public void EveryFailingOperationLeavesOneWholeFileAndNothingElse()
    {
        static void WriteNew(string path) => AtomicFile.Write(path, stream =>
        {
            for (int i = 0; i < 4; i++)
                stream.Write(new byte[50_000]);
        });
        using var folder = new TemporaryFolder();
        string path = folder["weights"];
        int count;
        using (var faults = new Faults())
        {
            WriteNew(path);
            count = faults.Count;
            Assert.Equal(["Create", "Write", "Flush", "Rename", "SyncFolder"], faults.Steps.Distinct());
        }
        for (int n = 0; n < count; n++)
        {
            AtomicFile.WriteText(path, "old");
            using (var faults = new Faults(n, Faults.DiskFull))
            {
                var failure = Assert.Throws<FileWriteException>(() => WriteNew(path));
                Assert.Contains("disk full", failure.Message, StringComparison.Ordinal);
                Assert.Equal(path, failure.FilePath);
            }
            Assert.Equal(["weights"], folder.Files);
            Assert.Equal(n == count - 1 ? 200_000 : 3, new FileInfo(path).Length); // only the last comes after the rename
        }
    }

    [Fact]
    public void ASwallowedFailureDoesNotReplaceTheFile()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["a"], "old");
        using var faults = new Faults(2, Faults.DiskFull);
        Assert.Throws<FileWriteException>(() => AtomicFile.Write(folder["a"], stream =>
        {
            Assert.Throws<FileWriteException>(() => stream.Write(new byte[100_000]));
            stream.WriteByte(1);
        }));
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void TheCallersExceptionPassesThrough()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["a"], "old");
        Assert.Throws<FileNotFoundException>(() => AtomicFile.Write(folder["a"], stream =>
        {
            stream.Write(new byte[100_000]);
            throw new FileNotFoundException();
        }));
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void ACallerMayDisposeTheStream()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.Write(folder["a"], stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false));
            writer.Write("text");
        });
        Assert.Equal("text", File.ReadAllText(folder["a"]));
    }

    [Fact]
    public void AMissingFolderIsNamed()
    {
        using var folder = new TemporaryFolder();
        string path = folder["missing/a.txt"];
        var failure = Assert.Throws<FileWriteException>(() => AtomicFile.WriteText(path, "text"));
        Assert.Equal(
            $"Cannot write '{path}': the folder '{folder["missing"]}' does not exist. Create the folder, or choose another one.",
            failure.Message);
    }

    [Fact]
    public void AFileInPlaceOfTheFolderIsNamed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "text");
        foreach (string path in (string[])[folder["file/a.txt"], folder["file/b/a.txt"]])
        {
            var failure = Assert.Throws<FileWriteException>(() => AtomicFile.WriteText(path, "text"));
            Assert.Equal($"Cannot write '{path}': a part of '{Path.GetDirectoryName(path)}' is a file, not a folder. Choose another " +
                "folder.", failure.Message);
        }
    }

    [Theory]
    [InlineData("sub", "a folder has this name")]
    [InlineData("new/", "it names a folder, not a file")]
    public void AFolderIsNotReplaced(string name, string reason)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["sub"]);
        var failure = Assert.Throws<FileWriteException>(() => AtomicFile.WriteText(folder[name], "text"));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void AReadOnlyFileIsNotReplaced()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "old");
        File.SetAttributes(folder["a"], FileAttributes.ReadOnly);
        var failure = Assert.Throws<FileWriteException>(() => AtomicFile.WriteText(folder["a"], "new"));
        Assert.Contains("permission denied", failure.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        File.SetAttributes(folder["a"], FileAttributes.Normal);
    }

    [NeedsFact(Feature.Linux)]
    public void AFolderThatTakesNoFilesIsReported()
    {
        // Nobody may create files here, not even root, for whom permissions do not count.
        var failure = Assert.Throws<FileWriteException>(() => AtomicFile.WriteText("/sys/kernel/convolve.txt", "text"));
        Assert.Contains("/sys/kernel/convolve.txt", failure.Message, StringComparison.Ordinal);
    }

    [NeedsFact(Feature.Linux)]
    public void ADeviceIsNotReplaced()
    {
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(folder["link"], "/dev/full");
        foreach (string path in (string[])["/dev/full", folder["link"]])
        {
            var failure = Assert.Throws<FileWriteException>(() => AtomicFile.WriteText(path, "text"));
            Assert.Contains("it is a device", failure.Message, StringComparison.Ordinal);
        }
    }

    [NeedsFact(Feature.Unix)]
    [UnsupportedOSPlatform("windows")]
    public void LinksAreFollowedAndPermissionsKept()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["real"], "old");
        File.SetUnixFileMode(folder["real"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(folder["link"], "real");
        AtomicFile.WriteText(folder["link"], "new");
        Assert.Equal("real", new FileInfo(folder["link"]).LinkTarget);
        Assert.Equal("new", File.ReadAllText(folder["real"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["real"]));
    }

    [Fact]
    public void LeftoversOfKilledProcessesAreRemovedWhenOld()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[".convolve-old.partial"], "half");
        File.WriteAllText(folder[".convolve-young.partial"], "half");
        File.SetLastWriteTimeUtc(folder[".convolve-old.partial"], DateTimeOffset.UtcNow.AddHours(-2).UtcDateTime);
        AtomicFile.WriteText(folder["a"], "text");
        Assert.Equal([".convolve-young.partial", "a"], folder.Files);
    }

    [Fact]
    public async Task ManyWritersOfOneFileLeaveOneOfTheirs()
    {
        using var folder = new TemporaryFolder();
        string path = folder["a"];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(() =>
        {
            for (int i = 0; i < 10; i++)
                AtomicFile.WriteText(path, new string((char)('a' + writer), 1000));
        })));
        string text = await File.ReadAllTextAsync(path);
        Assert.Equal(new string(text[0], 1000), text);
        Assert.Equal(["a"], folder.Files);
    }
}
