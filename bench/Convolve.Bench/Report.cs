using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Convolve.Bench;

/// <summary>What a run of the benchmark says, for people and for programs.</summary>
internal sealed record Report(
    Host Host, DateTimeOffset Date, int Rounds, int Threads, bool IsQuick, double OthersShare, TimeSpan Elapsed,
    Results Results, IReadOnlyList<string> Notes)
{
    /// <summary>Above this share of all cores for others, figures are not to be trusted.</summary>
    public const double OthersLimit = 0.05;

    private static readonly JsonSerializerOptions Indented = new(Sample.Json) { WriteIndented = true };

    private double WorstOthers => Results.Measurements.SelectMany(m => Results[m]).Select(s => s.OthersShare).DefaultIfEmpty().Max();

    public string ToMarkdown()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Benchmark of {Date:yyyy-MM-dd}{(IsQuick ? ", quick" : "")}");
        text.AppendLine();
        foreach (string note in AllNotes())
            text.AppendLine(CultureInfo.InvariantCulture, $"**{note}**").AppendLine();
        text.Append(Text.Table(["Made on", "and with"], Facts()));
        text.AppendLine();
        text.AppendLine("Figures are medians over the rounds (least to most); how they are taken stands in bench/README.md.");

        Section(text, "Ratios", ["what", " value", " bar", "met"], Verdict.All(Results).Select(Row));
        Section(text, "Training, ms a step", ["network", "by", "mode", " ms", " images/s"],
            Times(s => s.TrainMs, Side.Convolve, Side.PyTorch, Side.Kernels));
        Section(text, "Inference, ms a step", ["network", "by", "mode", " ms", " images/s"],
            Times(s => s.InferMs, Side.Convolve, Side.PyTorch, Side.Kernels));
        Section(text, "Memory of a training, MiB", ["network", "by", "mode", " peak of the process", " its growth", " estimated growth"],
            Memory());
        Section(text, "The trainer", ["network or recipe", "data", "mode", " ms a step, loading included", " images/s",
            " share of loading"], Epochs());
        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(new
    {
        Date = Date.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        IsQuick,
        Rounds,
        Threads,
        Host.Commit,
        Seconds = Math.Round(Elapsed.TotalSeconds),
        OthersShare,
        WorstOthersShare = WorstOthers,
        Machine = new { Host.Processor, Host.Cores, Host.InstructionSet, Host.MemoryBytes, Host.OperatingSystem, Host.Variables },
        Versions = Libraries().Prepend($".NET {Host.Dotnet}"),
        Notes = AllNotes(),
        Ratios = Verdict.All(Results).Select(v =>
        new { v.What, Kind = v.Kind.ToString(), v.Bar, v.Value?.Median, v.Value?.Min, v.Value?.Max, v.IsMet }),
        Measurements = Results.Measurements.Select(m => new
        {
            m.Workload.Network,
            m.Workload.BatchSize,
            Side = m.Side.ToString(),
            m.Mode,
            Samples = Results[m],
        }),
    }, Indented) + "\n";

    private List<string> AllNotes()
    {
        List<string> notes = [.. Notes];
        if (OthersShare > OthersLimit || WorstOthers > 2 * OthersLimit)
        {
            notes.Add(
                $"Other processes took {Text.Percent(OthersShare)} of the CPU, and {Text.Percent(WorstOthers)} in the worst measurement: " +
                "these figures are not to be trusted.");
        }
        return notes;
    }

    private IEnumerable<string[]> Facts()
    {
        yield return ["processor",
            string.Create(CultureInfo.InvariantCulture, $"{Host.Processor}, {Host.Cores} cores, {Host.InstructionSet}")];
        yield return ["memory", string.Create(CultureInfo.InvariantCulture, $"{Host.MemoryBytes / (double)(1 << 30):F1} GiB")];
        yield return ["system", $"{Host.OperatingSystem}, .NET {Host.Dotnet}"];
        yield return ["libraries", string.Join(", ", Libraries())];
        yield return ["threads", Threads.ToString(CultureInfo.InvariantCulture)];
        if (Host.Variables.Length > 0)
            yield return ["environment", Host.Variables];
        yield return ["commit", Host.Commit];
        yield return ["rounds", string.Create(CultureInfo.InvariantCulture, $"{Rounds}, in {Elapsed.TotalMinutes:F1} minutes")];
        yield return ["other processes", $"{Text.Percent(OthersShare)} of the CPU, {Text.Percent(WorstOthers)} in the worst measurement"];
    }

    private IEnumerable<string> Libraries() =>
        Results.Measurements.SelectMany(m => Results[m]).Select(s => s.Library).Distinct().Order(StringComparer.Ordinal);

    private IEnumerable<string[]> Times(Func<Sample, double?> figure, params Side[] sides) =>
        from work in Results.Measurements.GroupBy(m => m.Workload)
        from m in work.OrderBy(m => m.IsBFloat16).ThenBy(m => m.Side).ThenBy(m => m.Mode, StringComparer.Ordinal)
        where sides.Contains(m.Side)
        let spread = Results.Spread(m, figure)
        where spread is not null
        select new[]
        {
            m.Workload.ToString(), Measurement.SideName(m.Side), m.Mode, Text.Show(spread, Text.Milliseconds),
            Text.Count(m.Workload.BatchSize * 1000 / spread.Value.Median),
        };

    private IEnumerable<string[]> Memory() =>
        from m in Results.Measurements
        where m.Workload == Workload.AlexNet
        orderby m.IsBFloat16, m.Side, m.Mode
        let peak = Results.Spread(m, s => s.TrainPeakBytes)
        where peak is not null
        select new[]
        {
            m.Workload.ToString(), Measurement.SideName(m.Side), m.Mode, Text.Show(peak, Text.Mebibytes),
            Text.Show(Results.Spread(m, s => s.TrainGrowthBytes), Text.Mebibytes),
            Text.Show(Results.Spread(m, s => s.TrainEstimateBytes), Text.Mebibytes),
        };

    private IEnumerable<string[]> Epochs() =>
        from m in Results.Measurements
        where m.Side == Side.Trainer
        let time = Results.Spread(m, s => s.TrainMs)
        select new[]
        {
            m.Workload.ToString(), m.Workload.IsRecipe ? "noise of CIFAR-10's size" : "Fashion-MNIST", m.Mode,
            Text.Show(time, Text.Milliseconds), Text.Count(m.Workload.BatchSize * 1000 / time.Value.Median),
            Text.Show(Results.Spread(m, s => s.DataShare), Text.Percent),
        };

    private static string[] Row(Verdict verdict)
    {
        Func<double, string> text = verdict.Kind switch { BarKind.Within => Text.Signed, BarKind.Below => Text.Percent, _ => Text.Ratio };
        string bar = verdict.Kind switch
        {
            BarKind.AtLeast => $"at least {text(verdict.Bar)}",
            BarKind.AtMost => $"at most {text(verdict.Bar)}",
            BarKind.Within => $"within {Text.Percent(verdict.Bar)}",
            BarKind.Below => $"below {Text.Percent(verdict.Bar)}",
            _ => "",
        };
        string mark = (verdict.Kind, verdict.IsMet) switch
        {
            (BarKind.None, _) => "",
            (_, true) => "yes",
            (_, false) => "NO",
            _ => "not measured",
        };
        return [verdict.What, Text.Show(verdict.Value, text), bar, mark];
    }

    private static void Section(StringBuilder text, string title, string[] heads, IEnumerable<string[]> rows)
    {
        string[][] all = [.. rows];
        if (all.Length > 0)
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {title}").AppendLine().Append(Text.Table(heads, all));
    }
}
