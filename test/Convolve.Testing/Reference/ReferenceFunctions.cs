namespace Convolve.Testing.Reference;

/// <summary>Functions that .NET does not have, in float64.</summary>
internal static class ReferenceFunctions
{
    private static readonly double RootOfTwoOverPi = Math.Sqrt(2 / Math.PI);

    /// <summary>The probability that a standard normal variable is below x.</summary>
    public static double NormalBelow(double x) => (1 + Erf(x / Math.Sqrt(2))) / 2;

    public static double NormalDensity(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    public static double GeluTanh(double x) => x / 2 * (1 + Math.Tanh(Inner(x)));

    public static double GeluTanhSlope(double x)
    {
        double tanh = Math.Tanh(Inner(x));
        return (1 + tanh) / 2 + x / 2 * (1 - tanh * tanh) * RootOfTwoOverPi * (1 + 3 * 0.044715 * x * x);
    }

    private static double Inner(double x) => RootOfTwoOverPi * (x + 0.044715 * x * x * x);

    // 2 / sqrt(pi) exp(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...): all terms have one sign.
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
            return Math.Sign(x);
        double term = x, sum = x;
        for (int n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
