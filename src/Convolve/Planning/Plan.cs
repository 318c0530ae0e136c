using System.Globalization;
using System.Text;
using Convolve.Graphs;

namespace Convolve.Planning;

/// <summary>What a plan is made for.</summary>
/// <param name="BatchSize">Images of one pass.</param>
/// <param name="IsTraining">Whether the pass goes back as well.</param>
/// <param name="Precision">Never Auto.</param>
/// <param name="Exact">Without Winograd.</param>
/// <param name="Threads">Of the team that will run it: own kernels have scratch space for each. A plan for small evaluations has 1.</param>
/// <param name="LabelSmoothing">The share of each label that the loss spreads over all classes.</param>
/// <param name="Probe">What an evaluation keeps in addition to its result; null for nothing.</param>
internal sealed record PlanOptions(int BatchSize, bool IsTraining, Precision Precision, bool Exact, int Threads, float LabelSmoothing = 0,
    PlanProbe? Probe = null)
{
    /// <summary>Whether the plan has a backward pass.</summary>
    public bool GoesBack => IsTraining || Probe?.GradientOf is not null;
}

/// <summary>What an evaluation pass keeps for those who look inside, in addition to its result.</summary>
/// <param name="Layers">Nodes whose outputs stay readable after the pass, by index. A kept output is that of the layer alone: an activation
/// behind it doesn't run inside it.</param>
/// <param name="GradientOf">The node at whose output the backward pass ends, by index; null for a pass without one. It begins at the logits
/// with the gradient that the caller writes there, and works as the pass forward did: without dropout, with running averages.</param>
internal sealed record PlanProbe(IReadOnlyList<int> Layers, int? GradientOf = null)
{
    public bool Keeps(int node) => node == GradientOf || Layers.Contains(node);
}

/// <summary>The tensors of a probe, all row-major.</summary>
/// <param name="Outputs">The output of each of its layers, in float32.</param>
/// <param name="LogitGradient">[N, classes] in the plan's type, written before the first step; null without a backward pass.</param>
/// <param name="Gradient">The gradient of its node's output, in float32; null without a backward pass.</param>
internal sealed record ProbeTensors(IReadOnlyList<Tensor> Outputs, Tensor? LogitGradient, Tensor? Gradient)
{
    public IEnumerable<Tensor> All => Outputs.Append(LogitGradient).Append(Gradient).OfType<Tensor>();
}

/// <summary>
/// How a graph runs at one batch size: steps in order, with layouts, fusions and places in memory. It is data, and can be printed.
/// </summary>
internal sealed class Plan
{
    internal Plan(Graph graph, PlanOptions options, ParameterPlan parameters, IReadOnlyList<Step> steps, Tensor input, Tensor logits,
        Tensor output, IReadOnlyList<Storage> storages, long arenaBytes, ProbeTensors probe)
    {
        (Graph, Options, Parameters, Steps, Input, Logits, Output, Storages, ArenaBytes, Probe) =
            (graph, options, parameters, steps, input, logits, output, storages, arenaBytes, probe);
    }

    public Graph Graph { get; }

    public PlanOptions Options { get; }

    public ParameterPlan Parameters { get; }

    public IReadOnlyList<Step> Steps { get; }

    /// <summary>Preprocessed images, [N, C, H, W] in the plan's precision.</summary>
    public Tensor Input { get; }

    /// <summary>What the loss takes, [N, classes] in float32.</summary>
    public Tensor Logits { get; }

    /// <summary>
    /// The result, [N, classes] in float32: the logits, or in evaluation the probabilities of a network that ends in a Softmax.
    /// </summary>
    public Tensor Output { get; }

    /// <summary>Every piece of memory that the steps touch.</summary>
    public IReadOnlyList<Storage> Storages { get; }

    /// <summary>
    /// Memory for activations, their gradients, workspaces and scratchpads; exact, because execution allocates nothing else.
    /// </summary>
    public long ArenaBytes { get; }

    /// <summary>What the probe of the options keeps.</summary>
    public ProbeTensors Probe { get; }

    /// <summary>Weights in other layouts or types that the steps read, by parameter and layout.</summary>
    internal IEnumerable<Tensor> WeightCopies =>
        Steps.SelectMany(s => s.Uses).Select(u => u.Tensor).Where(t => t.Storage.Region == Region.WeightCopies).Distinct();

    /// <summary>One line a step: what it computes, by which implementation, on which layouts, at which place.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{Graph.Name}, batch {Options.BatchSize}, {(Options.IsTraining ? "training" : "evaluation")}, {Options.Precision}: " +
            $"{Steps.Count} steps, arena {ArenaBytes / 1048576.0:F1} MiB");
        for (int i = 0; i < Steps.Count; i++)
        {
            Step step = Steps[i];
            text.Append(CultureInfo.InvariantCulture, $"{i,3} {step.Label,-28} {step.Work.RunBy,-28}");
            foreach (Use use in step.Uses)
            {
                Storage storage = use.Tensor.Storage;
                string place = storage.Region == Region.Arena ? string.Create(CultureInfo.InvariantCulture, $"@{storage.Offset}")
                    : storage.Region.ToString();
                text.Append(CultureInfo.InvariantCulture, $" {use.Argument}={use.Tensor.Layout} {place}");
            }
            if (step.Scratchpad is { } scratchpad)
                text.Append(CultureInfo.InvariantCulture, $" scratchpad {scratchpad.Bytes} @{scratchpad.Offset}");
            text.AppendLine();
        }
        return text.ToString();
    }
}
