using System.Globalization;

namespace Convolve.Sweeps;

/// <summary>A setting that a sweep varies.</summary>
/// <param name="Name">Such as "batch-size".</param>
/// <param name="Values">As typed, in order; of a range, none.</param>
internal sealed record SweepAxis(string Name, IReadOnlyList<string> Values)
{
    private const string Between = "..";
    private const int Digits = 3;

    /// <summary>The lower end of a range; null for listed values.</summary>
    public double? From { get; init; }

    /// <summary>The upper end of a range; null for listed values.</summary>
    public double? To { get; init; }

    /// <summary>Whether the values of a range are whole numbers.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Whether values are drawn between two ends rather than listed.</summary>
    public bool IsRange => From is not null;

    /// <summary>Listed values, or a range such as "0.001..0.1".</summary>
    /// <exception cref="RecipeException">A range doesn't rise, or a value is listed twice.</exception>
    public static SweepAxis Of(string name, IReadOnlyList<string> values)
    {
        if (values is [{ } only] && only.Split(Between) is [{ } low, { } high] && Number(low) is { } from && Number(high) is { } to)
            return from < to ? new(name, []) { From = from, To = to, IsWhole = IsInteger(low) && IsInteger(high) }
                : throw new RecipeException($"{name}: expected a range that rises, such as 0.001{Between}0.1, got {only}.");
        return values.GroupBy(value => value).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new RecipeException($"{name} has the value {twice.Key} twice. List each value once.") : new(name, values);
    }

    /// <summary>A value of a range: where both ends are above 0, every factor is as likely as every other.</summary>
    /// <param name="share">In [0, 1).</param>
    public string At(double share)
    {
        (double from, double to) = (From!.Value, To!.Value);
        double value = from > 0 ? from * Math.Pow(to / from, share) : from + (to - from) * share;
        return IsWhole ? Math.Round(value).ToString("R", CultureInfo.InvariantCulture)
            : Format.Number(double.Parse(value.ToString($"G{Digits}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
    }

    /// <summary>A number as typed; null for anything else.</summary>
    internal static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;

    private static bool IsInteger(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
}
