using System.Globalization;
using System.Text;

namespace Convolve.Cli.Tests.Doctor;

/// <summary>A row of a table of set-ups.</summary>
internal sealed record Setup(string Table, string Name, string Number, string[] Accepted, string Network, string Data, string Options)
{
    /// <summary>Whether nothing is wrong with it.</summary>
    public bool IsClean => Accepted is ["none"];

    /// <summary>Whether the doctor examines a finished run of it.</summary>
    public bool IsRun => Options.StartsWith("run ", StringComparison.Ordinal) || Options == "run";

    /// <summary>All rows of a file.</summary>
    public static IEnumerable<Setup> Read(string file)
    {
        foreach (string line in File.ReadLines(file).Where(l => l.Length > 0 && !l.StartsWith('#')))
        {
            string[] cells = [.. line.Split('|').Select(c => c.Trim())];
            if (cells.Length != 6)
                throw new FormatException($"{file}: a row has 6 cells, name | number | fault | network | data | options: {line}");
            yield return new(Path.GetFileNameWithoutExtension(file), cells[0], cells[1],
                cells[2].Split(',', StringSplitOptions.TrimEntries), cells[3], cells[4], cells[5]);
        }
    }
}

/// <summary>What the doctor said of a set-up.</summary>
/// <param name="Table">The table.</param>
/// <param name="Name">The set-up.</param>
/// <param name="Number">Of its fault in the catalogue; "-" for clean ones.</param>
/// <param name="Accepted">The faults that are right.</param>
/// <param name="Found">The faults that were named, in order.</param>
/// <param name="Cause">The first line.</param>
/// <param name="Seconds">It took.</param>
internal sealed record SetupResult(string Table, string Name, string Number, string Accepted, string Found, string Cause, double Seconds)
{
    /// <summary>Found, where the doctor didn't come to an end.</summary>
    public const string Failed = "error";

    public bool IsClean => Accepted == "none";

    public bool IsDetected => Found.Length > 0 && Found != Failed;

    public bool IsRight => IsClean ? Found.Length == 0 : Accepted.Split(',').Contains(Found.Split(',')[0]);

    public string Line => string.Create(CultureInfo.InvariantCulture,
        $"{Table}\t{Name}\t{Number}\t{Accepted}\t{Found}\t{Cause}\t{Seconds:F1}");

    public static SetupResult Read(string line) => line.Split('\t') is [var table, var name, var number, var accepted, var found, var cause,
        var seconds]
        ? new(table, name, number, accepted, found, cause, double.Parse(seconds, CultureInfo.InvariantCulture))
        : throw new FormatException(line);

    /// <summary>Detection, right cause and false alarms of each table, as the lines of a Markdown table.</summary>
    public static string Summary(IReadOnlyList<SetupResult> results)
    {
        StringBuilder text = new();
        text.AppendLine("| set-ups | something found | right cause in the first line | false alarms |");
        text.AppendLine("|---|---|---|---|");
        foreach (var table in results.GroupBy(r => r.Table))
        {
            SetupResult[] faulty = [.. table.Where(r => !r.IsClean)], clean = [.. table.Where(r => r.IsClean)];
            text.AppendLine($"| {table.Key} | {Share(faulty.Count(r => r.IsDetected), faulty.Length)} | " +
                $"{Share(faulty.Count(r => r.IsRight), faulty.Length)} | {Share(clean.Count(r => r.IsDetected), clean.Length)} |");
        }
        return text.ToString();
    }

    private static string Share(int count, int all)
    {
        if (all == 0)
            return "-";
        (double low, double high) = Exact(count, all);
        return string.Create(CultureInfo.InvariantCulture,
            $"{count} of {all} = {100.0 * count / all:F1} % (95 %: {100 * low:F1} to {100 * high:F1})");
    }

    /// <summary>The exact 95 % interval of Clopper and Pearson (1934).</summary>
    public static (double Low, double High) Exact(int count, int all)
    {
        return (count == 0 ? 0 : Root(p => 1 - Below(count - 1, p) - 0.025), count == all ? 1 : Root(p => 0.025 - Below(count, p)));

        double Below(int most, double p)
        {
            double sum = 0, term = Math.Pow(1 - p, all);
            for (int i = 0; i <= most; i++)
            {
                sum += term;
                term *= (double)(all - i) / (i + 1) * p / (1 - p);
            }
            return sum;
        }

        static double Root(Func<double, double> rising)
        {
            (double low, double high) = (0, 1);
            for (int i = 0; i < 60; i++)
                (low, high) = rising((low + high) / 2) < 0 ? ((low + high) / 2, high) : (low, (low + high) / 2);
            return (low + high) / 2;
        }
    }
}
