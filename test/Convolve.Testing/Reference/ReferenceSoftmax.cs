namespace Convolve.Testing.Reference;

/// <summary>Each exponential over their sum.</summary>
internal sealed class ReferenceSoftmax : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0];
        int features = input.Shape.Channels;
        return new(input.Batch, input.Shape,
            [.. input.Values.Chunk(features).SelectMany(row =>
            row.Select(x => Math.Exp(x - row.Max()) / row.Sum(other => Math.Exp(other - row.Max()))))]);
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        int features = output.Shape.Channels;
        for (int i = 0; i < output.Values.Length; i++)
            for (int j = i / features * features, end = j + features; j < end; j++)
                inputGradients[0].Values[i] += outputGradient.Values[j] * output.Values[j] * ((i == j ? 1 : 0) - output.Values[i]);
    }
}
