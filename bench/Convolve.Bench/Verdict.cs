namespace Convolve.Bench;

/// <summary>What a ratio must be.</summary>
internal enum BarKind
{
    None,
    AtLeast,
    AtMost,

    /// <summary>The value is a deviation; its size counts.</summary>
    Within,

    /// <summary>The value is a share of a whole.</summary>
    Below,
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
        (BarKind.Below, { } value) => value.Median < Bar,
        (_, { } value) => Math.Abs(value.Median) <= Bar,
    };

    /// <summary>All comparisons, for what was measured.</summary>
    public static IReadOnlyList<Verdict> All(Results results) =>
        [.. results.Measurements.Select(m => m.Workload).Distinct().SelectMany(w => Of(w, results))];

    private static double? Train(Sample s) => s.TrainMs;

    private static double? Infer(Sample s) => s.InferMs;

    private static double? Peak(Sample s) => s.TrainPeakBytes;

    private static double? Deviation(Sample s) => s.TrainEstimateBytes / (double?)s.TrainGrowthBytes - 1;

    private static IEnumerable<Verdict> Of(Workload work, Results results)
    {
        string[] precisions = [.. new[] { "f32", "bf16" }.Where(mode => results[Ours(mode)].Count > 0)];
        return
        [
            .. precisions.Where(_ => IsOf(Side.PyTorch)).Select(mode => PyTorch("training", mode, Train)),
            .. new[] { "f32", "f32-exact", "bf16" }.Where(mode => IsOf(Side.Kernels) && results[Ours(mode)].Count > 0).Select(Kernels),
            .. precisions.Where(_ => IsOf(Side.PyTorch)).Select(mode => PyTorch("inference", mode, Infer)),
            .. work == Workload.AlexNet ? precisions.Select(Memory) : [],
            .. work == Workload.AlexNet ? precisions.Select(Estimate) : [],
            .. work == Workload.AlexNet2012 ? precisions.Select(ResponseNorm) : [],
            .. work == Workload.Fashion28 && precisions.Length > 0 ? [Speed()] : Array.Empty<Verdict>(),
            .. results.Measurements.Where(m => m.Workload == work && m.Side == Side.Trainer && work != Workload.LeNet).Select(Loading),
        ];

        Measurement Ours(string mode) => new(work, Side.Convolve, mode);

        bool IsOf(Side side) => Measurement.Round(quick: false).Any(m => m.Workload == work && m.Side == side);

        Verdict PyTorch(string what, string mode, Func<Sample, double?> figure)
        {
            double bar = what != "training" ? 0
                : work == Workload.AlexNet ? (mode == "f32" ? 1.9 : 1.45)
                : work == Workload.LeNet && mode == "f32" ? 3.5
                : Workload.Normalized.Contains(work) ? 1.4 : 0;
            Measurement? best = results.Best(work, Side.PyTorch, Ours(mode).IsBFloat16, figure);
            string name = $"{work} {what} {mode}, times PyTorch's best mode{(best is null ? "" : $" ({best.Mode})")}";
            return new(name, bar > 0 ? BarKind.AtLeast : BarKind.None, bar, results.Ratio(best, Ours(mode), figure));
        }

        Verdict Kernels(string mode)
        {
            Measurement floor = new(work, Side.Kernels, mode == "bf16" ? "bf16" : "f32");
            bool hasBar = work == Workload.AlexNet && mode != "f32-exact";
            return new($"{work} training {mode}, times the bare kernels' speed", hasBar ? BarKind.AtLeast : BarKind.None, .94,
                results.Ratio(floor, Ours(mode), Train));
        }

        Verdict Memory(string mode)
        {
            Measurement? least = results.Best(work, Side.PyTorch, Ours(mode).IsBFloat16, Peak);
            return new($"{work} training {mode}, peak memory, times PyTorch's least{(least is null ? "" : $" ({least.Mode})")}",
                BarKind.AtMost, .8,
                results.Ratio(Ours(mode), least, Peak));
        }

        Verdict Estimate(string mode) => new($"{work} training {mode}, estimated memory against the growth of the process", BarKind.Within,
            .05,
            results.Spread(Ours(mode), Deviation));

        Verdict ResponseNorm(string mode) => new($"{work} training {mode}, share of local response normalization", BarKind.Below, .05,
            results.Spread(Ours(mode), s => s.ResponseNormShare));

        // Each in its faster mode: so many images at once, and so much faster each.
        Verdict Speed()
        {
            Measurement? ours = Fastest(work), other = Fastest(Workload.AlexNet);
            string modes = ours is null || other is null ? "" : $" ({ours.Mode}, {other.Mode})";
            return new($"{work} training, times the images/s of {Workload.AlexNet}{modes}", BarKind.AtLeast, 20,
                results.Ratio(other, ours, Train) * ((double)work.BatchSize / Workload.AlexNet.BatchSize));
        }

        Measurement? Fastest(Workload of) => results.Measurements
            .Where(m => m.Workload == of && m.Side == Side.Convolve)
            .MinBy(m => results.Spread(m, Train)?.Median);

        Verdict Loading(Measurement trainer) => new($"{work} trainer {trainer.Mode}, share of loading", BarKind.Below, .02,
            results.Spread(trainer, s => s.DataShare));
    }
}
