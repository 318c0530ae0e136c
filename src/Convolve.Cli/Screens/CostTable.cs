using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Planning;
using Convolve.Profiling;

namespace Convolve.Cli.Screens;

/// <summary>What a plan costs, layer by layer.</summary>
internal static class CostTable
{
    private const int ShownPieces = 4;

    /// <summary>For people.</summary>
    public static void Show(Output output, Plan plan, PlanCost cost)
    {
        bool trains = plan.Options.IsTraining;
        output.Line();
        output.Title(string.Create(CultureInfo.InvariantCulture,
            $"a {(trains ? "training step" : "forward pass")} at batch size {plan.Options.BatchSize}"));
        Table table = Output.Columns(["name", new("sees") { Rank = 4 }, new("FLOP/byte#") { Rank = 3 }, "forward#",
            .. trains ? (Column[])["backward#"] : [], "activations#", new("workspace#") { Rank = 2 },
            .. trains ? (Column[])["gradients#"] : []]);
        void Row(string name, string sees, string intensity, long forward, long backward, long activations, long workspace,
            long gradients) => Output.Row(table, [name, sees, intensity, Count(forward), .. trains ? (string[])[Count(backward)] : [],
                Bytes(activations), Bytes(workspace), .. trains ? (string[])[Bytes(gradients)] : []]);
        Row(plan.Graph.Nodes[0].Name, "1x1", "-", 0, 0, cost.InputBytes, 0, 0);
        foreach (LayerPlanCost layer in cost.Layers)
            Row(layer.Node.Name, layer.Field.Words(plan.Graph.Input),
                layer.FlopsPerByte > 0 ? layer.FlopsPerByte.ToString("F1", CultureInfo.InvariantCulture) : "-", layer.ForwardMultiplyAdds,
                layer.BackwardMultiplyAdds, layer.ActivationBytes, layer.WorkspaceBytes, layer.GradientBytes);
        Row("total", "", "", cost.Layers.Sum(layer => layer.ForwardMultiplyAdds), cost.Layers.Sum(layer => layer.BackwardMultiplyAdds),
            cost.InputBytes + cost.Layers.Sum(layer => layer.ActivationBytes), cost.Layers.Sum(layer => layer.WorkspaceBytes),
            cost.Layers.Sum(layer => layer.GradientBytes));
        output.Table(table);
        output.Line($"forward{(trains ? " and backward are" : " is")} in multiply-adds of the batch; what runs inside a layer is counted " +
            "there, and shows -");
        output.Line();
        output.Fact("peak", $"{Format.Bytes(cost.PeakBytes)} at step {cost.PeakStep} of {plan.Steps.Count}, " +
            $"{plan.Steps[cost.PeakStep].Label}: {string.Join(", ", cost.PeakPieces.Take(ShownPieces)
                .Select(piece => $"{piece.Name} {Format.Bytes(piece.Bytes)}"))}" +
            $"{(cost.PeakPieces.Count > ShownPieces ? $" and {cost.PeakPieces.Count - ShownPieces} more" : "")}");
        output.Fact("arena", $"{Format.Bytes(plan.ArenaBytes)}: tensors whose lives don't overlap share places");
    }

    /// <summary>For machines.</summary>
    public static JsonObject Json(Plan plan, PlanCost cost) => new()
    {
        ["batch_size"] = plan.Options.BatchSize,
        ["training"] = plan.Options.IsTraining,
        ["arena_bytes"] = plan.ArenaBytes,
        ["peak_bytes"] = cost.PeakBytes,
        ["peak_step"] = cost.PeakStep,
        ["peak_label"] = plan.Steps[cost.PeakStep].Label,
        ["steps"] = plan.Steps.Count,
        ["input_bytes"] = cost.InputBytes,
        ["layers"] = new JsonArray([.. cost.Layers.Select(layer => new JsonObject
        {
            ["name"] = layer.Node.Name,
            ["receptive_field"] = layer.Field.Words(plan.Graph.Input),
            ["flops_per_byte"] = layer.FlopsPerByte,
            ["forward_multiply_adds"] = layer.ForwardMultiplyAdds,
            ["backward_multiply_adds"] = layer.BackwardMultiplyAdds,
            ["activation_bytes"] = layer.ActivationBytes,
            ["workspace_bytes"] = layer.WorkspaceBytes,
            ["gradient_bytes"] = layer.GradientBytes,
        })]),
    };

    private static string Count(long count) => count == 0 ? "-" : Format.Count(count);

    private static string Bytes(long bytes) => bytes == 0 ? "-" : Format.Bytes(bytes);
}
