using Convolve.Data;
using Convolve.Graphs;
using Convolve.Training;

namespace Convolve.Cli;

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
            check = OverfitCheck.Run(graph, data, recipe, MostSteps, new Throttle<OverfitCheck>(c => bar.Show((double)c.Steps / MostSteps, "one batch", $"loss {Format.Fraction(c.LastLoss)}")), cancellation);
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
            });
        }
        string figures = $"loss {Format.Fraction(check.FirstLoss)} at first, {Format.Fraction(check.LastLoss)} after {check.Steps} steps on {check.Images} images, accuracy {Format.Fraction(check.Accuracy)}";
        if (check.IsLearned)
        {
            output.Last($"learned by heart: {figures}");
            return Failures.Success;
        }
        Failures.Say($"not learned by heart: {figures}. A network that cannot learn one batch will not learn all: try another learning rate (`{ProgramName.Current} lr-find`), another initialisation (--init), "
            + "and look for layers whose output is always 0.");
        return Failures.Failed;
    }
}
