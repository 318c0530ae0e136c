using Convolve.Layers;

namespace Convolve.Testing.Reference;

/// <summary>The forward and backward pass of one layer as its definition says: plain loops, no tricks.</summary>
internal abstract class ReferenceLayer
{
    /// <summary>Multiply-adds that the forward passes have done so far.</summary>
    public long MultiplyAdds { get; protected set; }

    /// <summary>Whether the next forward pass is one of training.</summary>
    public bool IsTraining { get; set; }

    /// <summary>Whether training moves what a layer keeps from batch to batch: not in the passes of finite differences.</summary>
    public bool MovesAverages { get; set; }

    /// <summary>The output for all inputs, in the order of the edges.</summary>
    public abstract ReferenceTensor Forward(ReferenceTensor[] inputs);

    /// <summary>Adds this layer's part to the gradients of its inputs and its parameters.</summary>
    public abstract void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients);

    /// <summary>
    /// The layer's reference; its state (parameters, then buffers) and the parameters' gradients in the order of the layer's specs.
    /// </summary>
    public static ReferenceLayer Of(Layer layer, double[][] parameters, double[][] gradients) => layer switch
    {
        Conv2d conv => new ReferenceConvolution(conv, parameters, gradients),
        Linear linear => new ReferenceLinear(linear, parameters, gradients),
        BatchNorm norm => new ReferenceBatchNorm(norm, parameters, gradients),
        LocalResponseNorm norm => new ReferenceResponseNorm(norm),
        MaxPool2d pool => new ReferenceMaxPool(pool, 1),
        MinPool2d pool => new ReferenceMaxPool(pool, -1),
        AdaptiveAvgPool2d pool => new ReferenceAdaptivePool(pool, pool.Output),
        GlobalAvgPool pool => new ReferenceAdaptivePool(pool, 1),
        AvgPool2d pool => new ReferenceAvgPool(pool),
        ReLU => new ReferenceElementwise(x => Math.Max(0, x), (x, _) => x > 0 ? 1 : 0),
        LeakyReLU leaky => new ReferenceElementwise(x => x > 0 ? x : leaky.Slope * x, (x, _) => x > 0 ? 1 : leaky.Slope),
        PReLU => new ReferencePReLU(parameters[0], gradients[0]),
        Tanh => new ReferenceElementwise(Math.Tanh, (_, y) => 1 - y * y),
        Sigmoid => new ReferenceElementwise(x => 1 / (1 + Math.Exp(-x)), (_, y) => y * (1 - y)),
        GELU { Approximate: "tanh" } => new ReferenceElementwise(ReferenceFunctions.GeluTanh,
        (x, _) => ReferenceFunctions.GeluTanhSlope(x)),
        GELU => new ReferenceElementwise(x => x * ReferenceFunctions.NormalBelow(x),
        (x, _) => ReferenceFunctions.NormalBelow(x) + x * ReferenceFunctions.NormalDensity(x)),
        SiLU => new ReferenceElementwise(x => x / (1 + Math.Exp(-x)), (x, y) => (1 + x - y) / (1 + Math.Exp(-x))),
        Softmax => new ReferenceSoftmax(),
        Resize resize => new ReferenceResize(resize),
        Dropout => new ReferenceElementwise(x => x, (_, _) => 1), // evaluation, or probability 0
        Flatten => new ReferenceFlatten(),
        Add => new ReferenceAdd(),
        Concat => new ReferenceConcat(),
        PadChannels pad => new ReferencePadChannels(pad),
        _ => throw new NotSupportedException($"{layer} has no reference"),
    };
}

internal sealed class ReferenceElementwise(Func<double, double> function, Func<double, double, double> derivative) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs) =>
        new(inputs[0].Batch, inputs[0].Shape, Array.ConvertAll(inputs[0].Values, x => function(x)));

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        for (int i = 0; i < output.Values.Length; i++)
            inputGradients[0].Values[i] += outputGradient.Values[i] * derivative(inputs[0].Values[i], output.Values[i]);
    }
}

internal sealed class ReferencePReLU(double[] slopes, double[] slopeGradients) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs) =>
        new(inputs[0].Batch, inputs[0].Shape, [.. inputs[0].Values.Select((x, i) => x > 0 ? x : slopes[SlopeOf(i, inputs[0].Shape)] * x)]);

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        for (int i = 0; i < output.Values.Length; i++)
        {
            int slope = SlopeOf(i, inputs[0].Shape);
            double x = inputs[0].Values[i], gradient = outputGradient.Values[i];
            inputGradients[0].Values[i] += x > 0 ? gradient : slopes[slope] * gradient;
            slopeGradients[slope] += x > 0 ? 0 : x * gradient;
        }
    }

    private int SlopeOf(int i, Shape shape) => slopes.Length == 1 ? 0 : i / (shape.Height * shape.Width) % shape.Channels;
}

internal sealed class ReferenceFlatten : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs) =>
        new(inputs[0].Batch, Shape.Vector((int)inputs[0].Shape.Elements), [.. inputs[0].Values]);

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        for (int i = 0; i < outputGradient.Values.Length; i++)
            inputGradients[0].Values[i] += outputGradient.Values[i];
    }
}

internal sealed class ReferenceAdd : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor sum = new(inputs[0].Batch, inputs[0].Shape);
        foreach (ReferenceTensor input in inputs)
            for (int i = 0; i < sum.Values.Length; i++)
                sum.Values[i] += input.Values[i];
        return sum;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        foreach (ReferenceTensor gradient in inputGradients)
            for (int i = 0; i < gradient.Values.Length; i++)
                gradient.Values[i] += outputGradient.Values[i];
    }
}

internal sealed class ReferenceConcat : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        Shape first = inputs[0].Shape;
        int channels = inputs.Sum(input => input.Shape.Channels);
        ReferenceTensor joined = new(inputs[0].Batch, first.IsVector ? Shape.Vector(channels) : new(channels, first.Height, first.Width));
        Walk(inputs, joined, (tensor, part, whole) => joined.Values[whole] = inputs[tensor].Values[part]);
        return joined;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients) =>
        Walk(inputs, output, (tensor, part, whole) => inputGradients[tensor].Values[part] += outputGradient.Values[whole]);

    private static void Walk(ReferenceTensor[] inputs, ReferenceTensor joined, Action<int, long, long> visit)
    {
        for (int n = 0; n < joined.Batch; n++)
        {
            long whole = n * joined.Shape.Elements;
            for (int tensor = 0; tensor < inputs.Length; tensor++)
                for (long part = n * inputs[tensor].Shape.Elements, end = part + inputs[tensor].Shape.Elements; part < end; part++)
                    visit(tensor, part, whole++);
        }
    }
}

internal sealed class ReferencePadChannels(PadChannels pad) : ReferenceLayer
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor output = new(inputs[0].Batch, pad.Infer(inputs[0].Shape));
        Walk(inputs[0], output, (source, target) => output.Values[target] = inputs[0].Values[source]);
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients) =>
        Walk(inputs[0], output, (source, target) => inputGradients[0].Values[source] += outputGradient.Values[target]);

    private static void Walk(ReferenceTensor input, ReferenceTensor output, Action<long, long> visit)
    {
        for (int n = 0; n < input.Batch; n++)
            for (long i = 0; i < input.Shape.Elements; i++)
                visit(n * input.Shape.Elements + i, n * output.Shape.Elements + i);
    }
}
