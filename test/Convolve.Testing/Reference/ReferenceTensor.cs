using Convolve.Layers;

namespace Convolve.Testing.Reference;

/// <summary>A batch of images or vectors in float64, in plain NCHW order.</summary>
internal sealed class ReferenceTensor(int batch, Shape shape, double[]? values = null)
{
    public int Batch { get; } = batch;

    public Shape Shape { get; } = shape;

    public double[] Values { get; } = values ?? new double[batch * shape.Elements];

    public ref double this[int n, int c, int h, int w] => ref Values[((n * Shape.Channels + c) * Shape.Height + h) * Shape.Width + w];

    public bool Holds(int h, int w) => h >= 0 && h < Shape.Height && w >= 0 && w < Shape.Width;
}
