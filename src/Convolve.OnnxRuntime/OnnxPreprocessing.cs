using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;

namespace Convolve.OnnxRuntime;

/// <summary>
/// What a file's metadata say of its preprocessing: all of it in a file of Convolve; mean, std, crop_pct and input_size as timm writes
/// them, and class names as Ultralytics does.
/// </summary>
internal static partial class OnnxPreprocessing
{
    private const string Own = "convolve.preprocessing";

    /// <summary>The preprocessing of a file; null if it has no class names.</summary>
    /// <exception cref="OnnxException">It can't be read.</exception>
    public static Preprocessing? Of(string path, IReadOnlyDictionary<string, string> metadata, OnnxInput input)
    {
        try
        {
            if (metadata.TryGetValue(Own, out string? json))
                return Preprocessing.FromJson(json);
            if (!metadata.TryGetValue("names", out string? names) || Names(names) is not { Count: > 0 } classNames)
                return null;
            return For(input, classNames, Numbers(metadata, "mean"), Numbers(metadata, "std"), Steps(metadata, input),
                Numbers(metadata, "imgsz") ?? Numbers(metadata, "input_size")?[^2..]);
        }
        catch (DatasetException e)
        {
            throw new OnnxException(path, $"its preprocessing cannot be read: {e.Message}", "Export it again.", e);
        }
    }

    /// <summary>A preprocessing for an input.</summary>
    /// <param name="input">What the network takes.</param>
    /// <param name="classNames">One for each output.</param>
    /// <param name="mean">For each channel; null for 0.</param>
    /// <param name="std">For each channel; null for 1.</param>
    /// <param name="steps">Before the normalization; null for none.</param>
    /// <param name="size">Height and width, where the network leaves them open; null for 224.</param>
    /// <exception cref="DatasetException">Numbers and channels don't fit together.</exception>
    public static Preprocessing For(OnnxInput input, IReadOnlyList<string> classNames, IReadOnlyList<float>? mean = null,
        IReadOnlyList<float>? std = null, TransformList? steps = null, IReadOnlyList<float>? size = null)
    {
        const int Usual = 224;
        int height = input.Height > 0 ? input.Height : size is [float h, ..] ? (int)h : Usual;
        int width = input.Width > 0 ? input.Width : size is [_, float w, ..] ? (int)w : height;
        return new Preprocessing
        {
            Size = new(input.Channels, height, width),
            Steps = steps ?? TransformList.Empty,
            Mean = mean ?? [.. Enumerable.Repeat(0f, input.Channels)],
            Std = std ?? [.. Enumerable.Repeat(1f, input.Channels)],
            ClassNames = classNames,
            ColorOrder = input.Channels == 1 ? "grey" : "rgb",
        }.Validate();
    }

    // timm resizes the shorter side so that the crop is this share of it.
    private static TransformList? Steps(IReadOnlyDictionary<string, string> metadata, OnnxInput input) =>
        input.Height > 0 && input.Height == input.Width && metadata.TryGetValue("crop_pct", out string? text)
        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is > 0 and <= 1
            ? TransformList.Parse(string.Create(CultureInfo.InvariantCulture,
                $"resize:{(int)Math.Floor(input.Height / share)},center-crop:{input.Height}")) : null;

    private static float[]? Numbers(IReadOnlyDictionary<string, string> metadata, string key)
    {
        if (!metadata.TryGetValue(key, out string? text))
            return null;
        string[] parts = text.Trim('[', ']', '(', ')', ' ').Split(',',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        float[] numbers = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (!float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
                return null;
        return numbers.Length > 0 ? numbers : null;
    }

    // As Python prints {0: 'cat', 1: "it's"}.
    private static List<string> Names(string text)
    {
        List<string> names = [];
        foreach (Match match in Entry().Matches(text))
        {
            if (match.Groups["index"].Value != names.Count.ToString(CultureInfo.InvariantCulture))
                return [];
            names.Add(Escape().Replace(match.Groups["single"].Success ? match.Groups["single"].Value : match.Groups["double"].Value,
                escaped => escaped.Groups["hex"].Success
                    ? ((char)int.Parse(escaped.Groups["hex"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString()
                    : escaped.Groups["char"].Value));
        }
        return names;
    }

    [GeneratedRegex("""(?<index>\d+): (?:'(?<single>(?:\\.|[^'\\])*)'|"(?<double>(?:\\.|[^"\\])*)")""")]
    private static partial Regex Entry();

    [GeneratedRegex("""\\(?:x(?<hex>[0-9a-f]{2})|(?<char>.))""")]
    private static partial Regex Escape();
}
