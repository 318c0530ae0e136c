using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Convolve.Execution;

namespace Convolve.Bench;

/// <summary>The benchmark: every side in turn, round after round, so that a change of the machine's speed meets all of them.</summary>
internal sealed class Comparison
{
    // A quick run ends in three minutes, on a slow or busy machine too: after the first limit nothing is begun, after the second what runs
    // is ended. The build has the rest.
    private static readonly TimeSpan QuickBegin = TimeSpan.FromSeconds(130), QuickEnd = TimeSpan.FromSeconds(150);

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly bool _quick;
    private readonly int _rounds, _threads;
    private readonly string[] _only;
    private readonly string? _output;
    private readonly string _root = FindRoot();
    private readonly Results _results = new();
    private readonly List<string> _notes = [];
    private string? _python, _floor;
    private bool _failed;

    private Comparison(Arguments arguments)
    {
        _quick = arguments.Flag("--quick");
        _rounds = arguments.Count("--rounds", _quick ? 2 : 5);
        _threads = arguments.Count("--threads", Environment.ProcessorCount);
        _output = arguments.Text("--output");
        string[] known = [.. Measurement.Round(quick: false).Select(m => m.Workload.Network).Distinct()];
        _only = arguments.Text("--only")?.Split(',', StringSplitOptions.TrimEntries)
            ?? (_quick ? [Workload.LeNet.Network, Workload.AlexNet.Network] : known);
        if (_only.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw new UsageException($"--only has {unknown}, and the benchmark has {string.Join(", ", known)}");
        arguments.End();
        if (_quick)
        {
            _notes.Add(
                "A quick run: few steps and rounds; of alexnet-d2l batch 128 alone, and there of PyTorch's modes only channels_last " +
                "(-cl), " +
                "the faster ones so far.");
        }
        if (known.Except(_only).Any())
            _notes.Add($"Only {string.Join(", ", _only)}.");
    }

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    /// <summary>Returns the exit status: 1 where a measurement failed.</summary>
    public static int Run(Arguments arguments)
    {
        Comparison comparison = new(arguments);
        return comparison.Run();
    }

    private int Run()
    {
        Host host = Host.Read(_root);
        DateTimeOffset date = DateTimeOffset.UtcNow;
        Prepare();

        CpuClock before = CpuClock.Now();
        Measure();
        Report report = new(host, date, _rounds, _threads, _quick, CpuClock.Now().OthersSince(before), Elapsed, _results, _notes);
        Console.Write(report.ToMarkdown());
        Save(report, host, date);
        return _failed ? 1 : 0;
    }

    private void Prepare()
    {
        if (_threads != Environment.ProcessorCount)
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"Threads: {_threads}, on {Environment.ProcessorCount} cores."));
        if (!Machine.HasNativeBFloat16)
            _notes.Add("This processor has no native bfloat16: bf16 is left out.");
        string python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3"; // Debian's, since the package is for that one
        try
        {
            Child.Run(python, ["-c", "import torch"], _threads);
            _python = python;
        }
        catch (MeasurementException e)
        {
            Miss($"PyTorch is missing ({e.Message}): on Debian, apt-get install python3-torch libopenblas0-openmp. Measuring the rest.");
        }

        string source = Path.Combine(_root, "bench", "kernel_floor.cpp"), floor = Path.Combine(_root, ".build", "bench", "kernel_floor");
        try
        {
            if (!File.Exists(floor) || File.GetLastWriteTimeUtc(floor) < File.GetLastWriteTimeUtc(source))
            {
                Say("compiling bench/kernel_floor.cpp");
                Directory.CreateDirectory(Path.GetDirectoryName(floor)!);
                Child.Run("g++", ["-O2", "-std=c++17", source, "-o", floor, "-fopenmp", "-ldnnl"], _threads);
            }
            _floor = floor;
        }
        catch (MeasurementException e)
        {
            Miss($"The bare kernels cannot be built ({e.Message}): on Debian, apt-get install g++ libdnnl-dev. Measuring the rest.");
        }

