using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Onnx;

namespace Convolve.Cli.Screens;

/// <summary>What was exported, and how other languages run it.</summary>
internal sealed class ExportScreen(OnnxFile file, Preprocessing preprocessing)
{
    private readonly OnnxOptions _options = file.Options;

    public void Show(Output output)
    {
        output.Fact("file", $"{file.Path} ({Format.Bytes(file.Bytes)}): ONNX, opset {_options.Opset}, IR {_options.IrVersion}");
        output.Fact("input", $"{file.Input}: {InputWords}");
        output.Fact("output", $"{file.Output}");
        output.Fact("metadata", $"class names and preprocessing, in the file and in {file.Sidecar}");
        foreach ((string title, string text) in Snippets)
        {
            output.Line();
            output.Title(title);
            foreach (string line in text.TrimEnd().Split('\n'))
                output.Words.WriteLine(line);
        }
    }

    public JsonObject Json() => new()
    {
        ["file"] = Path.GetFullPath(file.Path),
        ["format"] = "onnx",
        ["bytes"] = file.Bytes,
        ["opset"] = _options.Opset,
        ["ir_version"] = _options.IrVersion,
        ["inputs"] = new JsonArray(Json(file.Input)),
        ["outputs"] = new JsonArray(Json(file.Output)),
        ["preprocessor_config"] = Path.GetFullPath(file.Sidecar),
        ["snippets"] = new JsonObject([.. Snippets.Select(s => KeyValuePair.Create(s.Title, (JsonNode?)s.Text))]),
    };

    private static JsonObject Json(OnnxValue value) => new()
    {
        ["name"] = value.Name,
        ["type"] = value.Type,
        ["shape"] = new JsonArray([.. value.Shape.Select(size => size is long number ? JsonValue.Create(number)
            : (JsonNode?)(string)size)]),
    };

    private string InputWords => _options.WithPreprocessing
        ? $"{(Channels == 1 ? "gray pixels" : "pixels, red first")}, 0 to 255"
        : $"(pixel / 255 - mean) / std, mean {Numbers(preprocessing.Mean, ", ")}, std {Numbers(preprocessing.Std, ", ")}" +
            (Channels == 1 ? "; gray" : "; red first");

    private int Classes => preprocessing.ClassNames.Count;

    private int Channels => preprocessing.Size.Channels;

    private ImageSize Size => preprocessing.Size;

    private int Batch => _options.StaticBatch ?? 1;

    // The size of the pictures of the snippets: the input's where it is fixed, else the network's.
    private (long Height, long Width) Picture => _options.WithPreprocessing && file.Input.Shape is [_, long height, long width, _]
        ? (height, width) : (Size.Height, Size.Width);

    private IEnumerable<(string Title, string Text)> Snippets => [("C#", CSharp), ("Python", Python), ("JavaScript", JavaScript)];

    private string Shape => _options.WithPreprocessing ? $"{Batch}, {Picture.Height}, {Picture.Width}, {Channels}"
        : $"{Batch}, {Channels}, {Size.Height}, {Size.Width}";

    private string Order => _options.WithPreprocessing ? "row by row, the channels of a pixel together" : "channel by channel, row by row";

    private string CSharp => $$"""
        // dotnet add package Microsoft.ML.OnnxRuntime
        using Microsoft.ML.OnnxRuntime;

        using InferenceSession session = new({{Text(file.Path)}});
        long[] shape = [{{Shape}}];
        {{CSharpInput}}
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(values, shape);
        using RunOptions options = new();
        using var outputs = session.Run(options, ["{{file.Input.Name}}"], [input], ["{{file.Output.Name}}"]);
        float[] scores = outputs[0].GetTensorDataAsSpan<float>()[..{{Classes}}].ToArray(); // of the first picture
        Console.WriteLine($"class {Array.IndexOf(scores, scores.Max())}");
        """;

    private string CSharpInput => _options.WithPreprocessing
        ? $"byte[] values = new byte[{Shape.Replace(", ", " * ", StringComparison.Ordinal)}]; // pixels, {Order}"
        : $$"""
            byte[] pixels = new byte[{{Shape.Replace(", ", " * ", StringComparison.Ordinal)}}]; // {{Order}}
            float[] mean = [{{Numbers(preprocessing.Mean, "f, ")}}f], std = [{{Numbers(preprocessing.Std, "f, ")}}f];
            float[] values = [.. pixels.Select((pixel, i) => (pixel / 255f - mean[{{Channel}}]) / std[{{Channel}}])];
            """;

    private string Python => $$"""
        # pip install onnxruntime pillow
        import numpy as np
        import onnxruntime
        from PIL import Image

        session = onnxruntime.InferenceSession({{Text(file.Path)}})
        picture = Image.open("picture.png").convert("{{(Channels == 1 ? "L" : "RGB")}}").resize(({{Picture.Width}}, {{Picture.Height}}), Image.BILINEAR)
        pixels = np.asarray(picture, dtype=np.uint8).reshape(1, {{Picture.Height}}, {{Picture.Width}}, {{Channels}})
        {{PythonInput}}
        scores = session.run(["{{file.Output.Name}}"], {"{{file.Input.Name}}": values})[0]
        print("class", scores.argmax(axis=1)[0])
        """;

    private string PythonInput => (_options.WithPreprocessing ? "values = pixels" : $"""
        mean, std = np.float32([{Numbers(preprocessing.Mean, ", ")}]), np.float32([{Numbers(preprocessing.Std, ", ")}])
        values = ((pixels / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
        """) + (Batch == 1 ? "" : $"\nvalues = np.repeat(values, {Batch}, axis=0)");

    private string JavaScript => $$"""
        // npm install onnxruntime-node; in a browser: onnxruntime-web
        import * as ort from "onnxruntime-node";

        const session = await ort.InferenceSession.create({{Text(file.Path)}});
        const shape = [{{Shape}}];
        {{JavaScriptInput}}
        const outputs = await session.run({ "{{file.Input.Name}}": input });
        const scores = outputs["{{file.Output.Name}}"].data.slice(0, {{Classes}}); // of the first picture
        console.log("class", scores.indexOf(Math.max(...scores)));
        """;

    private string JavaScriptInput => _options.WithPreprocessing ? $$"""
            const pixels = new Uint8Array({{Shape.Replace(", ", " * ", StringComparison.Ordinal)}}); // {{Order}}
            const input = new ort.Tensor("uint8", pixels, shape);
            """ : $$"""
            const pixels = new Uint8Array({{Shape.Replace(", ", " * ", StringComparison.Ordinal)}}); // {{Order}}
            const mean = [{{Numbers(preprocessing.Mean, ", ")}}], std = [{{Numbers(preprocessing.Std, ", ")}}];
            const values = Float32Array.from(pixels, (pixel, i) => (pixel / 255 - mean[{{JavaScriptChannel}}]) / std[{{JavaScriptChannel}}]);
            const input = new ort.Tensor("float32", values, shape);
            """;

    // The channel of value i.
    private string Channel => Channels == 1 ? "0" : $"i / {Size.PixelCount} % {Channels}";

    private string JavaScriptChannel => Channels == 1 ? "0" : $"Math.floor(i / {Size.PixelCount}) % {Channels}";

    private static string Numbers(IReadOnlyList<float> values, string separator) => string.Join(separator, values.Select(Format.Number));

    // A literal that all three languages read.
    private static string Text(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
