using Convolve.Kernels.Contract;

namespace Convolve.OneDnn.Tests;

public class SpeedTests
{
    [Theory]
    [InlineData("ref:any", nameof(Speed.Reference))]
    [InlineData("simple:any", nameof(Speed.Generic))]
    [InlineData("gemm:jit", nameof(Speed.Generic))]
    [InlineData("x64:gemm:jit", nameof(Speed.Generic))]
    [InlineData("brg_matmul:avx512_core", nameof(Speed.Tuned))]
    [InlineData("jit:uni", nameof(Speed.Generic))]
    [InlineData("jit:avx512_core", nameof(Speed.Tuned))]
    [InlineData("brgconv:avx512_core_bf16", nameof(Speed.Tuned))]
    public void The_names_of_implementations_say_how_fast_they_are(string name, string speed) =>
        Assert.Equal(Enum.Parse<Speed>(speed), OneDnnLibrary.SpeedOf(name));
}
