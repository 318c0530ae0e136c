using System.Globalization;

namespace Convolve.Drawing.Charts;

/// <summary>The range of an axis, where values are on it, and its ticks.</summary>
internal sealed class AxisRange
{
    private const double Widest = 1e300, Narrowest = 1e-300, Farthest = 1000;
    private readonly Axis _axis;
    private readonly double _low, _high;

    private AxisRange(Axis axis, double low, double high) => (_axis, _low, _high) = (axis, low, high);

    private bool IsLog => _axis.Scale == AxisScale.Log;

    /// <summary>The range of values.</summary>
    /// <param name="axis">Whose.</param>
    /// <param name="values">All that it shows; those without a place do not count.</param>
    /// <param name="mostTicks">About how many ticks there will be at most.</param>
    /// <param name="endsAtTicks">Whether it is widened to whole steps where the axis itself has no limits.</param>
    public static AxisRange Of(Axis axis, IEnumerable<double> values, int mostTicks, bool endsAtTicks)
    {
        AxisRange all = new(axis, 0, 1);
        (double? min, double? max) = (all.Limit(axis.Min), all.Limit(axis.Max));
        double[] good = [.. values.Where(all.HasPlace)];
        double low = min ?? (good.Length > 0 ? good.Min() : all.IsLog ? (max ?? 1) / 10 : 0);
        double high = max ?? (good.Length > 0 ? good.Max() : all.IsLog ? low * 10 : low + 1);
        // What differs in its last digits alone is one value.
        if (!(high - low > Math.Max(Narrowest, 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high)))))
            (low, high) = all.IsLog ? (min ?? low / 2, max ?? high * 2) : (min ?? low - Slack(low), max ?? high + Slack(high));
        if (!(low < high) || (all.IsLog && low <= 0))
            (low, high) = all.IsLog ? (0.1, 1) : (low, low + 2 * Slack(low));
        if (endsAtTicks)
        {
            Func<double, double, double> down = all.IsLog ? (value, _) => RoundLog(value, up: false) : (value, step) =>
                Math.Floor(value / step + 1e-9) * step;
            Func<double, double, double> up = all.IsLog ? (value, _) => RoundLog(value, up: true) : (value, step) =>
                Math.Ceiling(value / step - 1e-9) * step;
            double step = Step(high - low, mostTicks, axis.IsWhole);
            (low, high) = (min ?? down(low, step), max ?? up(high, step));
            high = low < high ? high : low + step;
        }
        return new(axis, low, high);
    }

    /// <summary>Whether a value can be shown.</summary>
    public bool HasPlace(double value) => double.IsFinite(value) && Math.Abs(value) <= Widest && (!IsLog || value >= Narrowest);

    /// <summary>
    /// From 0 at the beginning to 1 at the end, and outside beyond them; 0 for what has no place, such as the foot of a bar on a
    /// logarithmic axis.
    /// </summary>
    public double At(double value)
    {
        if (!HasPlace(value))
            return 0;
        double share = IsLog ? (Math.Log(value) - Math.Log(_low)) / (Math.Log(_high) - Math.Log(_low)) : (value - _low) / (_high - _low);
        return Math.Clamp(share, -Farthest, Farthest);
    }

    /// <summary>Where the ticks are, and their labels.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks(int most)
    {
        double step = Step(_high - _low, most, _axis.IsWhole);
        bool isEven = _axis.Ticks is null && !IsLog;
        double[] shown = [.. (_axis.Ticks ?? (IsLog ? LogTicks(most) : EvenTicks(step, most))).Where(IsInside)];
        // A short piece of a logarithmic axis may hold no round number of its kind.
        if (IsLog && shown.Length < 2 && _axis.Ticks is null)
            (isEven, shown) = (true, [.. EvenTicks(step, most).Where(IsInside)]);
        int decimals = isEven ? Math.Max(0, (int)-Math.Floor(Math.Log10(step) + 1e-9)) : -1;
        double largest = shown.Select(Math.Abs).DefaultIfEmpty().Max();
        return [.. shown.Select(value => (value, Label(value, largest, decimals)))];
    }

    /// <summary>A value as people read it, with about four digits.</summary>
    public static string Words(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1e6 or < 1e-3 => Scientific(value.ToString("0.###e+0", CultureInfo.InvariantCulture)),
        >= 1000 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.###", CultureInfo.InvariantCulture),
        _ => value.ToString("0.#####", CultureInfo.InvariantCulture),
    };

    private double? Limit(double? value) => value is { } limit && HasPlace(limit) ? limit : null;

    private bool IsInside(double value) => HasPlace(value) && At(value) is >= -1e-9 and <= 1 + 1e-9;

    private IEnumerable<double> EvenTicks(double step, int most) =>
        Enumerable.Range(0, 2 * most + 2).Select(i => (Math.Ceiling(_low / step - 1e-9) + i) * step);

    private static double Slack(double value) => Math.Abs(value) < 100 * Narrowest ? 0.5 : Math.Abs(value) / 10;

    // 1, 2 or 5 times a power of ten.
    private static double Step(double range, int most, bool isWhole)
    {
        double rough = range / Math.Max(1, most), power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = (rough / power) switch { <= 1 + 1e-9 => 1, <= 2 + 1e-9 => 2, <= 5 + 1e-9 => 5, _ => 10 } * power;
        return isWhole ? Math.Max(1, step) : step;
    }

    private static double RoundLog(double value, bool up)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value) + 1e-9)), factor = value / power;
        return up ? power * (factor <= 1 + 1e-9 ? 1 : factor <= 2 + 1e-9 ? 2 : factor <= 5 + 1e-9 ? 5 : 10)
            : power * (factor >= 5 ? 5 : factor >= 2 ? 2 : 1);
    }

    // Powers of ten, every few of them, or 1, 2 and 5 of each where there are few.
    private IEnumerable<double> LogTicks(int most)
    {
        int first = (int)Math.Floor(Math.Log10(_low) + 1e-9), last = (int)Math.Ceiling(Math.Log10(_high) - 1e-9);
        double decades = Math.Log10(_high) - Math.Log10(_low);
        double[] factors = decades * 3 <= most ? [1, 2, 5] : [1];
        int stride = Math.Max(1, (int)Math.Ceiling(decades / most));
        return from power in Enumerable.Range(first, last - first + 1)
               where power % stride == 0
               from factor in factors
               select factor * Math.Pow(10, power);
    }

    private static string Label(double value, double largest, int decimals)
    {
        if (decimals < 0 || value == 0)
            return Words(value);
        if (largest >= 1e6)
            return Shortened(value, largest);
        return decimals > 5 ? Words(value) : value.ToString($"#,0.{new string('0', decimals)}", CultureInfo.InvariantCulture);
    }

    private static string Shortened(double value, double largest) => largest switch
    {
        < 1e9 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " M",
        < 1e12 => (value / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + " G",
        < 1e15 => (value / 1e12).ToString("0.##", CultureInfo.InvariantCulture) + " T",
        _ => Words(value),
    };

    private static string Scientific(string text) => text.Replace("e+", "e", StringComparison.Ordinal);
}
