using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Diagnosis;

namespace Convolve.Cli.Screens;

/// <summary>What 'convolve doctor' found.</summary>
internal static class DoctorScreen
{
    public static void Show(string typed, DoctorResult result, Output output)
    {
        foreach ((int i, Finding finding) in result.Findings.Index())
        {
            if (i > 0)
                output.Line();
            output.Line(string.Create(CultureInfo.InvariantCulture, $"{i + 1}. {Words(finding.Cause)}"));
            output.Fact("   evidence", Words(finding.Evidence));
            output.Fact("   try", Words(finding.Try));
            output.Fact("   expect", Words(finding.Expect));
        }
        if (result.Findings.Count == 0)
            output.Line($"{typed}: nothing found");
        output.Line();
        if (result.Trial is { } trial)
            output.Fact("trial", string.Create(CultureInfo.InvariantCulture,
                $"{trial.Words} of {trial.BatchSize} pictures (loss {Finding.Digits(trial.FirstLoss)} at first, " +
                $"{Finding.Digits(trial.LastLoss)} at last, {Finding.Digits(trial.Entropy)} by guessing); {result.Trainings} " +
                $"{(result.Trainings == 1 ? "training" : "trainings")}"));
        if (result.NoTrial is { } reason)
            output.Fact(result.Trial is null ? "no trial" : "", Words(reason));
    }

    public static JsonObject Json(string typed, DoctorResult result) => new()
    {
        ["subject"] = typed,
        ["findings"] = new JsonArray([.. result.Findings.Select(f => new JsonObject
        {
            ["fault"] = f.Fault.Name(),
            ["cause"] = Words(f.Cause),
            ["evidence"] = Words(f.Evidence),
            ["try"] = Words(f.Try),
            ["expect"] = Words(f.Expect),
            ["grave"] = f.IsGrave,
        })]),
        ["trial"] = result.Trial is not { } trial ? null : new JsonObject
        {
            ["steps"] = trial.Steps,
            ["batch_size"] = trial.BatchSize,
            ["guessing_loss"] = Output.Finite(trial.Entropy),
            ["first_loss"] = Output.Finite(trial.FirstLoss),
            ["last_loss"] = Output.Finite(trial.LastLoss),
            ["diverged_at"] = trial.DivergedAt,
            ["validation_accuracy"] = trial.Held?.Accuracy,
            ["trainings"] = result.Trainings,
        },
        ["neighbor_agreement"] = result.Data is { } data ? Output.Finite(data.NeighborAgreement) : null,
        ["no_trial"] = result.NoTrial is { } reason ? Words(reason) : null,
    };

    // Settings as this program's options.
    private static string Words(string text) => text.Replace("@", "--", StringComparison.Ordinal);
}
