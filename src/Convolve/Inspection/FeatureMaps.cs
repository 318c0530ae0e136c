using Convolve.Layers;

namespace Convolve.Inspection;

/// <summary>Numbers that a layer has for one picture: its output, or how much each place of it matters.</summary>
public sealed class FeatureMaps
{
    private readonly float[] _values;

    internal FeatureMaps(string layer, Shape shape, float[] values) => (Layer, Shape, _values) = (layer, shape, values);

    /// <summary>The name of the layer.</summary>
    public string Layer { get; }

    /// <summary>Channels, height and width; a vector of features has height and width 1.</summary>
    public Shape Shape { get; }

    /// <summary>The values in planes: channel, row, column.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>One channel's values, row by row.</summary>
    /// <param name="channel">From 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel.</exception>
    public ReadOnlySpan<float> this[int channel] => _values.AsSpan(channel * Shape.Height * Shape.Width, Shape.Height * Shape.Width);
}
