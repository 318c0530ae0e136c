using System.Globalization;

namespace Convolve.Diagnosis;

/// <summary>One cause of trouble, as the doctor reports it.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Cause">The cause in one line, without a full stop.</param>
/// <param name="Evidence">What was measured, and its limit.</param>
/// <param name="Try">What to change: settings of a training, or what to do to network or data.</param>
/// <param name="Expect">What that should change.</param>
/// <remarks>Settings of a training have an @ before their name, which the command line replaces by what it calls them.</remarks>
internal sealed record Finding(Fault Fault, string Cause, string Evidence, string Try, string Expect)
{
    /// <summary>Whether training can't go well with it, so that it explains what else a trial shows.</summary>
    public bool IsGrave { get; init; }

    /// <summary>Text with numbers as everywhere.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Two or three digits, without noise behind them.</summary>
    public static string Digits(double value) => double.IsNaN(value) ? "NaN" : value.ToString("G3", CultureInfo.InvariantCulture);
}
