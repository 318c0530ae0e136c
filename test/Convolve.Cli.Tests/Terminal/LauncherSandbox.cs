using System.Diagnostics;
using System.Runtime.Versioning;

namespace Convolve.Cli.Tests.Terminal;

/// <summary>A checkout where dotnet, apt-get and sudo are stand-ins that note how they were called.</summary>
[SupportedOSPlatform("linux")]
public abstract class LauncherSandbox : IDisposable
{
    private static readonly string[] Tools =
    [
        "awk", "bash", "cat", "comm", "dirname", "env", "find", "flock", "grep", "mkdir", "mktemp", "readlink", "rm", "sed", "sleep",
        "sort",
        "stat", "touch", "true",
    ];

    private protected static readonly string[] Libraries = ["libdnnl.so.2"];

    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private protected static readonly string Repository = FindRepository();

    private protected string Sandbox { get; } = Directory.CreateTempSubdirectory("convolve-launcher-").FullName;

    protected LauncherSandbox()
    {
        Write("checkout/src/Convolve.Cli/Program.cs", "one");
        Write("checkout/global.json", "{}");
        Write("checkout/Directory.Build.props", "<Project />");
        Directory.CreateDirectory(At("checkout/scripts"));
        File.Copy(Path.Combine(Repository, "convolve"), At("checkout/convolve"));
        File.Copy(Path.Combine(Repository, "scripts/common.sh"), At("checkout/scripts/common.sh"));
        foreach (string tool in Tools)
        {
            string? real = new[] { "/usr/bin", "/bin", "/usr/local/bin" }.Select(folder => Path.Combine(folder, tool))
                .FirstOrDefault(File.Exists);
            Directory.CreateDirectory(At("bin"));
            File.CreateSymbolicLink(At("bin/" + tool), real ?? throw new InvalidOperationException($"no {tool} here"));
        }
        Stub("dotnet", """
            case $1 in
                --list-sdks) echo "${SDK:-10.0.100} [/nowhere]" ;;
                build)
                    echo "$@" >>"$SANDBOX/builds"
                    sleep 0.02
                    if [[ -e $SANDBOX/broken ]]; then
                        echo "$SANDBOX/checkout/src/Convolve.Cli/Program.cs(3,7): error CS1002: ; expected [a.csproj]"
                        echo "$SANDBOX/checkout/src/Convolve.Cli/Program.cs(3,7): error CS1002: ; expected [b.csproj]"
                        exit 1
                    fi
                    mkdir -p src/Convolve.Cli/bin/Release/net10.0
                    echo >src/Convolve.Cli/bin/Release/net10.0/Convolve.Cli.dll
                    ;;
                *)
                    printf '%s' "$CONVOLVE_PROGRAM" >"$SANDBOX/program"
                    printf '%s\n' "$PWD" "${@:2}" >"$SANDBOX/ran"
                    [[ ${2:-} != wait ]] || exec sleep 60
                    exit 7
                    ;;
            esac
            """);
        Stub("sudo", """
            [[ $1 != -n ]] || shift
            exec "$@"
            """);
        Stub("apt-get", """
            echo "$@" >>"$SANDBOX/installs"
            echo "noise of apt-get"
            [[ ! -e $SANDBOX/broken || $* != *install* ]] || exit 100
            mkdir -p "$SANDBOX/system/usr/lib" "$SANDBOX/system/usr/share/datasets/fashion-mnist"
            touch "$SANDBOX"/system/usr/lib/libdnnl.so.2
            """);
        Write("system/var/lib/apt/lists/mirror_Packages", "");
    }

    public void Dispose()
    {
        Directory.Delete(Sandbox, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static string FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Convolve.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests must run from inside the repository");
    }

    private protected string At(string path) => Path.Combine(Sandbox, path);

    private protected void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private protected void Stub(string name, string script)
    {
        Write("bin/" + name, "#!/usr/bin/env bash\n" + script + "\n");
        File.SetUnixFileMode(At("bin/" + name), Executable);
    }

    private protected void HaveLibrary() => Array.ForEach(Libraries, library => Write("system/usr/lib/" + library, ""));

    private protected string[] Builds() => File.ReadAllLines(At("builds"));

    private protected Process Start(
        string[] arguments, (string Name, string Value)[]? variables = null, string folder = "", string command = "checkout/convolve")
    {
        var start = new ProcessStartInfo(At(command), arguments)
        {
            WorkingDirectory = At(folder),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = At("bin");
        start.Environment["HOME"] = Sandbox;
        start.Environment["DOTNET_ROOT"] = At("nowhere");
        start.Environment["SANDBOX"] = Sandbox;
        start.Environment["CONVOLVE_SYSTEM_ROOT"] = At("system");
        foreach (var (name, value) in variables ?? [])
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private protected (int Status, string Output, string Errors) Run(string[] arguments, params (string Name, string Value)[] variables) =>
        Finish(Start(arguments, variables));

    private protected (int Status, string Output, string Errors) Run(string[] arguments, string folder, string command) =>
        Finish(Start(arguments, folder: folder, command: command));

    private protected static (int Status, string Output, string Errors) Finish(Process process)
    {
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output.GetAwaiter().GetResult(), errors);
        }
    }
}
