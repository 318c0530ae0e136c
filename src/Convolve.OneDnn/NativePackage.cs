using Convolve.Kernels.Machines;

namespace Convolve.OneDnn;

/// <summary>A native library: its files, and the package that brings it.</summary>
/// <param name="Name">In messages.</param>
/// <param name="NamesOn">What the loader knows it by on a system; the first that loads is used.</param>
/// <param name="Debian">Its file and package in releases of Debian.</param>
/// <param name="Elsewhere">How to get it on other Linux systems.</param>
internal sealed record NativePackage(
    string Name, Func<HostSystem, string[]> NamesOn, (string Release, string File, string Package)[] Debian, string Elsewhere)
{
    // The last was 3.12; minor versions to come are looked for too.
    private const int MinorVersions = 30;

    private const string OsRelease = "/etc/os-release";

    public static readonly NativePackage KernelLibrary = new("oneDNN", DnnlFiles,
        [("12", "libdnnl.so.2", "libdnnl2"), ("13", "libdnnl.so.3.6", "libdnnl3.6")],
        "Install oneDNN 2.6 to 3.12 (most systems call the package onednn or libdnnl), or build it: " +
        "https://github.com/uxlfoundation/oneDNN");

    public static readonly NativePackage OpenMp = new("GNU OpenMP", GompFiles,
        [("12", "libgomp.so.1", "libgomp1"), ("13", "libgomp.so.1", "libgomp1")], "Install libgomp, a library of GCC.");

    /// <summary>What the loader knows it by here.</summary>
    public string[] Files => NamesOn(Host.Current);

    /// <summary>How to install it here.</summary>
    public string AdviceHere => Advice(Host.Current, OsReleaseHere);

    /// <summary>That it is missing here, and how to install it.</summary>
    public string MissingHere => Missing(Host.Current, OsReleaseHere);

    private static string OsReleaseHere => OperatingSystem.IsLinux() && File.Exists(OsRelease) ? File.ReadAllText(OsRelease) : "";

    /// <summary>How to install it on a system.</summary>
    /// <param name="system">Which one.</param>
    /// <param name="osRelease">The text of its /etc/os-release, if it is a Linux.</param>
    public string Advice(HostSystem system, string osRelease) => OnDebian(system, osRelease) is (_, var package)
        ? $"Install it: sudo apt-get install -y {package}"
        : system is HostSystem.Linux or HostSystem.Musl ? Elsewhere
        : "On this system Convolve can use builds of oneDNN 2.6 to 3.12 with GNU OpenMP, which are rare, and needs none: its own kernels " +
            "compute with CONVOLVE_KERNELS=managed.";

    /// <summary>That it is missing on a system, and how to install it.</summary>
    /// <inheritdoc cref="Advice" path="/param"/>
    public string Missing(HostSystem system, string osRelease) => OnDebian(system, osRelease) is (var file, _)
        ? $"The kernel library {file} is not installed. {Advice(system, osRelease)}"
        : $"The kernel library {Name} is not installed: can't load {Listed(NamesOn(system))}. {Advice(system, osRelease)}";

    /// <summary>The names of the kernel library on a system.</summary>
    internal static string[] DnnlFiles(HostSystem system)
    {
        if (system == HostSystem.Windows)
            return ["dnnl.dll", "libdnnl.dll"];
        // 2 first: if both are installed, runs resume with the library that they were started with.
        List<string> versions = ["2", "3"];
        for (int minor = MinorVersions - 1; minor >= 0; minor--)
            versions.Add($"3.{minor}");
        return [.. versions.Select(version => system == HostSystem.MacOS ? $"libdnnl.{version}.dylib" : $"libdnnl.so.{version}")];
    }

    private static string[] GompFiles(HostSystem system) => system switch
    {
        HostSystem.Windows => ["libgomp-1.dll"],
        HostSystem.MacOS => ["libgomp.1.dylib"],
        _ => ["libgomp.so.1"],
    };

    private static string Listed(string[] files) =>
        files.Length <= 3 ? string.Join(", ", files) : $"{files[0]}, {files[1]}, {files[^1]} to {files[2]}";

    // Debian's libraries are for GNU's C library.
    private (string File, string Package)? OnDebian(HostSystem system, string osRelease)
    {
        if (system != HostSystem.Linux || Value(osRelease, "ID") != "debian")
            return null;
        string? release = Value(osRelease, "VERSION_ID");
        foreach ((string known, string file, string package) in Debian)
            if (known == release)
                return (file, package);
        return null;
    }

    private static string? Value(string osRelease, string key) => osRelease.Split('\n').Select(line => line.Trim().Split('=', 2))
        .FirstOrDefault(parts => parts.Length == 2 && parts[0] == key)?[1].Trim('"', '\'');
}
