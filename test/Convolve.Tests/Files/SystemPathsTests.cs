using Convolve.Files;
using Convolve.Kernels.Machines;

namespace Convolve.Tests.Files;

/// <summary>What differs between operating systems and can be told on any of them.</summary>
public class SystemPathsTests
{
    [Fact]
    public void EachSystemHasItsCacheFolder()
    {
        string home = Path.GetFullPath("/home/ada"), local = Path.Combine(home, "AppData", "Local"), asked = Path.GetFullPath("/big");
        Assert.Equal(Path.Combine(home, ".cache", "convolve"), SystemPaths.CacheOn(HostSystem.Linux, null, home, local));
        Assert.Equal(Path.Combine(home, ".cache", "convolve"), SystemPaths.CacheOn(HostSystem.Musl, "", home, ""));
        Assert.Equal(Path.Combine(home, "Library", "Caches", "convolve"), SystemPaths.CacheOn(HostSystem.MacOS, null, home, local));
        Assert.Equal(Path.Combine(local, "convolve", "cache"), SystemPaths.CacheOn(HostSystem.Windows, null, home, local));
        Assert.Equal(Path.Combine(home, ".cache", "convolve"), SystemPaths.CacheOn(HostSystem.Windows, "relative", home, ""));
        Assert.Equal(Path.Combine(asked, "convolve"), SystemPaths.CacheOn(HostSystem.Windows, asked, home, local));
    }

    [Fact]
    public void DevicesAreKnownByTheirPaths()
    {
        Assert.True(SystemPaths.IsDevice(HostSystem.Linux, "/dev/null"));
        Assert.True(SystemPaths.IsDevice(HostSystem.MacOS, "/dev/null"));
        Assert.False(SystemPaths.IsDevice(HostSystem.Linux, "/dev/shm/run"));
        Assert.True(SystemPaths.IsDevice(HostSystem.Windows, @"\\.\nul"));
        Assert.False(SystemPaths.IsDevice(HostSystem.Windows, @"C:\dev\run"));
    }

    [Fact]
    public void OnlyWholeNamesAreWithin()
    {
        string folder = Path.GetFullPath("/data/cat");
        Assert.True(SystemPaths.IsWithin(folder, folder));
        Assert.True(SystemPaths.IsWithin(folder, Path.Combine(folder, "a")));
        Assert.True(SystemPaths.IsWithin(Path.GetPathRoot(folder)!, folder));
        Assert.False(SystemPaths.IsWithin(folder, folder + "s"));
    }

    [Theory]
    [InlineData("runs/a", "runs/a", "runs/a")]
    [InlineData("my runs", "'my runs'", "\"my runs\"")]
    [InlineData(@"C:\runs\a", @"'C:\runs\a'", @"C:\runs\a")]
    [InlineData("it's", @"'it'\''s'", "\"it's\"")]
    public void ShellsQuoteDifferently(string path, string unix, string windows)
    {
        Assert.Equal(unix, Format.QuotedFor(HostSystem.Linux, path));
        Assert.Equal(windows, Format.QuotedFor(HostSystem.Windows, path));
    }

    [Fact]
    public void ARenameIsTriedAgainWhereOthersHoldTheFile()
    {
        List<TimeSpan> pauses = [];
        int calls = 0;
        Renaming.Try(() =>
        {
            if (++calls < 3)
                throw new UnauthorizedAccessException();
        }, 10, pauses.Add);
        Assert.Equal(3, calls);
        Assert.Equal([TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(4)], pauses);

        Assert.Throws<IOException>(() => Renaming.Try(() => throw new IOException(), 4, pauses.Add));
        Assert.Equal(5, pauses.Count);
        Assert.Throws<FileNotFoundException>(() => Renaming.Try(() => throw new FileNotFoundException(), 4, pauses.Add));
        Assert.Equal(5, pauses.Count);
    }
}
