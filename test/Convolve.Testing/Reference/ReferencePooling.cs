using Convolve.Layers;

namespace Convolve.Testing.Reference;

/// <summary>What the two poolings share: the walk over windows and their pixels.</summary>
internal abstract class ReferencePool(Pool2d pool) : ReferenceLayer
{
    protected ReferenceTensor NewOutput(ReferenceTensor input) => new(input.Batch, pool.Infer(input.Shape));

    protected static void ForEachOutput(ReferenceTensor output, Action<int, int, int, int> visit)
    {
        for (int n = 0; n < output.Batch; n++)
            for (int c = 0; c < output.Shape.Channels; c++)
                for (int h = 0; h < output.Shape.Height; h++)
                    for (int w = 0; w < output.Shape.Width; w++)
                        visit(n, c, h, w);
    }

    /// <summary>The pixels of one window, row by row, without those of the padding.</summary>
    protected IEnumerable<(int Y, int X)> Window(ReferenceTensor input, int h, int w)
    {
        Size2 before = pool.Walk(input.Shape).Before;
        for (int i = 0; i < pool.Kernel.Height; i++)
            for (int j = 0; j < pool.Kernel.Width; j++)
            {
                (int y, int x) = (h * pool.Stride.Height + i - before.Height, w * pool.Stride.Width + j - before.Width);
                if (input.Holds(y, x))
                    yield return (y, x);
            }
    }
}

/// <summary>Max pooling; of the negated input, negated again, which is min pooling, where the sign is -1.</summary>
internal sealed class ReferenceMaxPool(Pool2d pool, int sign) : ReferencePool(pool)
{
    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0], output = NewOutput(input);
        ForEachOutput(output, (n, c, h, w) =>
            output[n, c, h, w] = Largest(Window(input, h, w).Select(at => sign * input[n, c, at.Y, at.X])) * sign);
        return output;
    }

    // LINQ's Max passes NaN over.
    private static double Largest(IEnumerable<double> values) => values.Aggregate(Math.Max);

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        ReferenceTensor input = inputs[0];
        ForEachOutput(output, (n, c, h, w) =>
        {
            (int y, int x) = Window(input, h, w).First(at => input[n, c, at.Y, at.X] == output[n, c, h, w]); // the first of equals
            inputGradients[0][n, c, y, x] += outputGradient[n, c, h, w];
        });
    }
}

internal sealed class ReferenceAvgPool(AvgPool2d pool) : ReferencePool(pool)
{
    private readonly AvgPool2d _pool = pool;

    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0], output = NewOutput(input);
        ForEachOutput(output, (n, c, h, w) =>
            output[n, c, h, w] = Window(input, h, w).Sum(at => input[n, c, at.Y, at.X]) / Divisor(input, h, w));
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients) =>
        ForEachOutput(output, (n, c, h, w) =>
        {
            foreach ((int y, int x) in Window(inputs[0], h, w))
                inputGradients[0][n, c, y, x] += outputGradient[n, c, h, w] / Divisor(inputs[0], h, w);
        });

    private int Divisor(ReferenceTensor input, int h, int w) =>
        _pool.CountsPadding ? _pool.Kernel.Height * _pool.Kernel.Width : Window(input, h, w).Count();
}
