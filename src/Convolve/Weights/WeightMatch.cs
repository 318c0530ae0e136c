using Convolve.Data.Folders;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Weights;

/// <summary>What of a file of weights fits a network, by the naming that fits best.</summary>
/// <param name="Naming">Whose names the file has.</param>
/// <param name="Taken">The parameters that fit, and where the file has them.</param>
/// <param name="Misfits">The parameters whose tensors have another shape.</param>
/// <param name="Missing">The parameters that the file hasn't.</param>
/// <param name="Unused">Tensors of the file that the network has no parameter for.</param>
internal sealed record WeightMatch(WeightNaming Naming, IReadOnlyDictionary<string, StoredTensor> Taken,
    IReadOnlyList<Misfit> Misfits, IReadOnlyList<string> Missing, IReadOnlyList<string> Unused)
{
    // PyTorch counts batches, and nothing looks at it here.
    private const string BatchCounter = ".num_batches_tracked";

    /// <summary>Whether every parameter was found.</summary>
    public bool IsWhole => Misfits.Count + Missing.Count == 0;

    /// <summary>What wasn't found, each with the reason: "fc3.weight: [100, 4096] in the file, [10, 4096] here".</summary>
    public IReadOnlyList<string> Skipped =>
        [.. Misfits.Select(misfit => misfit.ToString()), .. Missing.Select(name => $"{name}: missing")];

    /// <summary>Compares a file with a network.</summary>
    public static WeightMatch Of(Graph graph, IWeightFile file)
    {
        IReadOnlyList<TensorInfo> tensors = file.IsOrdered ? file.Tensors
            : [.. file.Tensors.OrderBy(tensor => tensor.Name, NaturalOrder.Instance)];
        string prefix = CommonPrefix(tensors);
        return (prefix.Length == 0 ? [""] : (string[])["", prefix])
            .SelectMany(start => WeightNaming.All.Select(naming => Of(graph, naming, tensors, start)))
            .MaxBy(match => (match.Taken.Count, match.Misfits.Count))!;
    }

    private static WeightMatch Of(Graph graph, WeightNaming naming, IReadOnlyList<TensorInfo> tensors, string prefix)
    {
        Dictionary<string, TensorInfo> byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        IReadOnlyDictionary<string, StoredTensor> places = naming.Of(graph, tensors);
        Dictionary<string, StoredTensor> taken = [];
        List<Misfit> misfits = [];
        List<string> missing = [];
        foreach (Node node in graph.Nodes)
            foreach (ParameterSpec spec in node.State)
            {
                string name = WeightNaming.NameOf(node, spec);
                if (!places.TryGetValue(name, out StoredTensor? stored)
                    || byName.GetValueOrDefault(prefix + stored.Name) is not { } tensor)
                    missing.Add(name);
                else if (!tensor.Shape.SequenceEqual(stored.Shape.Select(size => (long)size)))
                    misfits.Add(new(name, tensor, stored));
                else
                    taken.Add(name, stored with { Name = tensor.Name });
            }
        HashSet<string> known = [.. places.Values.Select(stored => prefix + stored.Name)];
        return new(naming, taken, misfits, missing, [.. tensors.Select(tensor => tensor.Name)
            .Where(name => !known.Contains(name) && !name.EndsWith(BatchCounter, StringComparison.Ordinal))]);
    }

    // What wrappers put before every name: "module." of DataParallel, "_orig_mod." of torch.compile, "model." of Lightning.
    private static string CommonPrefix(IReadOnlyList<TensorInfo> tensors)
    {
        if (tensors.Count == 0)
            return "";
        string prefix = tensors[0].Name;
        foreach (TensorInfo tensor in tensors)
            prefix = prefix[..prefix.AsSpan().CommonPrefixLength(tensor.Name)];
        return prefix[..(prefix.LastIndexOf('.') + 1)];
    }
}

/// <summary>A parameter that a file has in another shape.</summary>
/// <param name="Parameter">Its name in the network.</param>
/// <param name="Tensor">What the file has.</param>
/// <param name="Wanted">What it would have to have.</param>
internal sealed record Misfit(string Parameter, TensorInfo Tensor, StoredTensor Wanted)
{
    public override string ToString() => (Tensor.Name == Parameter ? $"{Parameter}: " : $"{Parameter}: {Tensor.Name} ")
        + $"[{string.Join(", ", Tensor.Shape)}] in the file, [{string.Join(", ", Wanted.Shape)}] here";
}