        if (!EpochMeasurement.IsPossible)
            Miss($"{EpochMeasurement.Dataset} is missing: the trainer is not measured. On Debian, apt-get install dataset-fashion-mnist.");
    }

    private void Measure()
    {
        Measurement[] round =
        [
            .. Measurement.Round(_quick).Where(m => _only.Contains(m.Workload.Network) && (!m.IsBFloat16 || Machine.HasNativeBFloat16)
            && m.Side switch
            {
                Side.PyTorch => _python is not null,
                Side.Kernels => _floor is not null,
                Side.Trainer => m.Workload.IsRecipe || EpochMeasurement.IsPossible,
                _ => true,
            }),
        ];
        HashSet<Measurement> broken = [];
        int skipped = 0;
        for (int number = 1; number <= _rounds; number++)
        {
            for (int i = 0; i < round.Length; i++)
            {
                // Every other round backwards: what comes later in a round is not always the same.
                Measurement measurement = number % 2 == 1 ? round[i] : round[^(i + 1)];
                if (broken.Contains(measurement))
                    continue;
                if (_quick && Elapsed > QuickBegin)
                {
                    skipped++;
                    continue;
                }
                string head = string.Create(CultureInfo.InvariantCulture,
                    $"round {number} of {_rounds}, {i + 1} of {round.Length}: {measurement}");
                try
                {
                    Sample sample = Take(measurement, number);
                    _results.Add(measurement, sample);
                    string others = sample.OthersShare > Report.OthersLimit
                        ? $"   (other processes: {Text.Percent(sample.OthersShare)} of the CPU)" : "";
                    Say($"{head}   {Text.Milliseconds(sample.TrainMs)} ms a step{others}");
                }
                catch (MeasurementException) when (_quick && Elapsed >= QuickEnd)
                {
                    skipped++;
                }
                catch (MeasurementException e)
                {
                    broken.Add(measurement);
                    _failed = true;
                    Miss($"Failed in round {number}, and not tried again: {measurement}: {e.Message}.");
                }
            }
        }
        if (skipped > 0)
            Miss($"The time of a quick run was over: {skipped} of {_rounds * round.Length} measurements were left out.");
    }

    private Sample Take(Measurement measurement, int round)
    {
        string program = Environment.ProcessPath!;
        string[] words = measurement.Words(_quick);
        if (measurement.Side == Side.PyTorch)
            (program, words) = (_python!, [Path.Combine(_root, "bench", "peer_pytorch.py"), .. words]);
        else if (measurement.Side == Side.Kernels)
            program = _floor!;
        else if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            words = [typeof(Comparison).Assembly.Location, .. words];

        CpuClock before = CpuClock.Now();
        string output = Child.Run(program, words, _threads, _quick ? QuickEnd - Elapsed : null);
        double others = CpuClock.Now().OthersSince(before);
        string line = output.Split('\n').LastOrDefault(l => l.StartsWith('{')) ?? throw new MeasurementException("it printed no result");
        Sample sample;
        try
        {
            sample = JsonSerializer.Deserialize<Sample>(line, Sample.Json)!;
        }
        catch (JsonException e)
        {
            throw new MeasurementException($"its result cannot be read: {e.Message}");
        }
        if (sample.Threads != _threads)
            throw new MeasurementException(string.Create(CultureInfo.InvariantCulture,
                $"it ran on {sample.Threads} threads in place of {_threads}"));
        return sample with { Round = round, OthersShare = others };
    }

    // What is not a full run is written only where it was asked to: it must not pass for one.
    private void Save(Report report, Host host, DateTimeOffset date)
    {
        string? path = _output;
        if (path is null)
        {
            if (_quick || _failed || _notes.Count > 0)
            {
                Say("not written to bench/results, since it is not a full run; name a file with --output");
                return;
            }
            path = Path.Combine(_root, "bench", "results",
                string.Create(CultureInfo.InvariantCulture, $"{date:yyyy-MM-dd}-{host.Slug}.md"));
        }
        string json = Path.ChangeExtension(path, ".json");
        if (json == path)
            path = Path.ChangeExtension(path, ".md");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, report.ToMarkdown());
        File.WriteAllText(json, report.ToJson());
        Say($"written to {Path.GetRelativePath(Environment.CurrentDirectory, path)} and {Path.GetFileName(json)}");
    }

    // Messages of other programs hold full paths, which mean nothing elsewhere.
    private void Miss(string what)
    {
        what = what.Replace(_root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        Say(what);
        _notes.Add(what);
    }

    private static void Say(string line) => Console.Error.WriteLine($"bench: {line}");

    internal static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Convolve.slnx")))
                return folder.FullName;
        throw new MeasurementException("the benchmark runs from its checkout: ./dev bench");
    }
}
