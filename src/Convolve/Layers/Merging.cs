namespace Convolve.Layers;

/// <summary>The sum of its inputs, element by element.</summary>
/// <remarks>
/// Shapes: two or more inputs of one shape, kept.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound.
/// Source: He et al. 2016 (the shortcut of a residual block).
/// </remarks>
public sealed record Add : MergeLayer
{
    public override string Stem => "add";

    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Require(inputs.Count >= 2, $"it joins two or more inputs, got {inputs.Count}", "Add an edge");
        Require(inputs.All(s => s == inputs[0]), $"its inputs {string.Join(" and ", inputs)} differ",
            "Give them the same shape, for example with a 1x1 convolution");
        return inputs[0];
    }
}

/// <summary>The inputs behind each other along the channels.</summary>
/// <remarks>
/// Shapes: images C1 x H x W, C2 x H x W, ... to (C1 + C2 + ...) x H x W; vectors likewise.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound.
/// Source: Szegedy et al. 2015 (the inception module). As torch.cat(dim=1).
/// </remarks>
public sealed record Concat : MergeLayer
{
    public override string Stem => "concat";

    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Require(inputs.Count >= 2, $"it joins two or more inputs, got {inputs.Count}", "Add an edge");
        Shape first = inputs[0];
        Require(inputs.All(s => s.IsVector == first.IsVector && s.Height == first.Height && s.Width == first.Width),
            $"its inputs {string.Join(" and ", inputs)} differ in more than their channels", "Give them the same height and width");
        int channels = checked(inputs.Sum(s => s.Channels));
        return first.IsVector ? Shape.Vector(channels) : new(channels, first.Height, first.Width);
    }
}
