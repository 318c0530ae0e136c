using Convolve.Kernels.Machines;

namespace Convolve.Kernels.Tests.Machines;

public sealed class AvailableMemoryTests : IDisposable
{
    private const long Mebibyte = 1 << 20;
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("convolve-test-");

    public AvailableMemoryTests() =>
        Write("proc/meminfo", "MemTotal:       16384000 kB\nMemFree:          100000 kB\nMemAvailable:    8192000 kB\n");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void WithoutGroupsIsWhatTheSystemHasAvailable() => Assert.Equal(8000 * Mebibyte, AvailableMemory.OfLinux(_root.FullName));

    [Fact]
    public void OnMacOSPagesThatAreFreeOrCanBeFreedCount()
    {
        const string Text = """
            Mach Virtual Memory Statistics: (page size of 16384 bytes)
            Pages free:                               1000.
            Pages active:                           400000.
            Pages inactive:                          30000.
            Pages speculative:                         200.
            Pages wired down:                       100000.
            """;
        Assert.Equal((1000 + 30000 + 200) * 16384L, AvailableMemory.FromVmStat(Text));
        Assert.Null(AvailableMemory.FromVmStat(""));
    }

    [Fact]
    public void TheTightestGroupHolds()
    {
        Write("proc/self/cgroup", "0::/user.slice/run.scope\n");
        Write("sys/fs/cgroup/user.slice/run.scope/memory.max", "max\n");
        Write("sys/fs/cgroup/user.slice/run.scope/memory.current", "1048576\n");
        Assert.Equal(8000 * Mebibyte, AvailableMemory.OfLinux(_root.FullName));

        Write("sys/fs/cgroup/user.slice/memory.max", $"{1000 * Mebibyte}\n");
        Write("sys/fs/cgroup/user.slice/memory.current", $"{300 * Mebibyte}\n");
        Write("sys/fs/cgroup/user.slice/memory.stat", $"anon 5\ninactive_file {50 * Mebibyte}\nactive_file 7\n");
        Assert.Equal(750 * Mebibyte, AvailableMemory.OfLinux(_root.FullName));
    }

    [Fact]
    public void TheFirstVersionOfGroupsCountsToo()
    {
        Write("proc/self/cgroup", "4:cpu,cpuacct:/a\n3:memory:/docker/0123\n");
        // Within a container the group's own folder is the root.
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", $"{512 * Mebibyte}\n");
        Write("sys/fs/cgroup/memory/memory.usage_in_bytes", $"{600 * Mebibyte}\n");
        Assert.Equal(0, AvailableMemory.OfLinux(_root.FullName));
    }

    [Fact]
    public void AnotherSystemDoesNotSay()
    {
        File.Delete(Path.Combine(_root.FullName, "proc/meminfo"));
        Assert.Null(AvailableMemory.OfLinux(_root.FullName));
    }

    private void Write(string path, string text)
    {
        string full = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
