using System.Globalization;
using System.IO.Enumeration;
using System.Text.Json;
using System.Text.Json.Serialization;
using Convolve.Graphs;

namespace Convolve.Training.Optimizers;

/// <summary>Factors of the learning rate for layers by name: below 1 for what is learned already, 0 for what shall stay as it is.</summary>
/// <remarks>
/// A name may hold * for any letters: conv*, layer1.*. Where several fit a layer, the last one counts; the others have factor 1. Two are
/// equal when their texts are.
/// </remarks>
[JsonConverter(typeof(LayerRatesConverter))]
public sealed class LayerRates : IEquatable<LayerRates>
{
    private readonly (string Pattern, float Factor)[] _rates;

    private LayerRates((string, float)[] rates) => _rates = rates;

    /// <summary>Factor 1 for every layer.</summary>
    public static LayerRates None { get; } = new([]);

    /// <summary>Whether every layer has factor 1.</summary>
    public bool IsNone => _rates.Length == 0;

    /// <summary>Parses layer rates.</summary>
    /// <param name="text">Such as "conv*=0.1,fc3=10"; a name without a factor is frozen: "conv1,conv2". "none" for none.</param>
    /// <exception cref="RecipeException">A factor is not a number of at least 0, or a name is missing.</exception>
    public static LayerRates Parse(string text)
    {
        if (text is "none" or "")
            return None;
        return new([.. text.Split(',').Select(part =>
        {
            string[] sides = part.Split('=', 2);
            float factor = 0;
            bool isNumber = sides.Length == 1 || float.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out factor);
            if (sides[0].Length == 0 || !isNumber || factor is not (>= 0 and < float.PositiveInfinity))
                throw new RecipeException($"Expected NAME=FACTOR, such as conv*=0.1 or fc3=10, got \"{part}\".");
            return (sides[0], factor);
        })]);
    }

    /// <summary>The same without factors other than 0: what is frozen stays so, and the rest has factor 1.</summary>
    internal LayerRates OnlyFrozen => new([.. _rates.Select(r => (r.Pattern, r.Factor == 0 ? 0f : 1f))]);

    /// <summary>The factor of each parameter of a graph, by name.</summary>
    /// <exception cref="RecipeException">A name fits no layer that learns, or every layer is frozen.</exception>
    internal Func<string, float> For(Graph graph)
    {
        string[] learning = [.. graph.Nodes.Where(n => n.ParameterCount > 0).Select(n => n.Name)];
        foreach ((string pattern, _) in _rates)
            if (!learning.Any(name => Fits(pattern, name)))
                throw new RecipeException(
                    $"No trainable layer of {graph.Name} is called {pattern}.{NearestName.Guess(pattern.Trim('*'), learning)} Its " +
                    $"trainable layers are {string.Join(", ", learning)}.");
        if (learning.All(name => FactorOf(name) == 0))
            throw new RecipeException(
                $"Every layer of {graph.Name} is frozen, so nothing would be learned. Leave at least the last one, {learning[^1]}, " +
                $"trainable.");
        // A parameter's name is its layer's, and what it is.
        return parameter => FactorOf(parameter[..parameter.LastIndexOf('.')]);
    }

    /// <summary>The frozen layers of a graph.</summary>
    public IReadOnlyList<string> FrozenIn(Graph graph) => FrozenIn(graph, 0);

    /// <summary>The layers of a graph whose rate has at most a factor.</summary>
    internal IReadOnlyList<string> FrozenIn(Graph graph, float most) =>
        [.. graph.Nodes.Where(n => n.ParameterCount > 0 && FactorOf(n.Name) <= most).Select(n => n.Name)];

    public bool Equals(LayerRates? other) => other is not null && _rates.SequenceEqual(other._rates);

    public override bool Equals(object? obj) => Equals(obj as LayerRates);

    public override int GetHashCode() => _rates.Aggregate(0, HashCode.Combine);

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => IsNone ? "none"
        : string.Join(',',
        _rates.Select(r => r.Factor == 0 ? r.Pattern : string.Create(CultureInfo.InvariantCulture, $"{r.Pattern}={r.Factor:R}")));

    private float FactorOf(string layer)
    {
        float factor = 1;
        foreach ((string pattern, float own) in _rates)
            if (Fits(pattern, layer))
                factor = own;
        return factor;
    }

    private static bool Fits(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}

/// <summary>Layer rates as a string.</summary>
internal sealed class LayerRatesConverter : JsonConverter<LayerRates>
{
    public override LayerRates Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        LayerRates.Parse(reader.GetString() ?? throw new JsonException("expected layer rates as a string, such as \"conv*=0.1\", got " +
            "null."));

    public override void Write(Utf8JsonWriter writer, LayerRates value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
