namespace Convolve.Zoo.Experiments;

/// <summary>One row of arms side by side.</summary>
/// <param name="Name">Such as "test accuracy", or "test accuracy, published".</param>
/// <param name="Cells">One for each arm, as text; a dash where an arm has none.</param>
/// <param name="Difference">Second minus first, where there are two arms; of the test accuracy seed by seed, with its interval. Else, and
/// of experiments that were cut short, empty.</param>
internal sealed record ComparedRow(string Name, IReadOnlyList<string> Cells, string Difference)
{
    /// <summary>The rows of a result: every figure that an arm has, published ones under measured ones.</summary>
    public static IReadOnlyList<ComparedRow> Of(ExperimentResult result)
    {
        List<ComparedRow> rows = [];
        IReadOnlyList<Figure>[] arms = [.. result.Arms.Select(a => (IReadOnlyList<Figure>)[.. a.Figures, .. a.Costs])];
        string[] names = [.. arms.SelectMany(a => a.Select(f => f.Name)).Distinct()];
        foreach (string name in names)
        {
            Figure?[] figures = [.. arms.Select(a => a.FirstOrDefault(f => f.Name == name))];
            rows.Add(new(name, [.. figures.Select(f => f?.MeasuredText ?? "-")], Between(result, figures)));
            if (figures.Any(f => f?.Published is not null))
                rows.Add(new($"{name}, published", [.. figures.Select(f => f?.PublishedText ?? "-")], ""));
        }
        return rows;
    }

    private static string Between(ExperimentResult result, Figure?[] figures)
    {
        if (!result.IsComparable || result.TestDifference is not { } paired || figures is not [{ } first, { } second]
            || result.Arms[0].Costs.Any(c => c.Name == first.Name))
            return "";
        if (first.Name != ArmResult.TestAccuracy)
            return second.Signed(second.Measured.Mean - first.Measured.Mean);
        return second.Signed(paired.Mean) + (paired.Half is { } half ? $" ± {second.Text(half)}" : "");
    }
}
