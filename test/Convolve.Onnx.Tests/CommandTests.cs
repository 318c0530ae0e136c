using System.Diagnostics;
using System.Text.Json.Nodes;
using Convolve.Cli.Tests;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Inference;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Training;

namespace Convolve.Onnx.Tests;

/// <summary>`convolve export` as a process, and what ONNX Runtime makes of its files.</summary>
public sealed class CommandTests(CommandTests.TrainedRun run) : IClassFixture<CommandTests.TrainedRun>
{
    /// <summary>A network that was trained a little.</summary>
    public sealed class TrainedRun : IDisposable
    {
        public TrainedRun()
        {
            CliResult trained = Cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "2000", "--epochs", "2", "--lr", "0.05",
                "--out", "run");
            Assert.True(trained.Status == 0, trained.Errors);
        }

        public Cli.Tests.Cli Cli { get; } = new();

        public void Dispose() => Cli.Dispose();
    }

    private readonly Cli.Tests.Cli _cli = run.Cli;

    [Fact]
    public void The_file_is_beside_the_model_and_described()
    {
        CliResult result = _cli.Run("export", "run", "--json");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        JsonObject json = result.Json;
        Assert.Equal(
            $$"""
            {"file":"{{_cli.At("run/model.onnx")}}","format":"onnx","bytes":{{new FileInfo(_cli.At("run/model.onnx")).Length}},"opset":13,
            "ir_version":7,"inputs":[{"name":"input","type":"float32","shape":["N",1,28,28]}],
            "outputs":[{"name":"logits","type":"float32","shape":["N",10]}],
            "preprocessor_config":"{{_cli.At("run/preprocessor_config.json")}}"}
            """.ReplaceLineEndings(""), Without(json, "snippets").ToJsonString());
        JsonNode config = JsonNode.Parse(File.ReadAllText(_cli.At("run/preprocessor_config.json")))!;
        Assert.Equal((28, 28, true, 2), ((int)config["size"]!["height"]!, (int)config["size"]!["width"]!, (bool)config["do_normalize"]!,
            (int)config["resample"]!));
        CliResult text = _cli.Run("export", "run", "--static-batch", "2", "--opset", "18", "--with-preprocessing", "--out", "two.onnx");
        Assert.Equal((0, ""), (text.Status, text.Errors));
        Assert.StartsWith($"""
            file        two.onnx ({Format.Bytes(new FileInfo(_cli.At("two.onnx")).Length)}): ONNX, opset 18, IR 8
            input       image: uint8 [2, 28, 28, 1]: gray pixels, 0 to 255
            output      logits: float32 [2, 10]
            metadata    class names and preprocessing, in the file and in {_cli.At("preprocessor_config.json")}

            C#
            // dotnet add package Microsoft.ML.OnnxRuntime
            """, text.Output, StringComparison.Ordinal);
    }

    // Numbers in, and bytes in: both as accurate as Convolve itself, to the picture.
    [Fact]
    public void ONNX_Runtime_is_as_accurate_as_evaluate()
    {
        JsonObject evaluated = _cli.Run("evaluate", "run", "--json").Json;
        Assert.Equal(0, _cli.Run("export", "run", "--out", "numbers.onnx").Status);
        Assert.Equal(0, _cli.Run("export", "run", "--out", "bytes.onnx", "--opset", "18", "--with-preprocessing").Status);
        Recipe recipe = RunFolder.ReadRecipe(_cli.At("run")).Recipe;
        Split test = recipe.Split(Datasets.Load(recipe.Dataset)).Test;
        using ModelFile model = ModelFile.Open(_cli.At("run"));
        ImagePipeline pipeline = new(model.Preprocessing, 1);
        using OrtSession numbers = new(_cli.At("numbers.onnx")), bytes = new(_cli.At("bytes.onnx"));
        const int Pixels = 28 * 28, Classes = 10, Batch = 500;
        int right = 0, rightOfBytes = 0;
        for (int from = 0; from < test.Count; from += Batch)
        {
            int[] images = [.. test.Indices.Skip(from).Take(Batch)];
            float[] values = new float[images.Length * Pixels];
            byte[] pictures = new byte[images.Length * Pixels];
            for (int i = 0; i < images.Length; i++)
            {
                test.Dataset.PixelsOf(images[i]).CopyTo(pictures.AsSpan(i * Pixels));
                pipeline.Write(test.Dataset.PixelsOf(images[i]), test.Dataset.SizeOf(images[i]), values.AsSpan(i * Pixels, Pixels));
            }
            right += Right(numbers.Run(values, images.Length, 1, 28, 28), images);
            rightOfBytes += Right(bytes.Run(pictures, images.Length, 28, 28, 1), images);
        }
        double expected = (double)evaluated["accuracy"]! * (int)evaluated["images"]!;
        Assert.Equal((int)evaluated["images"]!, test.Count);
        Assert.InRange(right, expected - 1.5, expected + 1.5); // a tie may fall otherwise
        Assert.InRange(rightOfBytes, expected - 1.5, expected + 1.5);
        Assert.True(right > 0.4 * test.Count, "nothing was learned");

        int Right(float[] logits, int[] images) => images.Where((image, i) => IndexOfLargest(logits.AsSpan(i * Classes, Classes))
            == test.Dataset.LabelOf(image)).Count();
    }

    // Pictures of other sizes, which both resize.
    [Fact]
    public void Probabilities_of_resized_pictures_are_those_of_Convolve()
    {
        Assert.Equal(0, _cli.Run("export", "run", "--out", "any-size.onnx", "--opset", "18", "--with-preprocessing").Status);
        Dataset data = Datasets.Load("fashion-mnist").Test!;
        using Classifier classifier = Classifier.Load(_cli.At("run"));
        using OrtSession session = new(_cli.At("any-size.onnx"));
        List<double> differences = [];
        for (int image = 0; image < 50; image++)
        {
            int height = 15 + image % 13, width = 28 - image % 11;
            byte[] part = new byte[height * width];
            for (int i = 0; i < part.Length; i++)
                part[i] = data.PixelsOf(image)[i / width * 28 + i % width];
            float[] expected = classifier.Predict(part, new(1, height, width)), logits = session.Run(part, 1, height, width, 1);
            double sum = logits.Sum(l => Math.Exp(l - logits.Max()));
            foreach ((float probability, float logit) in expected.Zip(logits))
                differences.Add(Math.Abs(probability - Math.Exp(logit - logits.Max()) / sum));
        }
        // Small pictures, of which one pixel that is rounded otherwise counts.
        Assert.True(differences.Average() < 1e-3 && differences.Max() < 5e-3, $"{differences.Average():g3}, {differences.Max():g3}");
    }

    [Fact]
    public void A_safetensors_copy_is_a_model_of_its_own()
    {
        CliResult result = _cli.Run("export", "run", "--format", "safetensors", "--out", "copy.safetensors", "--json");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Equal("safetensors", (string)result.Json["format"]!);
        Assert.Equal(File.ReadAllBytes(_cli.At("run/model.safetensors")), File.ReadAllBytes(_cli.At("copy.safetensors")));
        Assert.Equal(0, _cli.Run("export", "copy.safetensors", "--out", "copy.onnx").Status);
        string checkpoint = Directory.GetFiles(_cli.At("run/checkpoint"), "*.safetensors").Max()!;
        Assert.Equal(0, _cli.Run("export", checkpoint, "--format", "safetensors", "--out", "newest.safetensors").Status);
        Assert.True(new FileInfo(_cli.At("newest.safetensors")).Length < new FileInfo(checkpoint).Length);
        using Classifier newest = Classifier.Load(_cli.At("newest.safetensors"));
        Assert.Equal(61_706, newest.Graph.ParameterCount);
    }

    [Theory]
    [InlineData("export nowhere", "nowhere does not exist. Pass the run folder")]
    [InlineData("export run --opset 19", "--opset: expected one of 13, 17, 18, 21, got \"19\".")]
    [InlineData("export run --static-batch 0", "--static-batch: expected a whole number from 1 to 2147483647, got \"0\".")]
    [InlineData("export run --format onxx", "--format: expected one of onnx, safetensors, got \"onxx\". Did you mean onnx?")]
    [InlineData("export run --format safetensors", "--format safetensors needs the file to write: --out FILE.")]
    [InlineData("export run --format safetensors --out a --opset 13", "--opset is for --format onnx. Remove it, or export ONNX.")]
    [InlineData("export run --out run/model.safetensors", "--out run/model.safetensors is the model itself. Choose another file.")]
    [InlineData("export run --out no/such/file.onnx", "--out no/such/file.onnx: the folder ")]
    [InlineData("export run --with-preprocessing", "The step resize:28x28 of the preprocessing can't be written with opset 13: resizing " +
        "with smoothing needs opset 18. Use that, or leave the preprocessing to the program.")]
    public void What_cannot_be_exported_is_refused(string line, string message)
    {
        CliResult result = _cli.Run(line.Split(' '));
        Assert.StartsWith($"convolve: {message}", result.Errors, StringComparison.Ordinal);
        Assert.Equal((2, ""), (result.Status, result.Output));
    }

    // Their syntax; C# and JavaScript are run below.
    [Theory]
    [InlineData]
    [InlineData("--opset", "18", "--with-preprocessing")]
    public void The_snippets_are_programs(params string[] options)
    {
        JsonNode snippets = _cli.Run(["export", "run", "--json", .. options]).Json["snippets"]!;
        Assert.Equal(["C#", "Python", "JavaScript"], snippets.AsObject().Select(pair => pair.Key));
        File.WriteAllText(_cli.At("snippet.py"), (string)snippets["Python"]!);
        File.WriteAllText(_cli.At("snippet.mjs"), (string)snippets["JavaScript"]!);
        RequireIfThere("python3", "-m", "py_compile", _cli.At("snippet.py"));
        RequireIfThere("node", "--check", _cli.At("snippet.mjs"));
    }

    [Trait("Category", "Slow")]
    [Theory]
    [InlineData]
    [InlineData("--opset", "18", "--with-preprocessing")]
    public void The_CSharp_snippet_runs(params string[] options)
    {
        JsonNode snippets = _cli.Run(["export", "run", "--out", _cli.At("snippet.onnx"), "--json", .. options]).Json["snippets"]!;
        Directory.CreateDirectory(_cli.At("snippet"));
        File.WriteAllText(_cli.At("snippet/snippet.cs"), $"#:package Microsoft.ML.OnnxRuntime@1.31.1\n{(string)snippets["C#"]!}\n");
        Assert.Matches(@"^class \d\n$", InSnippets("dotnet", "run", "snippet.cs"));
    }

    // In Node, and in WebAssembly as in browsers.
    [Trait("Category", "Slow")]
    [NeedsTheory(Feature.Node)]
    [InlineData]
    [InlineData("--opset", "18", "--with-preprocessing")]
    public void The_JavaScript_snippet_runs(params string[] options)
    {
        string snippet = (string)_cli.Run(["export", "run", "--out", _cli.At("snippet.onnx"), "--json", .. options])
            .Json["snippets"]!["JavaScript"]!;
        Directory.CreateDirectory(_cli.At("snippet"));
        InSnippets("npm", "install", "--ignore-scripts", "onnxruntime-node@1.30.0", "onnxruntime-web@1.30.0");
        string[] classes = [.. new[] { "onnxruntime-node", "onnxruntime-web" }.Select(package =>
        {
            File.WriteAllText(_cli.At($"snippet/{package}.mjs"),
                snippet.Replace("from \"onnxruntime-node\"", $"from \"{package}\"", StringComparison.Ordinal));
            return InSnippets("node", $"{package}.mjs");
        })];
        Assert.Matches(@"^class \d\n$", classes[0]);
        Assert.Equal(classes[0], classes[1]);
    }

    private string InSnippets(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = _cli.At("snippet"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        CliResult result = Convolve.Cli.Tests.Cli.Finish(process, TimeSpan.FromMinutes(10));
        Assert.True(result.Status == 0, result.Output + result.Errors);
        return result.Output;
    }

    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
            largest = values[i] > values[largest] ? i : largest;
        return largest;
    }

    private static JsonObject Without(JsonObject json, string name)
    {
        JsonObject copy = json.DeepClone().AsObject();
        Assert.True(copy.Remove(name));
        return copy;
    }

    private static void RequireIfThere(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // not on this machine
        }
    }
}
