using Convolve.Layers;

namespace Convolve.Testing.Reference;

/// <summary>Bilinear interpolation between the centres of the pixels.</summary>
internal sealed class ReferenceResize(Resize resize) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor output = new(inputs[0].Batch, resize.Infer(inputs[0].Shape));
        ForEach(inputs[0].Shape, output, (n, c, h, w, y, x, share) => output[n, c, h, w] += share * inputs[0][n, c, y, x]);
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients) =>
        ForEach(inputs[0].Shape, output, (n, c, h, w, y, x, share) => inputGradients[0][n, c, y, x] += share * outputGradient[n, c, h, w]);

    private static void ForEach(Shape input, ReferenceTensor output, Action<int, int, int, int, int, int, double> visit)
    {
        for (int n = 0; n < output.Batch; n++)
            for (int c = 0; c < output.Shape.Channels; c++)
                for (int h = 0; h < output.Shape.Height; h++)
                    for (int w = 0; w < output.Shape.Width; w++)
                        foreach ((int y, double high) in Neighbors(h, output.Shape.Height, input.Height))
                            foreach ((int x, double wide) in Neighbors(w, output.Shape.Width, input.Width))
                                visit(n, c, h, w, y, x, high * wide);
    }

    // The place in the input, its centre being that of the output's pixel; outside of the image its edge.
    private static (int At, double Share)[] Neighbors(int i, int output, int input)
    {
        double at = Math.Clamp((i + 0.5) * input / output - 0.5, 0, input - 1);
        int before = (int)at;
        return before == at ? [(before, 1)] : [(before, before + 1 - at), (before + 1, at - before)];
    }
}
