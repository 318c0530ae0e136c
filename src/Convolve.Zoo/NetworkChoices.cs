using System.Globalization;
using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>The chosen options of a network, as typed, and how they are read.</summary>
internal sealed class NetworkChoices
{
    private readonly string _network;
    private readonly IReadOnlyList<NetworkOption> _options;
    private readonly IReadOnlyDictionary<string, string> _chosen;

    public NetworkChoices(string network, IReadOnlyList<NetworkOption> options, IReadOnlyDictionary<string, string> chosen)
    {
        (_network, _options, _chosen) = (network, options, chosen);
        foreach (string name in chosen.Keys)
            if (!options.Any(o => o.Name == name))
                throw new NetworkException(
                    $"{network} has no option \"{name}\".{NearestName.Guess(name, options.Select(o => o.Name))} Its options are " +
                    $"{string.Join(", ", options.Select(o => $"{o.Name} ({o.Values})"))}.");
    }

    /// <summary>Reads an option that is one of some names.</summary>
    /// <exception cref="NetworkException">The value is none of them.</exception>
    public T OneOf<T>(string name, params ReadOnlySpan<(string Text, T Value)> values)
    {
        string chosen = Text(name);
        foreach ((string text, T value) in values)
            if (text == chosen)
                return value;
        throw Wrong(name);
    }

    /// <summary>Reads a probability in [0, 1); "off" is 0.</summary>
    /// <exception cref="NetworkException">The value is not such a number.</exception>
    public float Probability(string name)
    {
        string chosen = Text(name);
        if (chosen == "off")
            return 0;
        return float.TryParse(chosen, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && value is >= 0
            and < 1 ? value : throw Wrong(name);
    }

    /// <summary>Reads the shape of an image, such as 3x224x224.</summary>
    /// <exception cref="NetworkException">The value is not a shape.</exception>
    public Shape Image(string name)
    {
        int[] sizes = [.. Text(name).Split('x')
            .Select(s => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0)];
        return sizes.Length == 3 && sizes.All(size => size >= 1) ? new(sizes[0], sizes[1], sizes[2]) : throw Wrong(name);
    }

    private NetworkOption Option(string name) => _options.First(o => o.Name == name);

    private string Text(string name) => _chosen.GetValueOrDefault(name) ?? Option(name).Default;

    private NetworkException Wrong(string name) =>
        new($"{_network}: {name}: expected {Option(name).Values}, got \"{Text(name)}\".");
}
