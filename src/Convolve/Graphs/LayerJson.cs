using System.Reflection;
using System.Text.Json;
using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>The part of a node's JSON that is its layer: kind, arguments other than their defaults, and how the weights start.</summary>
internal static class LayerJson
{
    private const string Initializations = "initialization";

    /// <summary>Writes the arguments.</summary>
    public static void Write(Utf8JsonWriter json, Layer layer)
    {
        foreach (LayerArgument argument in layer.Arguments.Where(a => !a.IsDefault))
            Write(json, argument.Name, argument.Value);
        if (layer is not WeightedLayer { Initialization: var start } || start == Initialization.Default)
            return;
        json.WriteStartObject(Initializations);
        json.WriteString("weights", start.Weights.ToString());
        json.WriteString("biases", start.Biases.ToString());
        json.WriteEndObject();
    }

    /// <summary>Reads which kind of layer a node is.</summary>
    public static LayerKind ReadKind(JsonFields fields)
    {
        JsonValue type = fields.Take("type", "a kind of layer");
        string[] known = [.. LayerKind.All.Select(kind => kind.Name)];
        return LayerKind.All.FirstOrDefault(kind => kind.Name == type.Text) ?? throw JsonFields.At(type,
            $"{fields.Where}: {JsonFields.Quote(type)} is not a kind of layer.{JsonFields.Guess(type.Text, known)} Use one of " +
            $"{string.Join(", ", known)}.");
    }

    /// <summary>Reads the arguments of a kind of layer.</summary>
    public static Layer Read(LayerKind kind, JsonFields fields)
    {
        Layer layer = kind.Create(parameter => Read(fields, parameter));
        return layer is WeightedLayer weighted ? weighted with { Initialization = ReadInitialization(fields) } : layer;
    }

    private static void Write(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case int number:
                json.WriteNumber(name, number);
                break;
            case float number:
                json.WriteNumber(name, number);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case string text:
                json.WriteString(name, text);
                break;
            case Size2 { Height: var height, Width: var width } when height == width:
                json.WriteNumber(name, height);
                break;
            case Size2 size:
                json.WriteStartArray(name);
                json.WriteNumberValue(size.Height);
                json.WriteNumberValue(size.Width);
                json.WriteEndArray();
                break;
            case Padding { IsSame: true }:
                json.WriteString(name, "same");
                break;
            case Padding padding:
                Write(json, name, padding.Size);
                break;
            default:
                throw new NotSupportedException($"{name} is a {value.GetType()}, which has no JSON form.");
        }
    }

    // Null where it is left out.
    private static object? Read(JsonFields fields, ParameterInfo parameter)
    {
        string name = parameter.Name!;
        if (parameter.HasDefaultValue && !fields.Knows(name))
            return null;
        return (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) switch
        {
            Type type when type == typeof(int) => fields.Whole(name),
            Type type when type == typeof(float) => fields.Number(name),
            Type type when type == typeof(bool) => fields.Flag(name),
            Type type when type == typeof(string) => fields.Text(name),
            Type type when type == typeof(Size2) => fields.Size(name),
            Type type when type == typeof(Padding) => fields.Padding(name),
            Type type => throw new NotSupportedException($"{name} is a {type}, which has no JSON form."),
        };
    }

    private static Initialization ReadInitialization(JsonFields fields)
    {
        if (!fields.Knows(Initializations))
            return Initialization.Default;
        JsonFields parts = new(fields.Take(Initializations, "an object with weights and biases"), $"{fields.Where}: \"{Initializations}\"");
        Initialization read = new(ReadInitializer(parts, "weights"), ReadInitializer(parts, "biases"));
        parts.End();
        return read;
    }

    private static Initializer ReadInitializer(JsonFields fields, string name)
    {
        const string Expected = "the name of an initializer";
        JsonValue value = fields.Take(name, Expected);
        try
        {
            string text = value.Kind == JsonValueKind.String ? value.Text : throw fields.Wrong(name, value, Expected);
            return Initialization.ParseInitializer(text);
        }
        catch (NetworkException e) when (!e.Message.StartsWith(fields.Where, StringComparison.Ordinal))
        {
            throw JsonFields.At(value, $"{fields.Where}: \"{name}\": {e.Message}", e);
        }
    }
}
