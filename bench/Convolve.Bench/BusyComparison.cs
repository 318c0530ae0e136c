using System.Diagnostics;
using System.Globalization;
using Convolve.Runs;

namespace Convolve.Bench;

/// <summary>
/// What training loses beside programs that never sleep: `convolve train` beside no endless loop, one and two, with the default threads and
/// with one.
/// </summary>
internal sealed class BusyComparison
{
    private const int MostLoops = 2, Epochs = 3;
    private readonly int _rounds;
    private readonly string _network, _program;
    private readonly string? _other, _batchSize, _limit;
    private readonly Dictionary<(string Side, int Loops), List<double>> _rates = [];

    private BusyComparison(Arguments arguments)
    {
        _rounds = arguments.Count("--rounds", 5);
        _network = arguments.Text("--only") ?? "lenet5";
        (_batchSize, _limit, _other) = (arguments.Text("--batch-size"), arguments.Text("--limit"), arguments.Text("--other"));
        arguments.End();
        _program = Path.Combine(Comparison.FindRoot(), "convolve");
        if (_other is not null && !File.Exists(_other))
            throw new UsageException($"--other is {_other}, and there is no such file: it must be the convolve of another checkout");
        if (!EpochMeasurement.IsPossible)
            throw new UsageException($"{EpochMeasurement.Dataset} is missing. On Debian, apt-get install dataset-fashion-mnist.");
    }

    public static int Run(Arguments arguments)
    {
        new BusyComparison(arguments).Run();
        return 0;
    }

    /// <summary>The loop: takes a core until its standard input ends, so that none outlives the benchmark.</summary>
    public static int Spin()
    {
        Thread loop = new(() => { while (true) { } }) { IsBackground = true };
        loop.Start();
        while (Console.In.Read() >= 0)
        {
        }
        return 0;
    }

    private void Run()
    {
        int all = Environment.ProcessorCount;
        List<(string Side, string Program, int Threads)> sides = [("default", _program, all), ("one thread", _program, 1)];
        if (_other is not null)
            sides.Add(("other build", _other, all));
        foreach (var (_, program, _) in sides)
            Child.Run(program, ["--version"], all); // builds it where that is due
        for (int round = 0; round < _rounds; round++)
            for (int loops = 0; loops <= MostLoops; loops++)
            {
                Process[] busy = [.. Enumerable.Range(0, loops).Select(_ => Start())];
                try
                {
                    foreach (var (side, program, threads) in round % 2 == 0 ? sides : Enumerable.Reverse(sides))
                        Measure(side, program, threads, loops);
                }
                finally
                {
                    Array.ForEach(busy, End);
                }
            }
        Print([.. sides.Select(side => side.Side)]);
    }

    private void Measure(string side, string program, int threads, int loops)
    {
        string folder = Directory.CreateTempSubdirectory("convolve-busy").FullName, run = Path.Combine(folder, "run");
        double rate;
        try
        {
            List<string> words = ["train", _network, "--data", EpochMeasurement.Dataset, "--epochs", Text(Epochs), "--threads",
                Text(threads), "--out", run, "--quiet"];
            if (_batchSize is not null)
                words.AddRange(["--batch-size", _batchSize]);
            if (_limit is not null)
                words.AddRange(["--limit", _limit]);
            Child.Run(program, words, threads);
            rate = Rate(File.ReadAllLines(Path.Combine(run, RunFolder.TableFile)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"beside {loops}, {side}: {rate:N0} images/s"));
        if (!_rates.TryGetValue((side, loops), out List<double>? rates))
            _rates[(side, loops)] = rates = [];
        rates.Add(rate);
    }

    // The first epoch warms up.
    private static double Rate(string[] table)
    {
        int column = Array.IndexOf(table[0].Split(','), "images_per_second");
        return Statistics.Median(table.Skip(2).Select(row => double.Parse(row.Split(',')[column], CultureInfo.InvariantCulture)));
    }

    private void Print(string[] sides)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_network} on {EpochMeasurement.Dataset}; {Environment.ProcessorCount} cores; medians of {_rounds} rounds, images/s " +
            $"(range)"));
        Console.WriteLine();
        Console.WriteLine(
            $"| beside | {string.Join(" | ", sides)} | default, of its quiet rate | default / better of both " +
            $"|{(_other is null ? "" : " default / other build |")}");
        Console.WriteLine($"| --- |{string.Concat(Enumerable.Repeat(" ---: |", sides.Length + (_other is null ? 2 : 3)))}");
        for (int loops = 0; loops <= MostLoops; loops++)
        {
            double now = Median("default", loops), better = Math.Max(now, Median("one thread", loops));
            string[] cells =
            [
                loops switch { 0 => "nothing", 1 => "1 endless loop", _ => $"{loops} endless loops" },
                .. sides.Select(side => string.Create(CultureInfo.InvariantCulture,
                $"{Median(side, loops):N0} ({_rates[(side, loops)].Min():N0} to {_rates[(side, loops)].Max():N0})")),
                Ratio(now / Median("default", 0)), Ratio(now / better), .. _other is null ? Array.Empty<string>()
                : [Ratio(now / Median("other build", loops))],
            ];
            Console.WriteLine($"| {string.Join(" | ", cells)} |");
        }
    }

    private double Median(string side, int loops) => Statistics.Median(_rates[(side, loops)]);

    private static Process Start()
    {
        ProcessStartInfo start = new("dotnet", [typeof(BusyComparison).Assembly.Location, "spin"]) { RedirectStandardInput = true };
        return Process.Start(start)!;
    }

    private static void End(Process process)
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
            process.Kill();
        process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Ratio(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);
}
