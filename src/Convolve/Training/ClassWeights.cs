using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Convolve.Data;

namespace Convolve.Training;

/// <summary>
/// The weights of the classes in the training loss, as in PyTorch's CrossEntropyLoss; validation and test are not weighted.
/// </summary>
/// <remarks>
/// Balanced weights give every class the same total weight: n / (k x n_c) for n training pictures, n_c of them of the class, and k classes
/// that have pictures.
/// </remarks>
[JsonConverter(typeof(ClassWeightsConverter))]
public sealed class ClassWeights : IEquatable<ClassWeights>
{
    private const int MostNamed = 20;
    private const string BalancedName = "balanced", NoneName = "none";
    private readonly (string Name, float Weight)[] _weights;
    private readonly string _text;

    private ClassWeights(string text, (string, float)[] weights) => (_text, _weights) = (text, weights);

    /// <summary>The same weight for every class.</summary>
    public static ClassWeights None { get; } = new(NoneName, []);

    /// <summary>Weights that give every class the same total weight.</summary>
    public static ClassWeights Balanced { get; } = new(BalancedName, []);

    /// <summary>Whether all classes have the same weight.</summary>
    public bool IsNone => _text == NoneName;

    /// <summary>Parses class weights.</summary>
    /// <param name="text">"balanced", "none", or weights of classes by name, such as "cat=2,dog=0.5"; the others have weight 1.</param>
    /// <exception cref="RecipeException">A weight isn't a number above 0, or a name is missing or repeated.</exception>
    public static ClassWeights Parse(string text)
    {
        if (text is NoneName or BalancedName)
            return text == NoneName ? None : Balanced;
        List<(string Name, float Weight)> weights = [];
        foreach (string part in text.Split(','))
        {
            int sign = part.LastIndexOf('=');
            if (sign < 1 || !float.TryParse(part.AsSpan(sign + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out float weight)
                || weight is not (> 0 and < float.PositiveInfinity))
                throw new RecipeException(
                    $"\"{part}\" isn't the weight of a class. Use balanced, none, or NAME=WEIGHT,... with weights above 0, such as " +
                    $"cat=2,dog=0.5.");
            if (weights.Any(w => w.Name == part[..sign]))
                throw new RecipeException($"The class {part[..sign]} has two weights. Use only one.");
            weights.Add((part[..sign], weight));
        }
        return new(string.Join(',', weights.Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Name}={w.Weight:R}"))),
            [.. weights]);
    }

    /// <summary>
    /// The weight of each class of a split; null if all are the same. A class without pictures has no balanced weight, and gets 0.
    /// </summary>
    /// <exception cref="RecipeException">A name isn't a class of the data.</exception>
    public float[]? For(Split train)
    {
        ArgumentNullException.ThrowIfNull(train);
        IReadOnlyList<string> names = train.Dataset.ClassNames;
        if (IsNone)
            return null;
        if (_text == BalancedName)
            return BalancedOf(train);
        float[] weights = [.. names.Select(_ => 1f)];
        foreach ((string name, float weight) in _weights)
        {
            int label = names.ToList().IndexOf(name);
            if (label < 0)
                throw new RecipeException(
                    $"A class weight is given for {name}, but the classes of the data are {string.Join(", ", names.Take(MostNamed))}" +
                    $"{(names.Count > MostNamed ? $", and {names.Count - MostNamed} more" : "")}.")
                { Remedy = Remedy.ClassWeights };
            weights[label] = weight;
        }
        return weights;
    }

    public bool Equals(ClassWeights? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as ClassWeights);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => _text;

    private static float[] BalancedOf(Split train)
    {
        int[] counts = new int[train.Dataset.ClassNames.Count];
        foreach (int image in train.Indices)
            counts[train.Dataset.Labels[image]]++;
        double even = (double)train.Count / counts.Count(count => count > 0);
        return [.. counts.Select(count => count == 0 ? 0 : (float)(even / count))];
    }
}

/// <summary>Class weights as a string.</summary>
internal sealed class ClassWeightsConverter : JsonConverter<ClassWeights>
{
    public override ClassWeights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ClassWeights.Parse(reader.GetString() ?? throw new JsonException("expected class weights as a string, such as \"balanced\", got " +
            "null."));

    public override void Write(Utf8JsonWriter writer, ClassWeights value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
