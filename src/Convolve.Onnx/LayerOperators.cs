using Convolve.Layers;
using static Convolve.Onnx.Attributes;

namespace Convolve.Onnx;

/// <summary>
/// The operators that each kind of layer becomes. Every attribute is written, because programs differ in their defaults, and only forms
/// that all of them compute alike.
/// </summary>
internal static class LayerOperators
{
    /// <summary>Writes a layer.</summary>
    /// <returns>The name of its value; that of its input where there is nothing to do.</returns>
    /// <exception cref="NetworkException">ONNX has no such layer.</exception>
    public static string Write(Layer layer, NodeWriter at) => layer switch
    {
        Conv2d conv => Conv(conv, at),
        Linear linear => at.Result("Gemm", [at.Input, at.Weight("weight"), .. linear.HasBias ? (string[])[at.Weight("bias")] : []],
            Float("alpha", 1), Float("beta", 1), Int("transA", 0), Int("transB", 1)),

        BatchNorm norm => Normalization(norm, at),
        LocalResponseNorm norm => ResponseNormalization(norm, at),

        MaxPool2d pool => at.Result("MaxPool", [at.Input], MaxPool(pool, at)),
        MinPool2d pool => at.Result("Neg", [at.Step("MaxPool", "max", [at.Step("Neg", "negative", [at.Input])], MaxPool(pool, at))]),
        AvgPool2d pool => AveragePool(pool, at),
        AdaptiveAvgPool2d pool => AdaptivePooling.Write(pool, at),
        GlobalAvgPool => at.Result("Flatten", [at.Step("GlobalAveragePool", "mean", [at.Input])], Int("axis", 1)),

        ReLU => at.Result("Relu", [at.Input]),
        LeakyReLU relu => at.Result("LeakyRelu", [at.Input], Float("alpha", relu.Slope)),
        PReLU relu => at.Result("PRelu", [at.Input, Slopes(relu, at)]),
        Tanh => at.Result("Tanh", [at.Input]),
        Sigmoid => at.Result("Sigmoid", [at.Input]),
        GELU { Approximate: "none" } => GaussianUnit(at),
        GELU => GaussianUnitByTanh(at),
        SiLU => at.Result("Mul", [at.Input, at.Step("Sigmoid", "sigmoid", [at.Input])]),
        Softmax => at.Result("Softmax", [at.Input], Int("axis", 1)),

        Resize resize => Resized(resize, at),
        Flatten => at.Result("Flatten", [at.Input], Int("axis", 1)),
        PadChannels pad => at.Result("Pad", PadInputs(at, 0, 0, 0, 0, 0, pad.Count, 0, 0), Text("mode", "constant")),
        Dropout => at.Input,

        Add => at.Result(at.Inputs.Count == 2 ? "Add" : "Sum", at.Inputs),
        Concat => at.Result("Concat", at.Inputs, Int("axis", 1)),
        _ => throw at.Wrong("there is no operator for it", "Use another layer"),
    };

    private static string Conv(Conv2d conv, NodeWriter at) =>
        at.Result("Conv", [at.Input, at.Weight("weight"), .. conv.HasBias ? (string[])[at.Weight("bias")] : []],
            Pair("kernel_shape", conv.Kernel), Pair("strides", conv.Stride), Pair("dilations", conv.Dilation),
            Pads(conv.Walk(at.InputShape)), Int("group", conv.Groups));

    // One output: with five, as old exporters wrote it, it is training.
    private static string Normalization(BatchNorm norm, NodeWriter at) =>
        at.Result("BatchNormalization",
            [at.Input, at.Weight("weight"), at.Weight("bias"), at.Weight("running_mean"), at.Weight("running_var")],
            [Float("epsilon", norm.Eps), Float("momentum", 1 - norm.Momentum),
                .. at.Opset >= 14 ? (AttributeProto[])[Int("training_mode", 0)] : []]);

    // ONNX divides alpha by the size, always.
    private static string ResponseNormalization(LocalResponseNorm norm, NodeWriter at)
    {
        if (norm.Size % 2 == 0)
            throw at.Wrong($"programs refuse an even size or compute it differently, and this one is {norm.Size}",
                "Train with an odd size");
        AttributeProto[] numbers = [Float("alpha", (float)(norm.Factor * norm.Size)), Float("beta", norm.Beta), Float("bias", norm.K),
            Int("size", norm.Size)];
        if (norm.Groups == 1)
            return at.Result("LRN", [at.Input], numbers);
        // Each group as an image of its own.
        Shape image = at.InputShape;
        string groups = at.Step("Reshape", "groups", [at.Input,
            at.Integers("group_shape", -1, image.Channels / norm.Groups, image.Height, image.Width)]);
        return at.Result("Reshape", [at.Step("LRN", "normalized", [groups], numbers),
            at.Integers("image_shape", -1, image.Channels, image.Height, image.Width)]);
    }

