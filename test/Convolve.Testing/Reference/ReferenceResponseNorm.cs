using Convolve.Layers;

namespace Convolve.Testing.Reference;

/// <summary>x / (k + a * sum of squares of the neighboring channels)^beta.</summary>
internal sealed class ReferenceResponseNorm(LocalResponseNorm norm) : ReferenceLayer
{
    private double _factor;

    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0], output = new(input.Batch, input.Shape);
        _factor = norm.DividesAlpha ? (double)norm.Alpha / norm.Size : norm.Alpha;
        ForEach(input, (n, c, h, w) => output[n, c, h, w] = input[n, c, h, w] * Math.Pow(Scale(input, n, c, h, w), -norm.Beta));
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        ReferenceTensor input = inputs[0];
        ForEach(input, (n, c, h, w) =>
        {
            double scale = Scale(input, n, c, h, w), gradient = outputGradient[n, c, h, w];
            inputGradients[0][n, c, h, w] += gradient * Math.Pow(scale, -norm.Beta);
            foreach (int other in Neighbors(input, c))
                inputGradients[0][n, other, h, w] -= gradient * input[n, c, h, w] * norm.Beta * Math.Pow(scale, -norm.Beta - 1) * _factor
                    * 2 * input[n, other, h, w];
        });
    }

    private double Scale(ReferenceTensor input, int n, int c, int h, int w) =>
        norm.K + _factor * Neighbors(input, c).Sum(other => input[n, other, h, w] * input[n, other, h, w]);

    private IEnumerable<int> Neighbors(ReferenceTensor input, int channel)
    {
        int first = channel - norm.Size / 2;
        for (int other = first; other < first + norm.Size; other++)
            if (other >= 0 && other < input.Shape.Channels)
                yield return other;
    }

    private static void ForEach(ReferenceTensor tensor, Action<int, int, int, int> visit)
    {
        for (int n = 0; n < tensor.Batch; n++)
            for (int c = 0; c < tensor.Shape.Channels; c++)
                for (int h = 0; h < tensor.Shape.Height; h++)
                    for (int w = 0; w < tensor.Shape.Width; w++)
                        visit(n, c, h, w);
    }
}
