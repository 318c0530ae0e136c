using System.Text.RegularExpressions;

namespace Convolve.Data.Folders;

/// <summary>
/// The folders in which Linux shows itself as files: processes, devices, settings. There are no pictures in them, and no end to some of
/// them.
/// </summary>
internal sealed partial class KernelFolders
{
    private const string Mounts = "/proc/self/mounts";

    private static readonly string[] Types =
    [
        "proc", "sysfs", "devtmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "selinuxfs", "configfs",
        "fusectl", "bpf", "pstore", "efivarfs",
        "binfmt_misc", "hugetlbfs", "nsfs", "rpc_pipefs",
    ];

    // The type of the file system at each mount point.
    private readonly Dictionary<string, string> _mounts = new(StringComparer.Ordinal);

    public KernelFolders()
    {
        try
        {
            foreach (string line in OperatingSystem.IsLinux() && File.Exists(Mounts) ? File.ReadLines(Mounts) : [])
                if (line.Split(' ') is [_, { } point, { } type, ..])
                    _mounts[Octal().Replace(point, m => $"{(char)Convert.ToInt32(m.Value[1..], 8)}")] = type;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _mounts.Clear(); // then every folder is taken for an ordinary one
        }
    }

    /// <summary>The type of the kernel's file system that a folder is in; null for an ordinary folder.</summary>
    /// <param name="path">Its real path.</param>
    public string? TypeOf(string path)
    {
        for (string? folder = path; folder is not null; folder = Path.GetDirectoryName(folder))
            if (_mounts.TryGetValue(folder, out string? type))
                return Types.Contains(type) ? type : null;
        return null;
    }

    /// <summary>The same of a folder whose parent is an ordinary one.</summary>
    public string? TypeAt(string path) => _mounts.TryGetValue(path, out string? type) && Types.Contains(type) ? type : null;

    // A space in the path of a mount point is written \040.
    [GeneratedRegex(@"\\[0-3][0-7]{2}")]
    private static partial Regex Octal();
}
