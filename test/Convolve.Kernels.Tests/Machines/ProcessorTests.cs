using Convolve.Kernels.Machines;

namespace Convolve.Kernels.Tests.Machines;

public class ProcessorTests
{
    [Theory]
    [InlineData("processor\t: 0\nmodel name\t: AMD EPYC 9B45\nflags\t\t: fpu\n\nprocessor\t: 1\nmodel name\t: Other\n", "AMD EPYC 9B45")]
    [InlineData("processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0b\n", "ARM Cortex-A76")]
    [InlineData("CPU implementer\t: 0x41\nCPU part\t: 0xfff\n", "ARM 0xfff")]
    [InlineData("CPU implementer\t: 0xc0\nCPU part\t: 0xac3\n", "Ampere 0xac3")]
    [InlineData("CPU implementer\t: 0x99\nCPU part\t: 0x001\n", "ARM64 by 0x99 0x001")]
    [InlineData("processor\t: 0\nhart\t: 1\n", null)]
    public void LinuxNamesItOrNumbersIt(string text, string? name) => Assert.Equal(name, Processor.FromCpuInfo(text.Split('\n')));

    [Fact]
    public void ThisMachineHasAName() => Assert.NotEqual("unknown", Processor.Name);

    [Theory]
    [InlineData("linux-musl-x64", true)]
    [InlineData("alpine.3.22-arm64", true)]
    [InlineData("linux-x64", false)]
    [InlineData("debian.12-x64", false)]
    public void MuslIsKnownByTheRuntime(string identifier, bool isMusl) => Assert.Equal(isMusl, Host.IsMusl(identifier));

    [Fact]
    public void AMissingProgramPrintsNothing() => Assert.Equal("", SystemProgram.Output("/nowhere/sysctl", "-n", "x"));
}
