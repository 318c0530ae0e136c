using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Kernels.Machines;

namespace Convolve;

/// <summary>Numbers as people read them, the same in every locale.</summary>
internal static class Format
{
    private const double Kibi = 1024;

    /// <summary>Such as "61,706".</summary>
    public static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Such as "14.2 MiB".</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / Kibi:F1} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / Kibi / Kibi:F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / Kibi / Kibi / Kibi:F2} GiB"),
    };

    /// <summary>Such as "1.2 s", "3 min 05 s", "2 h 10 min".</summary>
    public static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 99.95 => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, time.TotalSeconds):F1} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds:D2} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:D2} min"),
    };

    /// <summary>Reads a time such as "90s", "30m", "1h30m"; null for anything else.</summary>
    public static TimeSpan? ReadDuration(string text)
    {
        Match parts = Regex.Match(text, "^(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,7})s)?$", RegexOptions.CultureInvariant);
        if (!parts.Success || text.Length == 0)
            return null;
        int[] numbers = [.. Enumerable.Range(1, 3)
            .Select(i => parts.Groups[i].Success ? int.Parse(parts.Groups[i].ValueSpan, CultureInfo.InvariantCulture) : 0)];
        return new(numbers[0], numbers[1], numbers[2]);
    }

    /// <summary>Such as "8GB", "512 MiB" or "1.5G", in bytes; null for anything else. KB, MB, GB are powers of 1000.</summary>
    public static long? ReadBytes(string text)
    {
        Match parts = Regex.Match(text, "^([0-9]{1,12}(?:\\.[0-9]{1,6})?) ?([KMGT]?)(i?)B?$",
            RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);
        if (!parts.Success || (parts.Groups[2].Length == 0 && parts.Groups[3].Length > 0))
            return null;
        double unit = parts.Groups[3].Length > 0 ? 1024 : 1000;
        int power = parts.Groups[2].Length == 0 ? 0 : 1 + "KMGT".IndexOf(parts.Groups[2].Value, StringComparison.OrdinalIgnoreCase);
        double bytes = double.Parse(parts.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * Math.Pow(unit, power);
        return bytes is >= 1 and < long.MaxValue ? (long)bytes : null;
    }

    /// <summary>
    /// Such as "10Gb" (gigabits each second) or "1.25GB/s" (gigabytes each second), in bytes each second; null for anything else. Units are
    /// powers of 1000, and b is not B.
    /// </summary>
    public static double? ReadBandwidth(string text)
    {
        Match parts = Regex.Match(text, "^([0-9]{1,9}(?:\\.[0-9]{1,6})?)([kMGT])([bB])(?:/s)?$", RegexOptions.CultureInvariant);
        if (!parts.Success)
            return null;
        double units = double.Parse(parts.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            * Math.Pow(1000, 1 + "kMGT".IndexOf(parts.Groups[2].Value, StringComparison.Ordinal));
        return units == 0 ? null : parts.Groups[3].Value == "b" ? units / 8 : units;
    }

    /// <summary>Such as "1.25 GB/s (10 Gb/s)".</summary>
    public static string Bandwidth(double bytesPerSecond)
    {
        (double bytes, string byteUnit) = Scaled(bytesPerSecond);
        (double bits, string bitUnit) = Scaled(8 * bytesPerSecond);
        return string.Create(CultureInfo.InvariantCulture, $"{bits:G4} {bitUnit}b/s ({bytes:G4} {byteUnit}B/s)");

        static (double, string) Scaled(double value) => value switch
        {
            >= 1e9 => (value / 1e9, "G"),
            >= 1e6 => (value / 1e6, "M"),
            _ => (value / 1e3, "k"),
        };
    }

    /// <summary>Such as "20us", "1.5ms" or "0us", in seconds; null for anything else.</summary>
    public static double? ReadLatency(string text)
    {
        Match parts = Regex.Match(text, "^([0-9]{1,9}(?:\\.[0-9]{1,6})?)(ns|us|µs|ms|s)$", RegexOptions.CultureInvariant);
        return !parts.Success ? null : double.Parse(parts.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            / parts.Groups[2].Value switch { "ns" => 1e9, "us" or "µs" => 1e6, "ms" => 1e3, _ => 1 };
    }

    /// <summary>Such as "20 us" or "1.5 ms".</summary>
    public static string Latency(double seconds) => seconds >= 1e-3
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:G4} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:G4} us");

    /// <summary>Such as "0.8931".</summary>
    public static string Fraction(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    /// <summary>Such as "+0.0043"; zero has no sign.</summary>
    public static string Signed(double value) => value.ToString("+0.0000;-0.0000;0.0000", CultureInfo.InvariantCulture);

    /// <summary>Such as "0.0312", and "&lt; 0.0001".</summary>
    public static string Probability(double value) => value < 0.0001 ? "< 0.0001" : Fraction(value);

    /// <summary>Of a share, such as "12.3 %".</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F1} %");

    /// <summary>In its shortest form, such as "0.05".</summary>
    public static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>In its shortest form, such as "0.05".</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Such as "with the weights of epoch 3 of 10".</summary>
    /// <param name="epoch">From 1; 0 where no epoch was finished.</param>
    /// <param name="epochs">That were finished.</param>
    public static string WeightsOf(int epoch, int epochs) => epoch > 0
        ? string.Create(CultureInfo.InvariantCulture, $"with the weights of epoch {epoch} of {epochs}")
        : "with the latest weights, from an unfinished epoch";

    /// <summary>A path, a name or a value as a shell takes it.</summary>
    public static string Quoted(string path) => QuotedFor(Host.Current, path);

    /// <summary>The same for a system's shells; on Windows both of them take double quotes, which no path has in it.</summary>
    internal static string QuotedFor(HostSystem system, string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or ':' or '=' or ',' or '+' or '@' or '%'
            || system == HostSystem.Windows && c == '\\') ? path
            : system == HostSystem.Windows ? $"\"{path}\""
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
