using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;

namespace Convolve.Kernels.Tests.Contract;

public class OperationTests
{
    [Fact]
    public void Operations_are_compared_by_value()
    {
        static Operation Make(int stride) => new ConvolutionForward(true, Layout.Plain(ElementType.Float32, 1, 2, 6, 6),
            Layout.Any(ElementType.Float32, 3, 2, 3, 3), null, Layout.Any(ElementType.Float32, 1, 3, 4, 4),
            new((stride, 1), (1, 1), (0, 0), (0, 0)));
        Assert.Equal(Make(1), Make(1));
        Assert.Equal(Make(1).GetHashCode(), Make(1).GetHashCode());
        Assert.NotEqual(Make(1), Make(2));
    }
}
