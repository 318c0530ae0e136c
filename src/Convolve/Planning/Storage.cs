using Convolve.Kernels.Layouts;

namespace Convolve.Planning;

/// <summary>Which memory a tensor is in.</summary>
internal enum Region
{
    /// <summary>
    /// The plan's own: activations, their gradients, workspaces, scratchpads. Places are used again when a tensor is dead.
    /// </summary>
    Arena,

    /// <summary>Master weights, float32.</summary>
    Parameters,

    /// <summary>Gradients of the weights, at the offsets of the weights.</summary>
    Gradients,

    /// <summary>Weights in another layout or type, rewritten when the weights change.</summary>
    WeightCopies,
}

/// <summary>A piece of memory of a plan, and when it is in use.</summary>
internal sealed class Storage
{
    internal Storage(string name, Region region, long bytes, int parameter = -1) =>
        (Name, Region, Bytes, Parameter) = (name, region, bytes, parameter);

    public string Name { get; }

    public Region Region { get; }

    public long Bytes { get; }

    /// <summary>The index of the parameter that it holds; -1 in the arena.</summary>
    public int Parameter { get; }

    /// <summary>The first step that touches it; -1 for the input, which is written before the first step.</summary>
    public int First { get; internal set; } = int.MaxValue;

    /// <summary>The last step that touches it; the number of steps for what is read after them.</summary>
    public int Last { get; internal set; } = int.MinValue;

    /// <summary>Where it begins in its region, in bytes.</summary>
    public long Offset { get; internal set; }

    internal void Touch(int step) => (First, Last) = (Math.Min(First, step), Math.Max(Last, step));
}

/// <summary>A tensor: a piece of memory read in a layout. Two tensors may share memory, as the two sides of a Flatten do.</summary>
/// <param name="Storage">Where it is.</param>
/// <param name="Layout">How its elements are laid out there.</param>
internal sealed record Tensor(Storage Storage, Layout Layout)
{
    public override string ToString() => $"{Storage.Name} [{Layout}]";
}
