using Convolve.Kernels.Lanes;
using Convolve.Testing;

namespace Convolve.Kernels.Tests;

public sealed unsafe class LanesFunctionsTests
{
    [NeedsFact(Feature.Avx2)]
    public void TanhIsWithinItsRelativeError() =>
        Check(LanesActivation.Tanh, 12, (want, got) => Math.Abs(got - want) <= 3.5e-7 * Math.Abs(want) + float.Epsilon);

    [NeedsFact(Feature.Avx2)]
    public void SigmoidIsWithinTwoTenMillionths() =>
        Check(LanesActivation.Sigmoid, 24, (want, got) => Math.Abs(got - want) <= 2e-7);

    [NeedsTheory(Feature.Avx2)]
    [InlineData(nameof(LanesActivation.ReLU))]
    [InlineData(nameof(LanesActivation.LeakyReLU))]
    [InlineData(nameof(LanesActivation.Tanh))]
    [InlineData(nameof(LanesActivation.Sigmoid))]
    public void ExtremesAreRightAndNaNPropagates(string name)
    {
        LanesActivation activation = Enum.Parse<LanesActivation>(name);
        float[] extremes = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, 100, -100, float.Epsilon, -1e-20f];
        using LanesBuffer x = new(64);
        x.Span.Clear();
        extremes.CopyTo(x.Span);
        LanesElementwise.Apply(activation, x.Floats, 1, 0.1f);
        for (int i = 0; i < extremes.Length; i++)
        {
            double want = LanesReference.Activate(activation, extremes[i], 0.1f);
            if (double.IsFinite(want))
                Assert.Equal(want, x.Span[i], 2e-7);
            else
                Assert.Equal(want, x.Span[i]);
        }
    }

    private static void Check(LanesActivation activation, float limit, Func<double, float, bool> isNear)
    {
        const int count = 1 << 20;
        using LanesBuffer x = new(count * sizeof(float));
        float[] values = LanesReference.Random(count, 1, limit);
        for (int i = 0; i < count / 4; i++)
            values[i] *= MathF.Pow(2, -i % 100);
        values.CopyTo(x.Span);
        LanesElementwise.Apply(activation, x.Floats, count / 16, 0);
        for (int i = 0; i < count; i++)
        {
            double want = LanesReference.Activate(activation, values[i], 0);
            Expect.True(isNear(want, x.Span[i]) && Math.Abs(x.Span[i]) <= 1, $"{activation}({values[i]}) is {want}, not {x.Span[i]}");
        }
    }
}
