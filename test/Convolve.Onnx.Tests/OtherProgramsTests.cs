using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Testing;
using Convolve.Tests.Layers;
using Convolve.Zoo;
using Google.Protobuf;

namespace Convolve.Onnx.Tests;

/// <summary>ONNX's own checker, and OpenCV, as Debian has them.</summary>
public sealed class OtherProgramsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Debian 12's (1.12) knows opsets to 17, Debian 13's (1.17) all.
    [NeedsFact(Feature.OnnxChecker)]
    public void The_checker_finds_every_layer_valid()
    {
        List<string> files = [];
        int newest = int.Parse(Python("check_models.py", ["--newest-opset"]), CultureInfo.InvariantCulture);
        int[] opsets = [.. OnnxOptions.Opsets.Where(opset => opset <= newest)];
        Assert.Contains(17, opsets);
        foreach (LayerCase layerCase in LayerCatalogue.All.Where(c => !LayerTests.HasEvenNorm(c.Graph)))
        {
            using Model model = Samples.Model(layerCase.Graph);
            foreach (int opset in opsets)
                files.Add(Save(Samples.Write(model, new() { Opset = opset }), $"{files.Count}.onnx"));
        }
        Graph graph = NetworkCatalog.Create("lenet5");
        using (Model model = Samples.Model(graph))
            foreach (string step in new[] { "", "resize:33:antialias=false,center-crop:28", "resize:32,center-crop:28" })
                foreach (int opset in opsets.Where(opset => opset >= 18 || !step.StartsWith("resize:32", StringComparison.Ordinal)))
                    files.Add(Save(OnnxExport.Create(graph, model.ReadParameter, Samples.Preprocessing(graph, step),
                        new() { Opset = opset, WithPreprocessing = true }), $"{files.Count}.onnx"));
        Assert.StartsWith($"{files.Count} files are valid", Python("check_models.py", files), StringComparison.Ordinal);
    }

    // Debian 12's is 4.6, of 2022.
    [NeedsFact(Feature.OpenCv)]
    public void OpenCV_computes_the_same_with_a_static_batch()
    {
        List<string> files = [];
        IEnumerable<Graph> networks = new[] { "lenet5", "lenet5-1998", "cuda-convnet", "cnn-bn-leaky", "fashion28", "alexnet-small", "nin",
            "resnet20" }.Select(name => NetworkCatalog.Create(name));
        foreach (Graph graph in LayerCatalogue.All.Select(c => c.Graph).Where(graph => !LayerTests.HasEvenNorm(graph)).Concat(networks))
        {
            using Model model = Samples.Model(graph);
            const int Batch = 3;
            float[] images = Samples.Images(graph, Batch), expected = new float[Batch * graph.Output.Channels];
            model.Forward(images, expected);
            string file = Save(Samples.Write(model, new() { StaticBatch = Batch }), $"{files.Count}.onnx")[..^".onnx".Length];
            File.WriteAllBytes(file + ".input", MemoryMarshal.AsBytes(images.AsSpan()));
            File.WriteAllBytes(file + ".expected", MemoryMarshal.AsBytes(expected.AsSpan()));
            Shape shape = graph.Input;
            files.Add($"{file}:{Batch}:{shape.Channels}:{shape.Height}:{shape.Width}");
        }
        Assert.StartsWith($"{files.Count} files run", Python("run_opencv.py", files), StringComparison.Ordinal);
    }

    private string Save(ModelProto model, string name)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private static string Python(string script, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Cli.Tests.CliResult result = Cli.Tests.Cli.Finish(process);
        Assert.True(result.Status == 0, result.Errors);
        return result.Output;
    }
}
