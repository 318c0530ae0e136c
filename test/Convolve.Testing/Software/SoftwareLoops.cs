using Convolve.Kernels.Contract;
using Convolve.Testing.Reference;

namespace Convolve.Testing.Software;

/// <summary>Which elements meet in an operation: the same walk serves its forward and its backward passes.</summary>
internal static class SoftwareLoops
{
    /// <summary>Every product of a convolution: elements of source, weights and target.</summary>
    /// <param name="source">N, C, H, W.</param>
    /// <param name="weights">O, I, H, W, or G, O, I, H, W.</param>
    /// <param name="target">N, O, H, W.</param>
    /// <param name="walk">How the window walks.</param>
    /// <param name="visit">Receives the places of the three.</param>
    public static void Convolution(int[] source, int[] weights, int[] target, Walk walk, Action<int, int, int> visit)
    {
        int[] w = weights.Length == 5 ? weights : [1, .. weights];
        for (int n = 0; n < target[0]; n++)
            for (int o = 0; o < target[1]; o++)
                for (int y = 0; y < target[2]; y++)
                    for (int x = 0; x < target[3]; x++)
                        for (int i = 0; i < w[2]; i++)
                            for (int kernelRow = 0; kernelRow < w[3]; kernelRow++)
                                for (int kernelColumn = 0; kernelColumn < w[4]; kernelColumn++)
                                {
                                    int row = y * walk.Stride.Height - walk.Before.Height + kernelRow * walk.Dilation.Height;
                                    int column = x * walk.Stride.Width - walk.Before.Width + kernelColumn * walk.Dilation.Width,
                                        channel = o / w[1] * w[2] + i;
                                    if (row >= 0 && row < source[2] && column >= 0 && column < source[3])
                                        visit(At(source, n, channel, row, column),
                                            ((o * w[2] + i) * w[3] + kernelRow) * w[4] + kernelColumn, At(target, n, o, y, x));
                                }
    }

    /// <summary>Every product of a fully connected layer.</summary>
    public static void InnerProduct(int[] source, int[] target, Action<int, int, int> visit)
    {
        int features = source.Skip(1).Aggregate(1, (product, size) => product * size);
        for (int n = 0; n < target[0]; n++)
            for (int o = 0; o < target[1]; o++)
                for (int i = 0; i < features; i++)
                    visit(n * features + i, o * features + i, n * target[1] + o);
    }

    /// <summary>Every window of a pooling: the places of its pixels that are in the image, and of its output.</summary>
    public static void Pooling(int[] source, int[] target, PoolingForward pool, Action<List<int>, int> visit)
    {
        List<int> pixels = [];
        for (int n = 0; n < target[0]; n++)
            for (int c = 0; c < target[1]; c++)
                for (int y = 0; y < target[2]; y++)
                    for (int x = 0; x < target[3]; x++)
                    {
                        pixels.Clear();
                        for (int i = 0; i < pool.Kernel.Height; i++)
                            for (int j = 0; j < pool.Kernel.Width; j++)
                                if (y * pool.Walk.Stride.Height - pool.Walk.Before.Height + i is var row && row >= 0 && row < source[2]
                                    && x * pool.Walk.Stride.Width - pool.Walk.Before.Width + j is var column && column >= 0
                                        && column < source[3])
                                    pixels.Add(At(source, n, c, row, column));
                        visit(pixels, At(target, n, c, y, x));
                    }
    }

    /// <summary>Every share that a pixel has in a resized image.</summary>
    public static void Resampling(int[] source, int[] target, Action<int, int, double> visit)
    {
        for (int n = 0; n < target[0]; n++)
            for (int c = 0; c < target[1]; c++)
                for (int y = 0; y < target[2]; y++)
                    for (int x = 0; x < target[3]; x++)
                        foreach ((int row, double high) in Neighbors(y, target[2], source[2]))
                            foreach ((int column, double wide) in Neighbors(x, target[3], source[3]))
                                visit(At(source, n, c, row, column), At(target, n, c, y, x), high * wide);
    }

    public static double Function(ElementwiseFunction function, double x) => function.Kind switch
    {
        ElementwiseKind.ReLU => x > 0 ? x : function.Alpha * x,
        ElementwiseKind.Tanh => Math.Tanh(x),
        ElementwiseKind.Logistic => 1 / (1 + Math.Exp(-x)),
        ElementwiseKind.GeluErf => x * ReferenceFunctions.NormalBelow(x),
        ElementwiseKind.GeluTanh => ReferenceFunctions.GeluTanh(x),
        _ => x / (1 + Math.Exp(-function.Alpha * x)),
    };

    /// <summary>
    /// The derivative at what is kept: the function's output, or its input where it <see cref="ElementwiseFunction.DerivesFromInput"/>.
    /// </summary>
    public static double Slope(ElementwiseFunction function, double kept) => function.Kind switch
    {
        ElementwiseKind.ReLU => kept > 0 ? 1 : function.Alpha,
        ElementwiseKind.Tanh => 1 - kept * kept,
        ElementwiseKind.Logistic => kept * (1 - kept),
        ElementwiseKind.GeluErf => ReferenceFunctions.NormalBelow(kept) + kept * ReferenceFunctions.NormalDensity(kept),
        ElementwiseKind.GeluTanh => ReferenceFunctions.GeluTanhSlope(kept),
        _ when 1 / (1 + Math.Exp(-function.Alpha * kept)) is var sigmoid => sigmoid * (1 + function.Alpha * kept * (1 - sigmoid)),
        _ => throw new NotSupportedException(),
    };

    private static int At(int[] sizes, int n, int c, int y, int x) => ((n * sizes[1] + c) * sizes[2] + y) * sizes[3] + x;

    // Between the centers of the pixels; outside of the image its edge.
    private static (int At, double Share)[] Neighbors(int i, int output, int input)
    {
        double at = Math.Clamp((i + 0.5) * input / output - 0.5, 0, input - 1);
        int before = (int)at;
        return before == at ? [(before, 1)] : [(before, before + 1 - at), (before + 1, at - before)];
    }
}
