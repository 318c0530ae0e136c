using Convolve.Kernels.BatchInterleaved;
using Convolve.Testing;

namespace Convolve.Kernels.Tests;

public sealed unsafe class InterleavedFunctionsTests
{
    [Fact]
    public void TanhIsWithinItsRelativeError() =>
        Check(InterleavedActivation.Tanh, 12, (want, got) => Math.Abs(got - want) <= 3.5e-7 * Math.Abs(want) + float.Epsilon);

    [Fact]
    public void SigmoidIsWithinTwoTenMillionths() =>
        Check(InterleavedActivation.Sigmoid, 24, (want, got) => Math.Abs(got - want) <= 2e-7);

    [Theory]
    [InlineData(nameof(InterleavedActivation.ReLU))]
    [InlineData(nameof(InterleavedActivation.LeakyReLU))]
    [InlineData(nameof(InterleavedActivation.Tanh))]
    [InlineData(nameof(InterleavedActivation.Sigmoid))]
    public void ExtremesAreRightAndNaNPropagates(string name)
    {
        InterleavedActivation activation = Enum.Parse<InterleavedActivation>(name);
        float[] extremes = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, 100, -100, float.Epsilon, -1e-20f];
        using AlignedBuffer x = new(64);
        x.Span.Clear();
        extremes.CopyTo(x.Span);
        InterleavedElementwise.Apply(activation, x.Floats, 1, 0.1f);
        for (int i = 0; i < extremes.Length; i++)
        {
            double want = InterleavedReference.Activate(activation, extremes[i], 0.1f);
            if (double.IsFinite(want))
                Assert.Equal(want, x.Span[i], 2e-7);
            else
                Assert.Equal(want, x.Span[i]);
        }
    }

    private static void Check(InterleavedActivation activation, float limit, Func<double, float, bool> isNear)
    {
        const int count = 1 << 20;
        using AlignedBuffer x = new(count * sizeof(float));
        float[] values = InterleavedReference.Random(count, 1, limit);
        for (int i = 0; i < count / 4; i++)
            values[i] *= MathF.Pow(2, -i % 100);
        values.CopyTo(x.Span);
        InterleavedElementwise.Apply(activation, x.Floats, count / 16, 0);
        for (int i = 0; i < count; i++)
        {
            double want = InterleavedReference.Activate(activation, values[i], 0);
            Expect.True(isNear(want, x.Span[i]) && Math.Abs(x.Span[i]) <= 1, $"{activation}({values[i]}) is {want}, not {x.Span[i]}");
        }
    }
}
