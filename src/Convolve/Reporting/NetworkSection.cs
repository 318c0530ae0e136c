using Convolve.Drawing;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Reporting;

/// <summary>The network: its first filters, its layers, its drawing, and the memory of its plan.</summary>
internal static class NetworkSection
{
    private const int MostRows = 60;

    public static Html Of(EvaluatedRun run)
    {
        Graph graph = run.Summary.Graph;
        Html layers = Layers(graph);
        return Html.Of($"""
            <p>{graph.Name}: {graph.Input} to {graph.Output}, {graph.ParameterCount:N0} parameters, {graph.MultiplyAdds:N0} multiply-adds for an image.</p>
            {(run.Filters is { } filters ? Filters(filters) : Html.None)}
            <h3>Layers</h3>
            {(graph.Nodes.Count > MostRows ? Html.Of($"<div class=\"tall\">{layers}</div>") : layers)}
            <details><summary>Drawing of the network</summary>
            <div class="wide">{new Html(NetworkDrawing.ToSvg(graph))}</div></details>
            {Memory(run.Summary)}
            """);
    }

    private static Html Filters(FilterSheet sheet) => Html.Of($"""
        <h3>Filters of {sheet.Layer.Name}</h3>
        <p class="soft">{sheet.Layer.Layer}. Mid gray is a weight of 0; each filter has its own scale.</p>
        <img class="filters" alt="filters of {sheet.Layer.Name}" width="{sheet.Size.Width}" height="{sheet.Size.Height}" src="{Thumbnail.Uri(sheet.ToPng())}">

        """);

    private static Html Layers(Graph graph) => Html.Table(["name", "layer", "output", "parameters#", "multiply-adds#"], graph.Nodes.Skip(1)
        .Select(node => new Html[] { node.Name, $"{node.Layer}", $"{node.Output}", OrDash(node.ParameterCount), OrDash(node.MultiplyAdds) })
        .Append(["total", "", "", Format.Count(graph.ParameterCount), Format.Count(graph.MultiplyAdds)]));

    private static string OrDash(long count) => count == 0 ? "-" : Format.Count(count);

    // The plan of this machine; another machine's may differ.
    private static Html Memory(RunSummary run)
    {
        Recipe recipe = run.Recipe;
        try
        {
            ExecutionOptions options = new()
            {
                Precision = recipe.Precision,
                Exact = recipe.Exact,
                Threads = recipe.Threads,
                LabelSmoothing = recipe.LabelSmoothing
            };
            Plan training = Model.PlanFor(run.Graph, options, recipe.PassSize, training: true);
            MemoryEstimate memory = Trainer.Estimate(run.Graph, recipe);
            (string Name, long Bytes)[] parts = [("weights", memory.WeightBytes), ("gradients", memory.GradientBytes),
                ("optimizer state, sums and averages", memory.OptimizerBytes),
                ("weights in other layouts and types", memory.CopyBytes),
                ("activations, their gradients, scratch space", memory.ActivationBytes), ("total", memory.TotalBytes)];
            return Html.Of($"""
                <h3>Memory of the plan</h3>
                <p class="soft">At batch size {recipe.BatchSize}{(recipe.PassSize < recipe.BatchSize ? $", in micro-batches of " +
                    $"{recipe.PassSize}" : "")}, in {training.Options.Precision}, on this machine. {(run.MeasuredMemoryBytes is { } measured ? $"The run needed an estimated {Format.Bytes(run.EstimatedMemoryBytes ?? 0)}; the process grew by {Format.Bytes(measured)}." : "")}</p>
                {Html.Table(["what", "memory#"], parts.Select(part => new Html[] { part.Name, Format.Bytes(part.Bytes) }))}
                <details><summary>The {training.Steps.Count} steps of a training pass</summary>
                <pre>{training}</pre></details>
                """);
        }
        catch (Exception e) when (e is NetworkException or KernelLibraryException)
        {
            return Html.Of($"<h3>Memory of the plan</h3>\n<p>This network can't be planned on this machine: {e.Message}</p>");
        }
    }
}
