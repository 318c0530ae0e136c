namespace Convolve.Bench;

/// <summary>What a ratio must be.</summary>
internal enum BarKind
{
    None,
    AtLeast,
    AtMost,

    /// <summary>The value is a deviation; its size counts.</summary>
    Within,
}

/// <summary>A comparison that the benchmark is made for, with the bar it must meet.</summary>
/// <param name="What">In words.</param>
/// <param name="Kind">How the bar is meant.</param>
/// <param name="Bar">The bar.</param>
/// <param name="Value">Of the medians, and the spread over the rounds; null where a side is missing.</param>
internal sealed record Verdict(string What, BarKind Kind, double Bar, Spread? Value)
{
    /// <summary>Whether the bar is met; null where there is none, or no value.</summary>
    public bool? IsMet => (Kind, Value) switch
    {
        (BarKind.None, _) or (_, null) => null,
        (BarKind.AtLeast, { } value) => value.Median >= Bar,
        (BarKind.AtMost, { } value) => value.Median <= Bar,
        (_, { } value) => Math.Abs(value.Median) <= Bar,
    };

    /// <summary>All comparisons, for what was measured.</summary>
    public static IReadOnlyList<Verdict> All(Results results) => [.. results.Measurements.Select(m => m.Workload).Distinct().SelectMany(w => Of(w, results))];

    private static IEnumerable<Verdict> Of(Workload work, Results results)
    {
        bool isLeNet = work.Network == "lenet5", isMain = work == new Workload("alexnet-d2l", 128);
        static double? Train(Sample s) => s.TrainMs;
        static double? Infer(Sample s) => s.InferMs;
        static double? Peak(Sample s) => s.TrainPeakBytes;
        static double? Deviation(Sample s) => s.TrainEstimateBytes / (double?)s.TrainGrowthBytes - 1;

        Measurement Ours(string mode) => new(work, Side.Convolve, mode);
        bool Has(string mode) => results[Ours(mode)].Count > 0;
        Verdict PyTorch(string mode, string what, Func<Sample, double?> figure, double bar)
        {
            Measurement? best = results.Best(work, Side.PyTorch, Ours(mode).IsBFloat16, figure);
            string name = $"{work} {what} {mode}, times PyTorch's best mode{(best is null ? "" : $" ({best.Mode})")}";
            return new(name, bar > 0 ? BarKind.AtLeast : BarKind.None, bar, results.Ratio(best, Ours(mode), figure));
        }

        foreach (string mode in new[] { "f32", "bf16" }.Where(Has))
            yield return PyTorch(mode, "training", Train, isMain ? (mode == "f32" ? 1.9 : 1.45) : isLeNet && mode == "f32" ? 3.5 : 0);
        foreach (string mode in new[] { "f32", "f32-exact", "bf16" }.Where(Has))
        {
            Measurement floor = new(work, Side.Kernels, mode == "bf16" ? "bf16" : "f32");
            bool hasBar = isMain && mode != "f32-exact";
            yield return new($"{work} training {mode}, times the bare kernels' speed", hasBar ? BarKind.AtLeast : BarKind.None, .94,
                results.Ratio(floor, Ours(mode), Train));
        }
        foreach (string mode in new[] { "f32", "bf16" }.Where(Has))
            yield return PyTorch(mode, "inference", Infer, 0);
        if (!isMain)
            yield break;
        foreach (string mode in new[] { "f32", "bf16" }.Where(Has))
        {
            Measurement? least = results.Best(work, Side.PyTorch, Ours(mode).IsBFloat16, Peak);
            yield return new($"{work} training {mode}, peak memory, times PyTorch's least{(least is null ? "" : $" ({least.Mode})")}", BarKind.AtMost, .8,
                results.Ratio(Ours(mode), least, Peak));
        }
        foreach (string mode in new[] { "f32", "bf16" }.Where(Has))
            yield return new($"{work} training {mode}, estimated memory against the growth of the process", BarKind.Within, .05,
                results.Spread(Ours(mode), Deviation));
    }
}
