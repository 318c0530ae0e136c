using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Graphs;
using Convolve.Training;
using Convolve.Training.Checks;

namespace Convolve.Cli.Screens;

/// <summary>What 'convolve train --overfit-one-batch' does and shows.</summary>
internal static class OverfitScreen
{
    private const int MostSteps = 500;

    /// <summary>Runs it; the exit code says whether the network could learn.</summary>
    public static int Run(Graph graph, DataSplits data, Recipe recipe, Output output, CancellationToken cancellation)
    {
        ProgressLine bar = new(output);
        OverfitCheck check;
        try
        {
            check = OverfitCheck.Run(graph, data, recipe, MostSteps,
                new Throttle<OverfitCheck>(c => bar.Show((double)(c.AllSteps + c.Steps) / MostSteps, "one batch",
                $"loss {Format.Fraction(c.LastLoss)}")), cancellation);
        }
        finally
        {
            bar.Clear();
        }
        if (check.Transfer is { } transfer)
            TrainScreen.Show(transfer, output);
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["learned"] = check.IsLearned,
                ["steps"] = check.Steps,
                ["images"] = check.Images,
                ["first_loss"] = Output.Finite(check.FirstLoss),
                ["last_loss"] = Output.Finite(check.LastLoss),
                ["accuracy"] = check.Accuracy,
                ["attempts"] = new JsonArray([.. check.Attempts.Select(a => new JsonObject
                {
                    ["optimizer"] = OptimizerOptions.NameOf(a.Optimizer),
                    ["learning_rate"] = double.Parse(Format.Number(a.Optimizer.LearningRate), CultureInfo.InvariantCulture),
                    ["steps"] = a.Steps,
                    ["last_loss"] = Output.Finite(a.LastLoss),
                })]),
                ["fault"] = check.Fault,
            });
        }
        string figures =
            $"loss {Format.Fraction(check.FirstLoss)} at first, {Format.Fraction(check.LastLoss)} after {check.Steps} steps on " +
            $"{check.Images} images, accuracy {Format.Fraction(check.Accuracy)}";
        string how =
            $"after a warm-up of {OverfitCheck.WarmUpSteps} steps, gradients clipped to norm {Format.Number(OverfitCheck.ClipNorm)}, " +
            $"without dropout, augmentation or weight decay";
        string frozen = check.Frozen.Count == 0 ? "" : $" Frozen: {string.Join(", ", check.Frozen)}.";
        if (check.IsLearned)
        {
            output.Line($"how           {check.Attempts[^1]} {how}.{frozen}");
            foreach (OverfitAttempt vain in check.Attempts.SkipLast(1))
                output.Line($"before        {Words(vain)}: not learned");
            output.Last($"memorized: {figures}");
            return Failures.Success;
        }
        string advice = check.Fault is { } fault ? $"{char.ToUpperInvariant(fault[0])}{fault[1..]}."
            : $"Tried: {string.Join("; ", check.Attempts.Select(Words))}; each {how}.{frozen} A network that can't learn one batch won't " +
                $"learn the data set: look for layers whose output is always 0, "
                + "another initialization (--init), frozen layers, and wrong labels.";
        Failures.Say($"not memorized: {figures}. {advice}");
        return Failures.Failed;
    }

    private static string Words(OverfitAttempt attempt) =>
        $"{attempt}, loss {Format.Fraction(attempt.LastLoss)} after {attempt.Steps} steps";
}
