using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Tests.Managed;

/// <summary>Which of two libraries computes an operation.</summary>
public class CompositeLibraryTests
{
    [Theory]
    [InlineData(3, 2, true)]
    [InlineData(11, 4, true)]
    [InlineData(3, 1, false)]
    [InlineData(1, 2, false)]
    public void With_AVX512_own_kernels_move_windows_by_several_pixels(int kernel, int stride, bool isOwn)
    {
        foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.BFloat16])
        {
            IKernelLibrary library = CompositeLibrary.With(new Native(16));
            Assert.Equal(Floats16.IsSupported ? "native and own kernels" : "native", library.Name);
            ConvolutionForward forward = Forward(type, kernel, stride);
            bool expected = isOwn && type == ElementType.Float32 && Floats16.IsSupported;
            foreach (Operation operation in (Operation[])[forward,
                new ConvolutionBackwardData(forward.Source, forward.Weights, forward.Target, forward),
                new ConvolutionBackwardWeights(forward.Source, Layout.Any(ElementType.Float32, [.. forward.Weights.Sizes]), forward.Bias,
                    forward.Target, forward)])
                Assert.Equal(expected, library.Describe(operation)!.Implementation != "native");
        }
        Assert.Equal("native", CompositeLibrary.With(new Native(16)).Describe(new Sum(Layout.Plain(ElementType.Float32, 4), 2))!
            .Implementation);
    }

    [Fact]
    public void Where_blocks_differ_the_native_library_computes_alone()
    {
        Native native = new(8);
        Assert.Same(native, CompositeLibrary.With(native));
    }

    private static ConvolutionForward Forward(ElementType type, int kernel, int stride)
    {
        int after = (32 - kernel) / stride + 1;
        return new(true, Layout.Blocked(type, 16, 2, 32, 32, 32), Layout.Any(type, 48, 32, kernel, kernel),
            Layout.Plain(ElementType.Float32, 48), Layout.Blocked(type, 16, 2, 48, after, after),
            new((stride, stride), (1, 1), (0, 0), (0, 0)));
    }

    private sealed class Native(int block) : IKernelLibrary
    {
        public string Name => "native";

        public InstructionSet InstructionSet => InstructionSet.Avx512BFloat16;

        public int Block => block;

        public KernelDescription? Describe(Operation operation) => new("native", Speed.Tuned, new Dictionary<Argument, Layout>(), 0);

        public Kernel Compile(Operation operation, string label) => throw new NotSupportedException();
    }
}
