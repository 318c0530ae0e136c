using System.Text.Json;

namespace Convolve.Serving.Http;

/// <summary>A tensor of a request: what its JSON says of it, and where its values are.</summary>
/// <param name="Name">The input.</param>
/// <param name="Datatype">Such as FP32.</param>
/// <param name="Shape">Outermost first.</param>
/// <param name="Data">Its values within the JSON; empty where they are binary.</param>
/// <param name="BinarySize">Bytes behind the JSON; null where the values are in it.</param>
internal sealed record InferTensor(string Name, string Datatype, IReadOnlyList<long> Shape, Range Data, int? BinarySize);

/// <summary>An output that a request asks for.</summary>
/// <param name="Name">The output.</param>
/// <param name="IsBinary">Whether its values come behind the JSON; null for what the request says.</param>
/// <param name="Classes">How many of the most probable classes are named in place of the numbers; null for the numbers.</param>
internal sealed record InferOutput(string Name, bool? IsBinary, int? Classes);

/// <summary>The JSON of an inference request of the Open Inference Protocol, version 2.</summary>
internal sealed class InferRequest
{
    private const int MostTensors = 16, MostDimensions = 8;

    /// <summary>Comes back with the answer.</summary>
    public string? Id { get; private set; }

    /// <summary>Whether outputs are binary, unless they say otherwise themselves.</summary>
    public bool IsBinaryOutput { get; private set; }

    public List<InferTensor> Inputs { get; } = [];

    public List<InferOutput> Outputs { get; } = [];

    /// <exception cref="Refusal">It isn't JSON, or not a request.</exception>
    public static InferRequest Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            InferRequest request = new();
            request.Read(ref reader);
            return request;
        }
        catch (JsonException e)
        {
            throw Refusal.Bad($"The request isn't valid JSON: {e.Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw Refusal.Bad("The request has a value of the wrong type. Expected an object with \"inputs\", an array of objects with " +
                "\"name\", \"shape\", \"datatype\" and \"data\".");
        }
    }

    private void Read(ref Utf8JsonReader reader)
    {
        reader.Read();
        for (bool isIn = false; NextProperty(ref reader, ref isIn) is { } property;)
        {
            switch (property)
            {
                case "id":
                    Id = reader.GetString();
                    break;
                case "parameters":
                    (bool? isBinary, _, _) = ReadParameters(ref reader, "binary_data_output");
                    IsBinaryOutput = isBinary ?? false;
                    break;
                case "inputs":
                    while (NextItem(ref reader, Inputs.Count))
                        Inputs.Add(ReadInput(ref reader));
                    break;
                case "outputs":
                    while (NextItem(ref reader, Outputs.Count))
                        Outputs.Add(ReadOutput(ref reader));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (reader.Read())
            throw new JsonException("there is more behind the request's object");
    }

    private static InferTensor ReadInput(ref Utf8JsonReader reader)
    {
        string? name = null, datatype = null;
        List<long>? shape = null;
        Range? data = null;
        int? binarySize = null;
        for (bool isIn = false; NextProperty(ref reader, ref isIn) is { } property;)
        {
            switch (property)
            {
                case "name":
                    name = reader.GetString();
                    break;
                case "datatype":
                    datatype = reader.GetString();
                    break;
                case "shape":
                    shape = [];
                    while (NextItem(ref reader, shape.Count, MostDimensions))
                        shape.Add(reader.GetInt64());
                    break;
                case "data":
                    int begin = (int)reader.TokenStartIndex;
                    reader.Skip();
                    data = begin..(int)reader.BytesConsumed;
                    break;
                case "parameters":
                    (_, binarySize, _) = ReadParameters(ref reader, "");
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (name is null || datatype is null || shape is null || (data is null) == (binarySize is null))
            throw Refusal.Bad($"An input needs \"name\", \"shape\", \"datatype\", and either \"data\" or the parameter " +
                $"\"binary_data_size\".{(name is null ? "" : $" That isn't so of input \"{name}\".")}");
        return new(name, datatype, shape, data ?? default, binarySize);
    }

    private static InferOutput ReadOutput(ref Utf8JsonReader reader)
    {
        string? name = null;
        bool? isBinary = null;
        int? classes = null;
        for (bool isIn = false; NextProperty(ref reader, ref isIn) is { } property;)
        {
            if (property == "name")
                name = reader.GetString();
            else if (property == "parameters")
                (isBinary, _, classes) = ReadParameters(ref reader, "binary_data");
            else
                reader.Skip();
        }
        return name is null ? throw Refusal.Bad("An output needs a \"name\".") : new(name, isBinary, classes);
    }

    private static (bool? IsBinary, int? BinarySize, int? Classes) ReadParameters(ref Utf8JsonReader reader, string binary)
    {
        (bool? isBinary, int? binarySize, int? classes) = (null, null, null);
        for (bool isIn = false; NextProperty(ref reader, ref isIn) is { } property;)
        {
            if (property == binary)
                isBinary = reader.GetBoolean();
            else if (property == "binary_data_size")
                binarySize = AtLeast(reader.GetInt32(), 0, property);
            else if (property == "classification")
                classes = AtLeast(reader.GetInt32(), 1, property);
            else
                reader.Skip();
        }
        return (isBinary, binarySize, classes);
    }

    private static int AtLeast(int value, int least, string name) => value >= least ? value
        : throw Refusal.Bad(FormattableString.Invariant($"The parameter \"{name}\" is {value}, expected at least {least}."));

    // Moves to the value of the next property of the object that the reader is in, or, before the first, at; null at its end.
    private static string? NextProperty(ref Utf8JsonReader reader, ref bool isIn)
    {
        if (!isIn && reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException();
        isIn = true;
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
            return null;
        string name = reader.GetString()!;
        reader.Read();
        return name;
    }

    // Moves to the next item of the array that the reader is in, or, before the first, at; false at its end.
    private static bool NextItem(ref Utf8JsonReader reader, int count, int most = MostTensors)
    {
        if (count == 0 && reader.TokenType != JsonTokenType.StartArray)
            throw new FormatException();
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndArray)
            return false;
        return count < most ? true : throw Refusal.Bad(FormattableString.Invariant($"An array has more than {most} items."));
    }
}
