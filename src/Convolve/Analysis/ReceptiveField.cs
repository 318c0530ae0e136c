using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Analysis;

/// <summary>What one output of a layer sees of the network's input, along one side.</summary>
/// <param name="Size">Pixels of the input that can change it, those in the padding included.</param>
/// <param name="Jump">Pixels of the input from one output to the next.</param>
/// <param name="Start">The middle of what the first output sees, in pixels from the edge of the input; that of a pixel is .5.</param>
/// <remarks>Source: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill 2019.</remarks>
internal readonly record struct FieldSide(double Size, double Jump, double Start)
{
    public FieldSide Through(int kernel, int stride, int dilation, int before)
    {
        int reach = (kernel - 1) * dilation;
        return new(Size + reach * Jump, Jump * stride, Start + (reach / 2.0 - before) * Jump);
    }
}

/// <summary>What one output of a layer sees of the network's input.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="IsAll">Whether it sees everything, as behind a fully connected layer.</param>
internal readonly record struct ReceptiveField(FieldSide Height, FieldSide Width, bool IsAll)
{
    /// <summary>Such as "14x14", cut to the input; "all" for everything.</summary>
    public string Words(Shape input) => IsAll || (Height.Size >= input.Height && Width.Size >= input.Width) ? "all"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Math.Min(Math.Ceiling(Height.Size), input.Height)}x{Math.Min(Math.Ceiling(Width.Size), input.Width)}");

    /// <summary>Of every node, by index. Where branches meet, the largest counts.</summary>
    public static IReadOnlyList<ReceptiveField> Of(Graph graph)
    {
        List<ReceptiveField> fields = [];
        foreach (Node node in graph.Nodes)
            fields.Add(node.Inputs.Count == 0 ? new(new(1, 1, .5), new(1, 1, .5), graph.Input.IsVector)
                : Behind(node, [.. node.Inputs.Select(input => fields[input.Index])]));
        return fields;
    }

    private static ReceptiveField Behind(Node node, IReadOnlyList<ReceptiveField> inputs)
    {
        ReceptiveField all = new(Largest(inputs.Select(i => i.Height)), Largest(inputs.Select(i => i.Width)), inputs.Any(i => i.IsAll));
        (Size2 kernel, Size2 stride, Size2 dilation, Size2 before) = node.Layer switch
        {
            Conv2d conv => (conv.Kernel, conv.Stride, conv.Dilation, conv.Walk(node.Input).Before),
            Pool2d pool => (pool.Kernel, pool.Stride, 1, pool.Walk(node.Input).Before),
            _ => ((Size2)1, (Size2)1, (Size2)1, (Size2)0),
        };
        if (node.Output.IsVector || node.Layer is GlobalAvgPool)
            return all with { IsAll = true };
        if (node.Layer is Resize or AdaptiveAvgPool2d)
            return all with
            {
                Height = Scaled(all.Height, node.Input.Height, node.Output.Height),
                Width = Scaled(all.Width, node.Input.Width, node.Output.Width),
            };
        return all with
        {
            Height = all.Height.Through(kernel.Height, stride.Height, dilation.Height, before.Height),
            Width = all.Width.Through(kernel.Width, stride.Width, dilation.Width, before.Width),
        };
    }

    // Larger outputs are made of two inputs each, smaller ones of as many as come on each.
    private static FieldSide Scaled(FieldSide side, int from, int to)
    {
        double step = (double)from / to;
        return from == to ? side : new(side.Size + Math.Max(1, Math.Ceiling(step) - 1) * side.Jump, side.Jump * step,
            side.Start + (step / 2 - .5) * side.Jump);
    }

    private static FieldSide Largest(IEnumerable<FieldSide> sides) => sides.MaxBy(side => side.Size);
}
