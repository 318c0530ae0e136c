using Convolve.Layers;

namespace Convolve.Testing.Reference;

internal sealed class ReferenceLinear(Linear linear, double[][] parameters, double[][] gradients) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0], output = new(input.Batch, Shape.Vector(linear.Units));
        int features = input.Shape.Channels;
        for (int n = 0; n < input.Batch; n++)
            for (int unit = 0; unit < linear.Units; unit++)
            {
                double sum = linear.HasBias ? parameters[1][unit] : 0;
                for (int i = 0; i < features; i++, MultiplyAdds++)
                    sum += parameters[0][unit * features + i] * input.Values[n * features + i];
                output.Values[n * linear.Units + unit] = sum;
            }
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        int features = inputs[0].Shape.Channels;
        for (int n = 0; n < output.Batch; n++)
            for (int unit = 0; unit < linear.Units; unit++)
            {
                double gradient = outputGradient.Values[n * linear.Units + unit];
                if (linear.HasBias)
                    gradients[1][unit] += gradient;
                for (int i = 0; i < features; i++)
                {
                    gradients[0][unit * features + i] += gradient * inputs[0].Values[n * features + i];
                    inputGradients[0].Values[n * features + i] += gradient * parameters[0][unit * features + i];
                }
            }
    }
}
