using Convolve.Layers;
using static Convolve.Onnx.Attributes;

namespace Convolve.Onnx;

/// <summary>
/// Adaptive average pooling, which ONNX has no operator for: nothing, the mean of the whole image, plain average pooling where all parts
/// are equally large and equally far apart, or else two products with constant matrices, which are exact too.
/// </summary>
internal static class AdaptivePooling
{
    public static string Write(AdaptiveAvgPool2d pool, NodeWriter at)
    {
        Shape input = at.InputShape;
        Size2 output = pool.Output;
        if (output == new Size2(input.Height, input.Width))
            return at.Input;
        if (output == 1)
            return at.Result("GlobalAveragePool", [at.Input]);
        if (Uniform(input.Height, output.Height) is { } rows && Uniform(input.Width, output.Width) is { } columns)
            return at.Result("AveragePool", [at.Input], LayerOperators.AveragePool(
                (rows.Size, columns.Size), (rows.Step, columns.Step), new(output, 0, 0), at));
        // The constants on the right, where all programs take them.
        string columnMeans = at.Matrix("column_means", Means(input.Width, output.Width), input.Width);
        string rowMeans = at.Matrix("row_means", Means(input.Height, output.Height), input.Height);
        string narrow = at.Step("Transpose", "turned", [at.Step("MatMul", "columns", [at.Input, columnMeans])], Ints("perm", 0, 1, 3, 2));
        return at.Result("Transpose", [at.Step("MatMul", "rows", [narrow, rowMeans])], Ints("perm", 0, 1, 3, 2));
    }

    // Part i of an axis: from floor(i in / out) up to, not including, ceil((i + 1) in / out).
    private static (int Start, int Size) Part(int i, int input, int output)
    {
        int start = (int)((long)i * input / output);
        return (start, (int)(((long)(i + 1) * input + output - 1) / output) - start);
    }

    // The size and the distance that all parts of an axis have; null where they differ.
    private static (int Size, int Step)? Uniform(int input, int output)
    {
        (int _, int size) = Part(0, input, output);
        int step = output == 1 ? 1 : Part(1, input, output).Start;
        for (int i = 0; i < output; i++)
            if (Part(i, input, output) != (i * step, size))
                return null;
        return step >= 1 ? (size, step) : null;
    }

    // {input, output}: a column for each part, which sums up to 1.
    private static float[] Means(int input, int output)
    {
        float[] means = new float[checked(input * output)];
        for (int i = 0; i < output; i++)
        {
            (int start, int size) = Part(i, input, output);
            for (int j = start; j < start + size; j++)
                means[j * output + i] = 1f / size;
        }
        return means;
    }
}
