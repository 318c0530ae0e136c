using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Convolve.Cli.Tests.Packages;

/// <summary>
/// The packages, as `./dev pack` makes them, in a folder outside of the repository; projects beside it get them from there, as users do,
/// and all other packages from where this machine has them. Every program runs in one folder, with photos of two classes and a model that
/// the first program trained on them.
/// </summary>
public sealed partial class Feed : IDisposable
{
    private const int PhotosOfClass = 150;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-packages-").FullName;

    public Feed()
    {
        Require(Run(Root(), "bash", "dev", "pack", At("feed")));
        Version = VersionOf().Match(Path.GetFileName(Directory.GetFiles(At("feed"), "Convolve.Tool.*.nupkg").Single())).Groups[1].Value;
        File.WriteAllText(At("nuget.config"), Config());
        Photos.Write(_folder, PhotosOfClass);
        Create("train", "Convolve.Zoo", ReadmeSnippet(0));
        Require(Dotnet("run", "--project", At("train")));
    }

    public string Version { get; }

    public string At(string path) => Path.Combine(_folder, path);

    /// <summary>A console project that references some of the packages.</summary>
    public void Create(string name, string packages, string program, string properties = "", string sdk = "Microsoft.NET.Sdk")
    {
        Directory.CreateDirectory(At(name));
        File.WriteAllText(At($"{name}/{name}.csproj"), $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(packages.Split(',').Select(package => $"<PackageReference Include=\"{package}\" Version=\"{Version}\" />"))}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(At($"{name}/Program.cs"), program);
    }

    /// <summary>C# of the package's README.</summary>
    public static string ReadmeSnippet(int number) =>
        File.ReadAllText(Path.Combine(Root(), "src/Convolve/README.md")).Split("```csharp\n")[number + 1].Split("```")[0];

    /// <summary>A file of a package or a symbol package.</summary>
    public byte[] Read(string package, string entry)
    {
        using ZipArchive archive = Open(package);
        using Stream content = archive.GetEntry(entry)?.Open() ?? throw new FileNotFoundException($"{package} has no {entry}.");
        using MemoryStream bytes = new();
        content.CopyTo(bytes);
        return bytes.ToArray();
    }

    public string[] FilesOf(string package)
    {
        using ZipArchive archive = Open(package);
        return [.. archive.Entries.Select(entry => entry.FullName)];
    }

    public CliResult Dotnet(params string[] arguments) => Run(_folder, "dotnet", arguments);

    public CliResult Run(string program, params string[] arguments) => Run(_folder, program, arguments);

    public Process Start(string folder, (string Name, string Value)[] variables, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment.Remove("CONVOLVE_KERNELS");
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public CliResult RunWith((string Name, string Value)[] variables, string program, params string[] arguments)
    {
        using Process process = Start(_folder, variables, program, arguments);
        return Cli.Finish(process, Patience);
    }

    public static CliResult Require(CliResult result)
    {
        Assert.True(result.Status == 0, result.Output + result.Errors);
        return result;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private CliResult Run(string folder, string program, params string[] arguments)
    {
        using Process process = Start(folder, [], program, arguments);
        return Cli.Finish(process, Patience);
    }

    private ZipArchive Open(string package) => ZipFile.OpenRead(At($"feed/{package}"));

    // Convolve's packages come from the feed alone, into a folder of their own: another version of them must not be found elsewhere.
    private string Config()
    {
        string sources = Require(Dotnet("nuget", "list", "source")).Output;
        string others = string.Concat(EnabledSource().Matches(sources)
            .Select(match => $"""<packageSource key="{match.Groups[1].Value}"><package pattern="*" /></packageSource>"""));
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="packages" /></config>
              <fallbackPackageFolders><add key="here" value="{cache}" /></fallbackPackageFolders>
              <packageSources><add key="feed" value="feed" /></packageSources>
              <packageSourceMapping>
                <packageSource key="feed"><package pattern="Convolve" /><package pattern="Convolve.*" /></packageSource>
                {others}
              </packageSourceMapping>
            </configuration>
            """;
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    [GeneratedRegex(@"^Convolve\.Tool\.(.+)\.nupkg$")]
    private static partial Regex VersionOf();

    [GeneratedRegex(@"(?m)^ +\d+\. +(.+) \[Enabled\]")]
    private static partial Regex EnabledSource();
}
