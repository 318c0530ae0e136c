using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Graphs;

namespace Convolve.Onnx;

/// <summary>
/// What other programs look for beside the graph: there is no standard, so it is the keys of ONNX itself (Image.*), of timm and of
/// Ultralytics, and our own.
/// </summary>
internal static class OnnxMetadata
{
    /// <summary>The name of the file beside the model that Hugging Face's libraries read.</summary>
    public const string Sidecar = "preprocessor_config.json";

    private const int Bilinear = 2; // Pillow's number

    /// <summary>The metadata of a model file.</summary>
    public static IEnumerable<(string Key, string Value)> Of(Graph network, Preprocessing preprocessing, OnnxOptions options)
    {
        ImageSize size = preprocessing.Size;
        yield return ("convolve.network", network.Name);
        yield return ("convolve.preprocessing", preprocessing.ToJson());

        yield return ("task", "classify");
        yield return ("names", PythonDictionary(preprocessing.ClassNames));
        yield return ("imgsz", $"[{Text(size.Height)}, {Text(size.Width)}]");

        yield return ("input_size", $"[{Text(size.Channels)}, {Text(size.Height)}, {Text(size.Width)}]");
        yield return ("mean", List(preprocessing.Mean));
        yield return ("std", List(preprocessing.Std));
        yield return ("crop_pct", Text(CropShare(preprocessing)));
        yield return ("interpolation", "bilinear");

        yield return ("Image.BitmapPixelFormat", size.Channels == 1 ? "Gray8" : "Rgb8");
        yield return ("Image.ColorSpaceGamma", "SRGB");
        if (RangeOf(preprocessing, options) is { } range)
            yield return ("Image.NominalPixelRange", range);
    }

    /// <summary>What <see cref="Sidecar"/> says: what is left to do to a picture before the model gets it.</summary>
    public static string Config(Preprocessing preprocessing, OnnxOptions options)
    {
        bool isInside = options.WithPreprocessing;
        Resize? filling = preprocessing.Steps.OfType<Resize>().FirstOrDefault(r => r.KeepsAspect);
        CenterCrop? crop = preprocessing.Steps.OfType<CenterCrop>().FirstOrDefault();
        FrameSize size = FrameSize.Of(preprocessing.Size);
        JsonObject config = new()
        {
            ["do_resize"] = !isInside,
            ["size"] = filling is { Size: { } s } && s.Height == s.Width ? new JsonObject { ["shortest_edge"] = s.Height } : Frame(size),
            ["resample"] = Bilinear,
            ["do_center_crop"] = !isInside && crop is not null,
            ["crop_size"] = Frame(crop?.Size ?? size),
            ["do_rescale"] = !isInside,
            ["rescale_factor"] = 1 / 255.0,
            ["do_normalize"] = !isInside,
            ["image_mean"] = new JsonArray([.. preprocessing.Mean.Select(value => (JsonNode)value)]),
            ["image_std"] = new JsonArray([.. preprocessing.Std.Select(value => (JsonNode)value)]),
        };
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes, new() { Indented = true }))
            config.WriteTo(json);
        return Encoding.UTF8.GetString(bytes.WrittenSpan) + "\n";
    }

    private static JsonObject Frame(FrameSize size) => new() { ["height"] = size.Height, ["width"] = size.Width };

    // The share of the resized picture's side that the crop keeps.
    private static double CropShare(Preprocessing preprocessing) =>
        preprocessing.Steps is [.., Resize { KeepsAspect: true } resize, CenterCrop crop]
            ? (double)crop.Size.Height / resize.Size.Height : 1;

    private static string? RangeOf(Preprocessing preprocessing, OnnxOptions options) => options.WithPreprocessing ? "NominalRange_0_255"
        : IsAll(preprocessing.Mean, 0) && IsAll(preprocessing.Std, 1) ? "Normalized_0_1"
        : IsAll(preprocessing.Mean, 0.5f) && IsAll(preprocessing.Std, 0.5f) ? "Normalized_1_1" : null;

    private static bool IsAll(IReadOnlyList<float> values, float value) => values.All(v => v == value);

    private static string List(IReadOnlyList<float> values) => $"[{string.Join(", ", values.Select(Format.Number))}]";

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    // As Python prints {0: 'cat', 1: 'dog'}.
    private static string PythonDictionary(IReadOnlyList<string> names) =>
        $"{{{string.Join(", ", names.Select((name, i) => $"{Text(i)}: {PythonText(name)}"))}}}";

    private static string PythonText(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        StringBuilder literal = new();
        literal.Append(quote);
        foreach (char c in text)
            _ = c == '\\' || c == quote ? literal.Append('\\').Append(c)
                : char.IsControl(c) ? literal.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}") : literal.Append(c);
        return literal.Append(quote).ToString();
    }
}