    // Its own padding, which never wins: zeros put around the image first would be merged into it by some programs, and win.
    private static AttributeProto[] MaxPool(Pool2d pool, NodeWriter at) =>
        [.. Window(pool.Kernel, pool.Stride), Pads(pool.Walk(at.InputShape)), Ints("dilations", 1, 1), Int("storage_order", 0)];

    // Counted padding is zeros put around the image: what programs make of count_include_pad differs.
    private static string AveragePool(AvgPool2d pool, NodeWriter at)
    {
        Window window = pool.Walk(at.InputShape);
        string input = at.Input;
        if (pool.CountsPadding && (window.Before, window.After) != (0, 0))
        {
            input = at.Step("Pad", "padded", PadInputs(at, 0, 0, window.Before.Height, window.Before.Width,
                0, 0, window.After.Height, window.After.Width), Text("mode", "constant"));
            window = window with { Before = 0, After = 0 };
        }
        return at.Result("AveragePool", [input], AveragePool(pool.Kernel, pool.Stride, window, at));
    }

    /// <summary>The attributes of an average that doesn't count padding.</summary>
    public static AttributeProto[] AveragePool(Size2 kernel, Size2 stride, Window window, NodeWriter at) =>
        [.. Window(kernel, stride), Pads(window), Int("count_include_pad", 0),
            .. at.Opset >= 19 ? (AttributeProto[])[Ints("dilations", 1, 1)] : []];

    private static string Slopes(PReLU relu, NodeWriter at) =>
        !relu.PerChannel || at.InputShape.IsVector ? at.Weight("weight") : at.Weight("weight", at.InputShape.Channels, 1, 1);

    // In the order in which programs look for it, to put one operator in its place.
    private static string GaussianUnit(NodeWriter at)
    {
        string erf = at.Step("Erf", "erf", [at.Step("Div", "scaled", [at.Input, at.Number("root_2", MathF.Sqrt(2))])]);
        string twice = at.Step("Mul", "twice", [at.Input, at.Step("Add", "raised", [erf, at.Number("one", 1)])]);
        return at.Result("Mul", [twice, at.Number("half", 0.5f)]);
    }

    private static string GaussianUnitByTanh(NodeWriter at)
    {
        string x = at.Input, cube = at.Step("Mul", "cube", [at.Step("Mul", "square", [x, x]), x]);
        string sum = at.Step("Add", "sum", [x, at.Step("Mul", "share", [cube, at.Number("cubic", 0.044715f)])]);
        string tanh = at.Step("Tanh", "tanh", [at.Step("Mul", "scaled", [sum, at.Number("scale", (float)Math.Sqrt(2 / Math.PI))])]);
        string twice = at.Step("Mul", "twice", [x, at.Step("Add", "raised", [tanh, at.Number("one", 1)])]);
        return at.Result("Mul", [twice, at.Number("half", 0.5f)]);
    }

    // By factors: sizes would have to name the batch.
    private static string Resized(Resize resize, NodeWriter at)
    {
        Shape input = at.InputShape;
        if (resize.Size == new Size2(input.Height, input.Width))
            return at.Input;
        string factors = at.Numbers("scales", 1, 1, Factor(input.Height, resize.Size.Height), Factor(input.Width, resize.Size.Width));
        return at.Result("Resize", [at.Input, "", factors], Resampling.Attributes(at.Opset));
    }

    /// <summary>The factor that brings a size to another one: floor(from x factor) in single precision is what programs compute.</summary>
    internal static float Factor(int from, int to)
    {
        float factor = (float)((double)to / from);
        while ((int)MathF.Floor(from * factor) < to)
            factor = MathF.BitIncrement(factor);
        return factor;
    }

    private static string[] PadInputs(NodeWriter at, params ReadOnlySpan<long> pads) =>
        [at.Input, at.Integers("pads", pads), at.Number("zero", 0)];

    private static AttributeProto[] Window(Size2 kernel, Size2 stride) =>
        [Pair("kernel_shape", kernel), Pair("strides", stride), Int("ceil_mode", 0)];

    private static AttributeProto Pair(string name, Size2 size) => Ints(name, size.Height, size.Width);

    private static AttributeProto Pads(Window window) =>
        Ints("pads", window.Before.Height, window.Before.Width, window.After.Height, window.After.Width);
}
