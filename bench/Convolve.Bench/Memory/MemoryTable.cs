using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Convolve.Execution;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Bench.Memory;

/// <summary>
/// The memory of every network of the zoo as estimated, beside what a process grew by: one process for each case, the smallest first.
/// </summary>
internal static class MemoryTable
{
    private const double Mebi = 1 << 20, LeastMebi = 16, Share = 0.05;

    public static int Run(Arguments arguments)
    {
        string[]? only = arguments.Text("--only")?.Split(',');
        int[] sizes = [.. (arguments.Text("--batch-size") ?? "1,32,128").Split(',')
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        long most = arguments.Count("--most-gigaflop", int.MaxValue) * 1_000_000_000L;
        string? file = arguments.Text("--output");
        arguments.End();
        MemoryCase[] cases =
        [
            .. (from network in NetworkCatalog.All.Select(entry => entry.Name).Where(name => only is null || only.Contains(name))
                from size in sizes
                from precision in Machine.HasNativeBFloat16 ? (Precision[])[Precision.Float32, Precision.BFloat16] : [Precision.Float32]
                from training in (bool[])[false, true]
                select new MemoryCase(network, size, precision, training))
                .Where(one => FlopsOf(one) <= most).OrderBy(FlopsOf),
        ];
        string[] before = file is not null && File.Exists(file) ? File.ReadAllLines(file) : [];
        cases = [.. cases.Where(one => !before.Any(line => line.StartsWith(Name(one), StringComparison.Ordinal)))];
        using StreamWriter? log = file is null ? null : new(file, append: true);
        if (before.Length == 0)
            Say("network              batch  pass       format   plan  loader  evaluation  runtime    estimate  measured    error  within");
        int outside = 0;
        long start = Stopwatch.GetTimestamp();
        foreach (MemoryCase one in cases)
        {
            if (one.Planned().TotalBytes > Machine.AvailableMemoryBytes * 0.8)
            {
                Say($"{Name(one)} left out: the machine doesn't have the memory");
                continue;
            }
            if (one.Refusal() is { } refusal)
            {
                Say($"{Name(one)} left out: {refusal}");
                continue;
            }
            try
            {
                MemoryCase done = JsonSerializer.Deserialize<MemoryCase>(Child.Run(Environment.ProcessPath!,
                    Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal)
                        ? [typeof(MemoryTable).Assembly.Location, .. one.Words] : one.Words, Environment.ProcessorCount), Sample.Json)!;
                outside += Show(done) ? 0 : 1;
            }
            catch (MeasurementException e)
            {
                Say($"{Name(one)} failed: {e.Message}");
                outside++;
            }
        }
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{cases.Length} cases, {outside} outside of 5 % or 16 MiB, {Stopwatch.GetElapsedTime(start).TotalMinutes:F1} min, " +
            $"{Machine.ProcessorName}, {Machine.KernelLibraryName}"));
        return outside == 0 ? 0 : 1;

        bool Show(MemoryCase done)
        {
            MemoryBudget estimate = done.Estimate!;
            double error = (estimate.GrowthBytes - done.GrowthBytes) / Mebi;
            bool isWithin = Math.Abs(error) <= Math.Max(LeastMebi, Share * done.GrowthBytes / Mebi);
            Say(string.Create(CultureInfo.InvariantCulture, $"{Name(done)} {estimate.PlanBytes / Mebi,7:F1} " +
                $"{estimate.LoaderBytes / Mebi,7:F1} {estimate.EvaluationBytes / Mebi,11:F1} {estimate.RuntimeBytes / Mebi,8:F1} " +
                $"{estimate.GrowthBytes / Mebi,11:F1} {done.GrowthBytes / Mebi,9:F1} {error,8:F1}  {(isWithin ? "yes" : "no")}"));
            return isWithin;
        }

        void Say(string text)
        {
            Console.WriteLine(text);
            log?.WriteLine(text);
            log?.Flush();
        }
    }

    private static string Name(MemoryCase one) => string.Create(CultureInfo.InvariantCulture,
        $"{one.Network,-20} {one.BatchSize,5}  {(one.IsTraining ? "training" : "inference"),-9}  {one.PrecisionWord,-4}");

    private static long FlopsOf(MemoryCase one) =>
        2 * NetworkCatalog.Create(one.Network, 10).MultiplyAdds * one.BatchSize * (one.IsTraining ? 3 : 1);
}
