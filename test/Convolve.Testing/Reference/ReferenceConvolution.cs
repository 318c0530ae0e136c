using Convolve.Layers;

namespace Convolve.Testing.Reference;

internal sealed class ReferenceConvolution(Conv2d conv, double[][] parameters, double[][] gradients) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0], output = new(input.Batch, conv.Infer(input.Shape));
        double[] weights = parameters[0];
        ForEachOutput(input, output, (n, filter, h, w) =>
        {
            double sum = conv.HasBias ? parameters[1][filter] : 0;
            ForEachTap(input, filter, h, w, (weight, channel, y, x) =>
            {
                sum += weights[weight] * (input.Holds(y, x) ? input[n, channel, y, x] : 0);
                MultiplyAdds++;
            });
            output[n, filter, h, w] = sum;
        });
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient, ReferenceTensor[] inputGradients)
    {
        ReferenceTensor input = inputs[0], inputGradient = inputGradients[0];
        double[] weights = parameters[0];
        ForEachOutput(input, output, (n, filter, h, w) =>
        {
            double gradient = outputGradient[n, filter, h, w];
            if (conv.HasBias)
                gradients[1][filter] += gradient;
            ForEachTap(input, filter, h, w, (weight, channel, y, x) =>
            {
                if (!input.Holds(y, x))
                    return;
                gradients[0][weight] += gradient * input[n, channel, y, x];
                inputGradient[n, channel, y, x] += gradient * weights[weight];
            });
        });
    }

    private static void ForEachOutput(ReferenceTensor input, ReferenceTensor output, Action<int, int, int, int> visit)
    {
        for (int n = 0; n < input.Batch; n++)
            for (int filter = 0; filter < output.Shape.Channels; filter++)
                for (int h = 0; h < output.Shape.Height; h++)
                    for (int w = 0; w < output.Shape.Width; w++)
                        visit(n, filter, h, w);
    }

    // The kernel's taps for one output: the place in the weights, and the pixel, which may lie in the padding.
    private void ForEachTap(ReferenceTensor input, int filter, int h, int w, Action<int, int, int, int> visit)
    {
        Size2 before = conv.Walk(input.Shape).Before;
        int channels = input.Shape.Channels / conv.Groups, group = filter / (conv.Filters / conv.Groups);
        int weight = filter * channels * conv.Kernel.Height * conv.Kernel.Width;
        for (int channel = 0; channel < channels; channel++)
            for (int i = 0; i < conv.Kernel.Height; i++)
                for (int j = 0; j < conv.Kernel.Width; j++)
                    visit(weight++, group * channels + channel,
                        h * conv.Stride.Height + i * conv.Dilation.Height - before.Height,
                        w * conv.Stride.Width + j * conv.Dilation.Width - before.Width);
    }
}

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

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient, ReferenceTensor[] inputGradients)
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
