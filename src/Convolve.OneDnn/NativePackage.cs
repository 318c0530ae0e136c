namespace Convolve.OneDnn;

/// <summary>A native library: its files, and the package that brings it.</summary>
/// <param name="Name">In messages.</param>
/// <param name="Files">What the loader knows it by on this system; the first that loads is used.</param>
/// <param name="Debian">Its file and package in releases of Debian.</param>
/// <param name="Elsewhere">How to get it on other systems.</param>
internal sealed record NativePackage(string Name, string[] Files, (string Release, string File, string Package)[] Debian, string Elsewhere)
{
    // The last was 3.12; minor versions to come are looked for too.
    private const int MinorVersions = 30;

    private const string OsRelease = "/etc/os-release";

    public static readonly NativePackage KernelLibrary = new("oneDNN",
        DnnlFiles(OperatingSystem.IsWindows(), OperatingSystem.IsMacOS()),
        [("12", "libdnnl.so.2", "libdnnl2"), ("13", "libdnnl.so.3.6", "libdnnl3.6")],
        "Install oneDNN 2.6 to 3.12 (most systems call the package onednn or libdnnl), or build it: " +
        "https://github.com/uxlfoundation/oneDNN");

    public static readonly NativePackage OpenMp = new("GNU OpenMP", ["libgomp.so.1"],
        [("12", "libgomp.so.1", "libgomp1"), ("13", "libgomp.so.1", "libgomp1")], "Install libgomp, a library of GCC.");

    /// <summary>How to install it here.</summary>
    public string AdviceHere => Advice(OsReleaseHere);

    /// <summary>That it is missing here, and how to install it.</summary>
    public string MissingHere => Missing(OsReleaseHere);

    private static string OsReleaseHere => File.Exists(OsRelease) ? File.ReadAllText(OsRelease) : "";

    private string Listed => Files.Length <= 3 ? string.Join(", ", Files) : $"{Files[0]}, {Files[1]}, {Files[^1]} to {Files[2]}";

    /// <summary>How to install it on a system whose /etc/os-release has this text.</summary>
    public string Advice(string osRelease) => OnDebian(osRelease) is (_, var package)
        ? $"Install it: sudo apt-get install -y {package}" : Elsewhere;

    /// <summary>That it is missing on a system whose /etc/os-release has this text, and how to install it.</summary>
    public string Missing(string osRelease) => OnDebian(osRelease) is (var file, _)
        ? $"The kernel library {file} is not installed. {Advice(osRelease)}"
        : $"The kernel library {Name} is not installed: can't load {Listed}. {Elsewhere}";

    /// <summary>The names of the kernel library on a system.</summary>
    internal static string[] DnnlFiles(bool isWindows, bool isMacOS)
    {
        if (isWindows)
            return ["dnnl.dll"];
        // 2 first: if both are installed, runs resume with the library that they were started with.
        List<string> versions = ["2", "3"];
        for (int minor = MinorVersions - 1; minor >= 0; minor--)
            versions.Add($"3.{minor}");
        return [.. versions.Select(version => isMacOS ? $"libdnnl.{version}.dylib" : $"libdnnl.so.{version}")];
    }

    private (string File, string Package)? OnDebian(string osRelease)
    {
        if (Value(osRelease, "ID") != "debian")
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
