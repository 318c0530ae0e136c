using System.Diagnostics;
using System.Runtime.Versioning;
using Convolve.Zoo.Experiments;

namespace Convolve.Cli.Tests.Terminal;

/// <summary>
/// The launcher as a process, in a checkout of its own where dotnet, apt-get and sudo are stand-ins that note how they were called: what
/// is under test is which of them it calls, and with what, never a real build or installation.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class LauncherTests : LauncherSandbox
{
    public static TheoryData<string> Experiments => [.. ExperimentCatalog.All.OfType<TrainingExperiment>().Select(e => e.Name)];

    [Theory]
    [InlineData("convolve")]
    [InlineData("dev")]
    [InlineData(".ci/run")]
    [InlineData("scripts/common.sh")]
    public void EveryScriptParses(string script)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardError = true };
        start.ArgumentList.Add("-n");
        start.ArgumentList.Add(Path.Combine(Repository, script));
        using var process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", errors);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void ThroughASymlinkItKeepsTheFolderTheArgumentsAndTheStatus()
    {
        HaveLibrary();
        Directory.CreateDirectory(At("elsewhere"));
        File.CreateSymbolicLink(At("elsewhere/link"), "../checkout/convolve");

        var result = Run(arguments: ["train", "two words", "", "*"], folder: "elsewhere", command: "elsewhere/link");

        Assert.Equal(7, result.Status);
        Assert.Equal(At("elsewhere") + "\ntrain\ntwo words\n\n*\n", File.ReadAllText(At("ran")));
        Assert.Equal("convolve: building (first time, about 30 s) ...\n", result.Errors);
        Assert.Equal("", result.Output);
    }

    [Theory]
    [InlineData("", "./checkout/convolve")]
    [InlineData("checkout", "./convolve")]
    [InlineData("checkout/src", "../convolve")]
    [InlineData("checkout", "convolve")] // found on PATH
    [InlineData("my folder", "./my\\ link")]
    public void TheProgramIsToldWhatStartedIt(string folder, string typed)
    {
        HaveLibrary();
        Directory.CreateDirectory(At("my folder"));
        File.CreateSymbolicLink(At("my folder/my link"), "../checkout/convolve");
        ProcessStartInfo start = new(At("bin/bash"), ["-c", $"{typed} info"])
        {
            WorkingDirectory = At(folder),
            RedirectStandardError = true
        };
        start.Environment.Clear();
        foreach (var (name, value) in new[] { ("PATH", $"{At("bin")}:{At("checkout")}"), ("HOME", Sandbox), ("DOTNET_ROOT", At("nowhere")),
            ("SANDBOX", Sandbox), ("CONVOLVE_SYSTEM_ROOT", At("system")) })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((7, typed), (process.ExitCode, File.ReadAllText(At("program"))));
    }

    [Fact]
    public void ItBuildsOnlyWhenASourceWasEditedAddedDeletedOrRestored()
    {
        HaveLibrary();
        Run(["train"]);
        Assert.Equal("", Run(["train"]).Errors);
        Assert.Single(Builds());

        Write("checkout/src/Convolve.Cli/obj/Generated.cs", "not a source");
        Run(["train"]);
        Assert.Single(Builds());

        Write("checkout/src/Convolve.Cli/Program.cs", "edited");
        Assert.Equal("convolve: building (the sources changed, a few seconds) ...\n", Run(["train"]).Errors);
        Assert.Equal(2, Builds().Length);
        Write("checkout/src/Convolve.Cli/Added.cs", "");
        Run(["train"]);
        Assert.Equal(3, Builds().Length);
        File.Delete(At("checkout/src/Convolve.Cli/Added.cs"));
        Run(["train"]);
        Assert.Equal(4, Builds().Length);
        Assert.DoesNotContain("--no-incremental", Builds()[3], StringComparison.Ordinal);

        // A backup put back with its own, older time: MSBuild alone would not see it.
        File.SetLastWriteTimeUtc(At("checkout/src/Convolve.Cli/Program.cs"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Run(["train"]);
        Assert.Contains("--no-incremental", Builds()[4], StringComparison.Ordinal);
    }

    [Fact]
    public void CallsAtTheSameTimeBuildOnce()
    {
        HaveLibrary();
        Process[] calls = [Start(["train"]), Start(["train"]), Start(["train"]), Start(["train"])];
        Assert.All(calls, call => Assert.Equal(7, Finish(call).Status));
        Assert.Single(Builds());
    }

    [Fact]
    public void AFailedBuildShowsEachErrorOnceAndIsTriedAgain()
    {
        HaveLibrary();
        Write("broken", "");
        var failed = Run(["train"]);
        Assert.Equal(1, failed.Status);
        Assert.Equal(
            "convolve: building (first time, about 30 s) ...\nsrc/Convolve.Cli/Program.cs(3,7): error CS1002: ; expected\n"
            + "convolve: the build failed\n",
            failed.Errors);
        File.Delete(At("broken"));
        Assert.Equal(7, Run(["train"]).Status);
    }

    [Fact]
    public void ASignalReachesTheProgram()
    {
        HaveLibrary();
        Run(["train"]);
        File.Delete(At("ran"));
        using var process = Start(["wait"]);
        while (!File.Exists(At("ran")))
            Thread.Sleep(5);
        using var kill = Process.Start("bash", ["-c", $"kill -TERM {process.Id}"]);
        Assert.True(process.WaitForExit(10_000));
        Assert.Equal(128 + 15, process.ExitCode);
    }

    [Fact]
    public void ForbiddenToInstallItSaysTheCommandAndEnds()
    {
        var result = Run(["train", "lenet5", "fashion-mnist"], ("CONVOLVE_NO_INSTALL", "1"));
        Assert.Equal(2, result.Status);
        Assert.EndsWith("\n  sudo apt-get install -y libdnnl2 dataset-fashion-mnist\n", result.Errors,
            StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        Assert.False(File.Exists(At("installs")));
        Assert.False(File.Exists(At("ran")));
    }

    [Theory]
    [InlineData("libdnnl2", "train", "lenet5")]
    [InlineData("libdnnl2 dataset-fashion-mnist", "train", "--data=fashion-mnist")]
    [InlineData("libdnnl2", "train", "fashion-mnist", "--data-dir", "/data")]
    [InlineData("libdnnl2", "data", "verify")]
    [InlineData("", "train", "fashion-mnist", "--help")]
    [InlineData("", "--version")]
    [InlineData("")]
    public void ItInstallsWhatTheCallNeeds(string packages, params string[] arguments)
    {
        var result = Run(arguments);
        Assert.Equal(7, result.Status);
        Assert.DoesNotContain("noise", result.Errors + result.Output, StringComparison.Ordinal);
        string installed = File.Exists(At("installs")) ? File.ReadAllText(At("installs")) : "";
        if (packages.Length == 0)
            Assert.Equal("", installed);
        else
            Assert.EndsWith($" install -y {packages}\n", installed, StringComparison.Ordinal);
        foreach (string package in packages.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Assert.Contains($"convolve: installing {package} (", result.Errors, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Experiments))]
    public void AnExperimentOnFashionMnistInstallsIt(string experiment)
    {
        bool needs = ((TrainingExperiment)ExperimentCatalog.Find(experiment)).Arms.Any(a => a.Recipe.Dataset == "fashion-mnist");
        Assert.Equal(7, Run(["reproduce", experiment]).Status);
        Assert.Equal(needs, File.ReadAllText(At("installs")).Contains("dataset-fashion-mnist", StringComparison.Ordinal));
    }

    // The package of the kernel library by the release at hand; the newest that apt knows where the release isn't known.
    [Theory]
    [InlineData("ID=debian\nVERSION_ID=\"12\"\n", "", "libdnnl2")]
    [InlineData("VERSION_ID=\"13\"\nID=debian\n", "", "libdnnl3.6")]
    [InlineData("ID=ubuntu\nVERSION_ID=\"24.04\"\nID_LIKE=debian\n", "libdnnl-dev libdnnl3 libdnnl2 libdnnl3.10 libdnnl3.9", "libdnnl3.10")]
    [InlineData("ID=ubuntu\nVERSION_ID=\"13\"\n", "", "libdnnl2")]
    public void TheKernelLibraryOfTheReleaseIsInstalled(string release, string known, string package)
    {
        Write("system/etc/os-release", release);
        Stub("apt-cache", $"printf '%s\\n' {known}");
        Assert.Equal(7, Run(["train"]).Status);
        Assert.EndsWith($" install -y {package}\n", File.ReadAllText(At("installs")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("libdnnl.so.2", "12")]
    [InlineData("libdnnl.so.3", "12")]
    [InlineData("libdnnl.so.3.6", "13")]
    [InlineData("libdnnl.so.3.12", "13")]
    public void AnyVersionOfTheKernelLibraryIsEnough(string library, string release)
    {
        Write("system/etc/os-release", $"ID=debian\nVERSION_ID=\"{release}\"\n");
        HaveLibrary();
        File.Move(At("system/usr/lib/libdnnl.so.2"), At("system/usr/lib/" + library));
        Assert.Equal(7, Run(["train"]).Status);
        Assert.False(File.Exists(At("installs")));
    }

    [Fact]
    public void OwnKernelsNeedNoLibrary()
    {
        Assert.Equal(7, Run(["train"], ("CONVOLVE_KERNELS", "managed")).Status);
        Assert.Equal(7, Run(["train", "--kernels", "managed"]).Status);
        Assert.Equal(7, Run(["--kernels=managed", "train"]).Status);
        Assert.False(File.Exists(At("installs")));
    }

    [Fact]
    public void DataFromElsewhereNeedsNoDataset()
    {
        HaveLibrary();
        Assert.Equal(7, Run(["train", "fashion-mnist"], ("CONVOLVE_DATA", "/data")).Status);
        Assert.False(File.Exists(At("installs")));
    }

    [Fact]
    public void AFailedInstallationUpdatesTheListsOnceAndThenShowsWhy()
    {
        Write("broken", "");
        var result = Run(["train"]);
        Assert.Equal(2, result.Status);
        Assert.Contains("noise of apt-get", result.Errors, StringComparison.Ordinal);
        Assert.Contains("apt-get install -y libdnnl2", result.Errors, StringComparison.Ordinal);
        string[] calls = File.ReadAllLines(At("installs"));
        Assert.Equal(3, calls.Length);
        Assert.EndsWith(" install -y libdnnl2", calls[0], StringComparison.Ordinal);
        Assert.EndsWith(" update", calls[1], StringComparison.Ordinal);
        Assert.Equal(calls[0], calls[2]);
    }

    [Fact]
    public void WithoutPackageListsItUpdatesFirst()
    {
        File.Delete(At("system/var/lib/apt/lists/mirror_Packages"));
        Assert.Equal(7, Run(["train"]).Status);
        string[] calls = File.ReadAllLines(At("installs"));
        Assert.EndsWith(" update", calls[0], StringComparison.Ordinal);
        Assert.EndsWith(" install -y libdnnl2", calls[1], StringComparison.Ordinal);
    }

    [Fact]
    public void ALibraryOnTheLoadersPathIsEnough()
    {
        Array.ForEach(Libraries, library => Write("own/" + library, ""));
        Assert.Equal(7, Run(["train"], ("LD_LIBRARY_PATH", "/nowhere:" + At("own"))).Status);
        Assert.False(File.Exists(At("installs")));
    }

    [Fact]
    public void AnOlderSdkIsNamedWithTheRemedy()
    {
        var result = Run(["train"], ("SDK", "8.0.414"));
        Assert.Equal(2, result.Status);
        Assert.StartsWith("convolve: .NET 10 SDK not found (found: 8.0.414", result.Errors, StringComparison.Ordinal);
    }
}
