using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>The spans of layers that the networks are written with, and how those that branch name them.</summary>
internal static class Blocks
{
    /// <summary>A convolution and its ReLU.</summary>
    public static Layer[] ConvReLU(int filters, Size2 kernel, Size2? stride = null, Padding padding = default, int groups = 1) =>
        [new Conv2d(filters, kernel, stride, padding, groups: groups), new ReLU()];

    /// <summary>A convolution, batch normalization and its ReLU.</summary>
    public static Layer[] ConvNormReLU(int filters, Size2 kernel, Size2? stride = null, Padding padding = default, bool bias = true) =>
        [new Conv2d(filters, kernel, stride, padding, bias: bias), new BatchNorm2d(), new ReLU()];

    /// <summary>A fully connected layer and its ReLU.</summary>
    public static Layer[] LinearReLU(int units) => [new Linear(units), new ReLU()];

    /// <summary>A dropout layer, or nothing where the probability is 0.</summary>
    public static Layer[] DropoutUnlessZero(float probability) => probability == 0 ? [] : [new Dropout(probability)];

    /// <summary>Adds layers one behind the other, each named by a path and its own word, such as layer1.0.conv1.</summary>
    public static GraphBuilder.Handle Chain(this GraphBuilder net, string path, GraphBuilder.Handle start,
        params ReadOnlySpan<(string Name, Layer Layer)> layers)
    {
        foreach ((string name, Layer layer) in layers)
            start = net.AddNamed(path.Length > 0 ? $"{path}.{name}" : name, layer, start);
        return start;
    }
}
