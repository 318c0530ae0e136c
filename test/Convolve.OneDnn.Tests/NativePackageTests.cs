using Convolve.Kernels.Machines;

namespace Convolve.OneDnn.Tests;

public class NativePackageTests
{
    private const string Bookworm = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
        Trixie = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\nID=debian\n",
        Forky = "PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nVERSION_CODENAME=forky\nID=debian\n",
        Ubuntu = "VERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n";

    [Theory]
    [InlineData(Bookworm, "The kernel library libdnnl.so.2 is not installed. Install it: sudo apt-get install -y libdnnl2")]
    [InlineData(Trixie, "The kernel library libdnnl.so.3.6 is not installed. Install it: sudo apt-get install -y libdnnl3.6")]
    public void On_Debian_the_package_is_named(string osRelease, string message) =>
        Assert.Equal(message, NativePackage.KernelLibrary.Missing(HostSystem.Linux, osRelease));

    [Theory]
    [InlineData(Forky)]
    [InlineData(Ubuntu)]
    [InlineData("")]
    public void Elsewhere_what_was_tried_and_plain_advice(string osRelease)
    {
        string message = NativePackage.KernelLibrary.Missing(HostSystem.Linux, osRelease);
        Assert.StartsWith("The kernel library oneDNN is not installed: can't load ", message, StringComparison.Ordinal);
        Assert.Contains(". Install oneDNN 2.6 to 3.12 ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("apt-get", message, StringComparison.Ordinal);
        Assert.DoesNotContain("apt-get", NativePackage.KernelLibrary.Advice(HostSystem.Linux, osRelease), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HostSystem.Windows, "dnnl.dll, libdnnl.dll. ")]
    [InlineData(HostSystem.MacOS, "libdnnl.2.dylib, ")]
    internal void Systems_without_packages_are_told_of_own_kernels(HostSystem system, string files)
    {
        string message = NativePackage.KernelLibrary.Missing(system, Bookworm);
        Assert.StartsWith($"The kernel library oneDNN is not installed: can't load {files}", message, StringComparison.Ordinal);
        Assert.EndsWith("its own kernels compute with CONVOLVE_KERNELS=managed.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("apt-get", message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_musl_packages_of_Debian_do_not_help() =>
        Assert.DoesNotContain("apt-get", NativePackage.KernelLibrary.Missing(HostSystem.Musl, Bookworm), StringComparison.Ordinal);

    [Fact]
    public void Every_name_of_the_library_is_tried()
    {
        string[] linux = NativePackage.DnnlFiles(HostSystem.Linux);
        Assert.Equal(["libdnnl.so.2", "libdnnl.so.3"], linux[..2]);
        Assert.All(Enumerable.Range(0, 13), minor => Assert.Contains($"libdnnl.so.3.{minor}", linux));
        Assert.Equal(["libdnnl.2.dylib", "libdnnl.3.dylib"], NativePackage.DnnlFiles(HostSystem.MacOS)[..2]);
        Assert.Contains("libdnnl.3.12.dylib", NativePackage.DnnlFiles(HostSystem.MacOS));
        Assert.Equal(["dnnl.dll", "libdnnl.dll"], NativePackage.DnnlFiles(HostSystem.Windows));
    }
}
