namespace Convolve.Bench;

/// <summary>What was measured so far.</summary>
internal sealed class Results
{
    private readonly Dictionary<Measurement, List<Sample>> _samples = [];

    public IEnumerable<Measurement> Measurements => _samples.Keys;

    public IReadOnlyList<Sample> this[Measurement measurement] => _samples.GetValueOrDefault(measurement) ?? [];

    public void Add(Measurement measurement, Sample sample)
    {
        if (!_samples.TryGetValue(measurement, out List<Sample>? samples))
            _samples[measurement] = samples = [];
        samples.Add(sample);
    }

    /// <summary>The spread of a figure over the rounds, or null where it was not measured.</summary>
    public Spread? Spread(Measurement measurement, Func<Sample, double?> figure) =>
        Bench.Spread.Of(this[measurement].Select(figure).OfType<double>());

    /// <summary>The mode of a side in which a figure is the lowest, among those of one precision; null where none was measured.</summary>
    public Measurement? Best(Workload workload, Side side, bool isBFloat16, Func<Sample, double?> figure) => _samples.Keys
        .Where(m => m.Workload == workload && m.Side == side && m.IsBFloat16 == isBFloat16)
        .MinBy(m => Spread(m, figure)?.Median ?? double.PositiveInfinity);

    /// <summary>
    /// How often a figure of one measurement goes into that of another: of the medians, and the spread of the rounds that have both.
    /// </summary>
    public Spread? Ratio(Measurement? dividend, Measurement? divisor, Func<Sample, double?> figure)
    {
        if (dividend is null || divisor is null || Spread(dividend, figure) is not { } upper || Spread(divisor, figure) is not { } lower)
            return null;
        double median = upper.Median / lower.Median;
        Spread? rounds = Bench.Spread.Of(
            from above in this[dividend]
            join below in this[divisor] on above.Round equals below.Round
            let ratio = figure(above) / figure(below)
            where ratio is not null
            select ratio.Value);
        return new(median, rounds?.Min ?? median, rounds?.Max ?? median);
    }
}
