using System.Globalization;
using System.Text;
using Convolve.Files;
using Convolve.Training;

namespace Convolve.Zoo.Experiments;

/// <summary>The results of experiments as a page of Markdown, made from the folders of their runs.</summary>
internal static class ResultsPage
{
    private const string Head = """
        # Results

        The experiments of the teaching material as Convolve reproduces them, next to the published figures. `convolve reproduce` lists the
        experiments, runs one by name, and writes this page from the run folders. For one seed, ranges are 95 % Wilson intervals over the
        test images; for several, ± is the 95 % interval of the mean.

        """;

    private const string Heading = "## ";

    /// <summary>
    /// Writes the page, and its pictures into a folder of its name beside it. The sections of other experiments on an earlier page stay:
    /// those may have run elsewhere.
    /// </summary>
    /// <param name="results">In any order; the page has that of the catalog. Of an experiment that ran several times, the last to be
    /// started is shown, and one that was cut short only where no other is.</param>
    /// <param name="file">Where.</param>
    /// <returns>The experiments that the page now covers, and those of them that did not change.</returns>
    /// <exception cref="FileWriteException">A file cannot be written.</exception>
    /// <exception cref="RecipeException">The page that is there cannot be read.</exception>
    public static (IReadOnlyList<string> Written, IReadOnlyList<string> Kept) Write(IReadOnlyList<IExperimentResult> results, string file)
    {
        string pictures = Path.GetFileNameWithoutExtension(file),
            folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, pictures);
        IExperimentResult[] shown = [.. results.OrderBy(r => !r.Settings.IsCut).ThenBy(r => r.Settings.Date, StringComparer.Ordinal)
            .GroupBy(r => r.Experiment.Name).Select(g => g.Last())];
        Dictionary<string, string> sections = Sections(file);
        string[] kept = [.. ExperimentCatalog.All.Select(e => e.Name)
            .Where(name => sections.ContainsKey(name) && shown.All(r => r.Experiment.Name != name))];
        if (shown.Any(r => r is ExperimentResult))
            DurableFolder.Create(folder);
        foreach (ExperimentResult result in shown.OfType<ExperimentResult>())
        {
            AtomicFile.WriteText(Path.Combine(folder, CurvesOf(result)), ExperimentChart.Of(result).ToSvg());
            if (result.DrawFilters() is { } filters)
                AtomicFile.WriteBytes(Path.Combine(folder, FiltersOf(result)), filters);
        }
        foreach (IExperimentResult result in shown)
            sections[result.Experiment.Name] = Section(result, pictures);
        string[] names = [.. ExperimentCatalog.All.Select(e => e.Name).Where(sections.ContainsKey)];
        AtomicFile.WriteText(file, Head + string.Concat(names.Select(name => $"\n{sections[name].TrimEnd('\n')}\n")));
        return (names, kept);
    }

    private static string CurvesOf(ExperimentResult result) => $"{result.Experiment.Name}.svg";

    private static string FiltersOf(ExperimentResult result) => $"{result.Experiment.Name}.png";

    // What a page has under its headings, by them.
    private static Dictionary<string, string> Sections(string file)
    {
        if (!File.Exists(file))
            return [];
        try
        {
            return File.ReadAllText(file).ReplaceLineEndings("\n").Split("\n" + Heading).Skip(1)
                .GroupBy(text => text.Split('\n', 2)[0].Trim()).ToDictionary(g => g.Key, g => Heading + g.Last());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException(
                $"Can't read {file} ({e.Message.TrimEnd('.')}), and overwriting it would lose its other experiments. Make it readable, " +
                $"or " +
                $"choose another page.")
            { Remedy = Remedy.Output };
        }
    }

    private static string Section(IExperimentResult result, string pictures)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture,
            $"{Heading}{result.Experiment.Name}\n\n{Sentence(result.Experiment.Purpose)} Source: {result.Experiment.Source}.\n\n");
        page.Append(CultureInfo.InvariantCulture, $"    {result.Settings.Command}\n\n");
        if (result is CostResult cost)
            Append(page, cost);
        else
            Append(page, (ExperimentResult)result, pictures);
        return page.ToString();
    }

    private static void Append(StringBuilder page, CostResult result)
    {
        page.Append(CultureInfo.InvariantCulture, $"{result.Settings.Date}, {result.Machine}.\n\n");
        AppendFigures(page, result.Figures);
        page.Append(CultureInfo.InvariantCulture, $"\n{result.Experiment.Differences}\n");
    }

    private static void Append(StringBuilder page, ExperimentResult result, string pictures)
    {
        TrainingExperiment experiment = result.Experiment;
        string seeds = result.Settings.Seeds == 1 ? "one seed"
            : string.Create(CultureInfo.InvariantCulture, $"{result.Settings.Seeds} seeds");
        page.Append(CultureInfo.InvariantCulture, $"{result.Settings.Date}, {result.Machine}; {seeds}.{Cut(result)}{Changed(result)}\n\n");
        if (result.Arms.Count == 1)
            AppendOne(page, result.Arms[0], result.IsComparable);
        else
            AppendSideBySide(page, result);
        page.Append(CultureInfo.InvariantCulture, $"\n![{experiment.Name}: curves]({pictures}/{CurvesOf(result)})\n");
        if (experiment.DrawsFilters)
            page.Append(CultureInfo.InvariantCulture, $"\n![{experiment.Name}]({pictures}/{FiltersOf(result)})\n");
        // The remarks themselves name folders of the machine.
        string note = result.DataRemarks.Count == 0 ? ""
            : $"The copy of {string.Join(" and ", result.Arms.Select(a => a.Arm.Recipe.Dataset).Distinct())} used here differs from the " +
            $"published files, so the figures aren't those of the published data set.";
        page.Append(CultureInfo.InvariantCulture, $"\n{experiment.Differences}{(note.Length > 0 ? $" {note}" : "")}\n");
    }

    private static string Cut(ExperimentResult result) => result.Settings switch
    {
        { Quick: true } => " **Quick run with few images and epochs: not the figures of the experiment.**",
        { Epochs: { } most } when result.Arms.Any(a => most < a.Arm.Recipe.Epochs) => string.Create(CultureInfo.InvariantCulture,
            $" **Cut short: {most} of {result.Arms.Max(a => a.Arm.Recipe.Epochs)} epochs.**"),
        _ => "",
    };

    private static string Changed(ExperimentResult result) => result.Changed.Count == 0 ? ""
        : $" **Run before these settings of the experiment changed: {string.Join("; ", result.Changed)}.**";

    private static void AppendOne(StringBuilder page, ArmResult arm, bool isComparable)
    {
        AppendFigures(page, arm.Figures, isComparable);
        foreach (Figure figure in arm.Costs)
            page.Append(CultureInfo.InvariantCulture,
                $"| {figure.Name} | {Known(figure.PublishedText)} | {figure.MeasuredText} " +
                $"|{(isComparable ? $" {Known(figure.DifferenceText)} |" : "")}\n");
        AppendByEpoch(page, arm);
    }

    private static void AppendFigures(StringBuilder page, IReadOnlyList<Figure> figures, bool isComparable = true)
    {
        page.Append(isComparable ? "| | published | measured | difference |\n|---|--:|--:|--:|\n"
            : "| | published | measured |\n|---|--:|--:|\n");
        foreach (Figure figure in figures)
            page.Append(CultureInfo.InvariantCulture,
                $"| {figure.Name} | {figure.PublishedText} | {figure.MeasuredText} " +
                $"|{(isComparable ? $" {figure.DifferenceText} |" : "")}\n");
    }

    private static void AppendByEpoch(StringBuilder page, ArmResult arm)
    {
        if (arm.Arm.Published is not { } published)
            return;
        (string name, IReadOnlyList<double> theirs, Func<EpochProgress, double?> ours)[] rows =
        [
            ("train accuracy", published.TrainByEpoch, e => e.TrainAccuracy),
            ("validation accuracy", published.ValidationByEpoch, e => e.ValidationAccuracy),
        ];
        foreach ((string name, IReadOnlyList<double> theirs, Func<EpochProgress, double?> ours) in rows)
        {
            IReadOnlyList<EpochProgress> epochs = arm.Runs[0].Epochs;
            if (theirs.Count == 0 || epochs.All(e => ours(e) is null))
                continue;
            int count = Math.Max(theirs.Count, epochs.Count);
            page.Append(CultureInfo.InvariantCulture,
                $"\n| {name} by epoch |{Cells(count, i => $"{i + 1}")}\n|---|{Cells(count, _ => "--:")}\n");
            page.Append(CultureInfo.InvariantCulture, $"| published |{Cells(count, i => i < theirs.Count ? Rounded(theirs[i]) : "")}\n");
            page.Append(CultureInfo.InvariantCulture,
                $"| measured |{Cells(count, i => i < epochs.Count && ours(epochs[i]) is { } value ? Rounded(value) : "")}\n");
        }
    }

    private static void AppendSideBySide(StringBuilder page, ExperimentResult result)
    {
        bool isPair = result.TestDifference is not null && result.IsComparable;
        page.Append(CultureInfo.InvariantCulture,
            $"| |{string.Concat(result.Arms.Select(a => $" {a.Arm.Name} |"))}{(isPair ? " difference |" : "")}\n" +
            $"|---|{string.Concat(result.Arms.Select(_ => "--:|"))}{(isPair ? "--:|" : "")}\n");
        foreach (ComparedRow row in ComparedRow.Of(result))
            page.Append(CultureInfo.InvariantCulture,
                $"| {row.Name} |{string.Concat(row.Cells.Select(c => $" {c} |"))}{(isPair ? $" {row.Difference} |" : "")}\n");
    }

    // Few sources say what a run took.
    private static string Known(string text) => text == "-" ? "" : text;

    private static string Cells(int count, Func<int, string> cell) =>
        string.Concat(Enumerable.Range(0, count).Select(i => $" {cell(i)} |"));

    private static string Rounded(double value) => value.ToString("F3", CultureInfo.InvariantCulture);

    private static string Sentence(string purpose) => $"{char.ToUpperInvariant(purpose[0])}{purpose[1..]}.";
}
