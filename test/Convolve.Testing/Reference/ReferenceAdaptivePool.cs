using Convolve.Layers;

namespace Convolve.Testing.Reference;

/// <summary>The mean of rows floor(i H / H') to ceil((i + 1) H / H') - 1 and columns likewise.</summary>
internal sealed class ReferenceAdaptivePool(Layer layer, Size2 size) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor output = new(inputs[0].Batch, layer.Infer(inputs[0].Shape));
        ForEach(inputs[0], (source, target, share) => output.Values[target] += share * inputs[0].Values[source]);
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients) =>
        ForEach(inputs[0], (source, target, share) => inputGradients[0].Values[source] += share * outputGradient.Values[target]);

    // Every pixel of every part: where it lies, which output takes it, with which weight.
    private void ForEach(ReferenceTensor input, Action<int, int, double> visit)
    {
        (int height, int width) = (input.Shape.Height, input.Shape.Width);
        for (int plane = 0; plane < input.Batch * input.Shape.Channels; plane++)
            for (int h = 0; h < size.Height; h++)
                for (int w = 0; w < size.Width; w++)
                {
                    int[] rows = Part(h, height, size.Height), columns = Part(w, width, size.Width);
                    foreach (int y in rows)
                        foreach (int x in columns)
                            visit((plane * height + y) * width + x, (plane * size.Height + h) * size.Width + w,
                                1.0 / (rows.Length * columns.Length));
                }
    }

    private static int[] Part(int i, int input, int output) =>
        [.. Enumerable.Range(0, input).Where(at => at >= Math.Floor(i * input / (double)output)
            && at < Math.Ceiling((i + 1) * input / (double)output))];
}
