using System.Diagnostics;
using System.Globalization;
using Convolve.Execution;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training.Optimizers;

namespace Convolve.Bench;

/// <summary>Where the time of a pass goes: each step of its plan.</summary>
internal static class StepTable
{
    public static void Print(Arguments arguments, TextWriter output)
    {
        string network = arguments.Word("the network");
        string precision = arguments.OneOf("--precision", "f32", "bf16");
        bool exact = arguments.Flag("--exact"), inference = arguments.Flag("--inference");
        Setting setting = new(network, arguments.Count("--batch-size", 128), exact && precision == "f32" ? "f32-exact" : precision);
        int seconds = arguments.Count("--seconds", 4);
        arguments.End();

        long start = Stopwatch.GetTimestamp();
        using Model model = new(setting.Graph, setting.Options, inference ? 0 : setting.BatchSize);
        using Optimizer? optimizer = inference ? null : new(model, StepMeasurement.Sgd);
        Executor pass = inference ? model.Evaluation(setting.BatchSize) : model.Training(setting.BatchSize);
        double plannedMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds,
            memory = (model.MemoryBytes + (optimizer?.MemoryBytes ?? 0)) / 1048576.0;
        Write(output,
            $"{network}, batch {setting.BatchSize}, {(inference ? "inference" : "training")}, {setting.Mode}, {Machine.Threads} threads");
        Write(output, $"planned in {plannedMs:F0} ms, {memory:F1} MiB");

        Noise noise = new();
        int count = 0;
        TimeSpan passes = default, updates = default;
        ThreadTeam.Invoke(() =>
        {
            for (long begin = Stopwatch.GetTimestamp(); count < 1 || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds;)
            {
                noise.Fill(pass);
                long before = Stopwatch.GetTimestamp();
                pass.Run((uint)count);
                long between = Stopwatch.GetTimestamp();
                optimizer?.Step(StepMeasurement.Sgd.LearningRate);
                if (!pass.IsProfiling) // the first pass is the warm-up
                {
                    pass.IsProfiling = true;
                    begin = Stopwatch.GetTimestamp();
                    continue;
                }
                passes += Stopwatch.GetElapsedTime(before, between);
                updates += Stopwatch.GetElapsedTime(between);
                count++;
            }
        });

        double total = (passes + updates) / count / TimeSpan.FromMilliseconds(1);
        Write(output, $"{total:F3} ms a step, {setting.BatchSize / total * 1000:F0} images/s, mean of {count}");
        double inside = 0;
        for (int i = 0; i < pass.Plan.Steps.Count; i++)
        {
            Step step = pass.Plan.Steps[i];
            double ms = pass.StepTimes[i].TotalMilliseconds / count;
            inside += ms;
            string implementation = step.Work.RunBy;
            string layouts = string.Join(' ', step.Uses.Select(use => $"{use.Argument}={use.Tensor.Layout.Format}"));
            Write(output, $"{ms,10:F3} ms {ms / total,6:P1}  {step.Label,-26} {implementation,-28} {layouts}");
        }
        double others = passes.TotalMilliseconds / count - inside;
        Write(output, $"{others,10:F3} ms {others / total,6:P1}  between the steps, with the copies of the weights");
        if (optimizer is not null)
            Write(output, $"{updates.TotalMilliseconds / count,10:F3} ms {updates.TotalMilliseconds / count / total,6:P1}  optimizer");
    }

    private static void Write(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
