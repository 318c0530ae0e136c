using Convolve.Layers;

namespace Convolve.Testing.Reference;

internal sealed class ReferenceConvolution(Conv2d conv, double[][] parameters, double[][] gradients) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0], output = new(input.Batch, conv.Infer(input.Shape));
        foreach (Span span in Spans(input, output))
        {
            double sum = conv.HasBias ? parameters[1][span.Filter] : 0;
            int weight = span.FirstWeight;
            for (int channel = span.FirstChannel; channel < span.EndChannel; channel++)
                for (int i = 0; i < conv.Kernel.Height; i++)
                    for (int j = 0; j < conv.Kernel.Width; j++)
                    {
                        (int y, int x) = (span.Top + i * conv.Dilation.Height, span.Left + j * conv.Dilation.Width);
                        sum += parameters[0][weight++] * (input.Holds(y, x) ? input[span.N, channel, y, x] : 0);
                        MultiplyAdds++;
                    }
            output[span.N, span.Filter, span.H, span.W] = sum;
        }
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        ReferenceTensor input = inputs[0], inputGradient = inputGradients[0];
        foreach (Span span in Spans(input, output))
        {
            double gradient = outputGradient[span.N, span.Filter, span.H, span.W];
            if (conv.HasBias)
                gradients[1][span.Filter] += gradient;
            int weight = span.FirstWeight;
            for (int channel = span.FirstChannel; channel < span.EndChannel; channel++)
                for (int i = 0; i < conv.Kernel.Height; i++)
                    for (int j = 0; j < conv.Kernel.Width; j++, weight++)
                    {
                        (int y, int x) = (span.Top + i * conv.Dilation.Height, span.Left + j * conv.Dilation.Width);
                        if (!input.Holds(y, x))
                            continue;
                        gradients[0][weight] += gradient * input[span.N, channel, y, x];
                        inputGradient[span.N, channel, y, x] += gradient * parameters[0][weight];
                    }
        }
    }

    // What one output is made of: the filter's weights, its group's input channels, and the window's corner, which may lie in the padding.
    private readonly record struct Span(int N, int Filter, int H, int W, int FirstWeight, int FirstChannel, int EndChannel, int Top,
        int Left);

    private IEnumerable<Span> Spans(ReferenceTensor input, ReferenceTensor output)
    {
        Size2 before = conv.Walk(input.Shape).Before;
        int channels = input.Shape.Channels / conv.Groups, taps = channels * conv.Kernel.Height * conv.Kernel.Width;
        for (int n = 0; n < input.Batch; n++)
            for (int filter = 0; filter < output.Shape.Channels; filter++)
            {
                int first = filter / (conv.Filters / conv.Groups) * channels;
                for (int h = 0; h < output.Shape.Height; h++)
                    for (int w = 0; w < output.Shape.Width; w++)
                        yield return new(n, filter, h, w, filter * taps, first, first + channels,
                            h * conv.Stride.Height - before.Height, w * conv.Stride.Width - before.Width);
            }
    }
}
