using System.Text.Json.Nodes;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Onnx.Tests;

/// <summary>From a model file to an ONNX file, in the library.</summary>
public sealed class FileTests : IDisposable
{
    private static readonly Graph Network = NetworkCatalog.Create("lenet5");
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_file_becomes_an_ONNX_file_and_a_description(bool isInside)
    {
        using Model model = Samples.Model(Network);
        Preprocessing preprocessing = Samples.Preprocessing(Network, "resize:32", "center-crop:28");
        using (Classifier classifier = new(model, preprocessing))
            classifier.Save(At("model.safetensors"));
        OnnxOptions options = new() { Opset = 18, WithPreprocessing = isInside };
        OnnxExport.Write(_folder, At("model.onnx"), options);
        Assert.Equal(OnnxExport.Create(Network, model.ReadParameter, preprocessing, options),
            ModelProto.Parser.ParseFrom(File.ReadAllBytes(At("model.onnx"))));
        JsonNode config = JsonNode.Parse(File.ReadAllText(At("preprocessor_config.json")))!;
        Assert.Equal((!isInside, !isInside, !isInside, !isInside), ((bool)config["do_resize"]!, (bool)config["do_center_crop"]!,
            (bool)config["do_rescale"]!, (bool)config["do_normalize"]!));
        Assert.Equal("""{"shortest_edge":32}""", config["size"]!.ToJsonString());
        Assert.Equal("""{"height":28,"width":28}""", config["crop_size"]!.ToJsonString());
    }

    // No program shows NaN reliably: max pooling drops it.
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_finite_are_refused(float bad)
    {
        using Model model = Samples.Model(Network);
        TensorInfo[] tensors = [.. model.Store.Plan.Slots.Select(ModelFile.TensorOf)];
        SafeTensors.Write(At("bad.safetensors"), tensors, (tensor, sink) =>
        {
            float[] values = new float[tensor.ElementCount];
            values[^1] = tensor.Name == "conv2.weight" ? bad : 0;
            sink.WriteFloats(values);
        }, ModelFile.Describe(Network, Samples.Preprocessing(Network), null, null));
        SafeTensorsException e = Assert.Throws<SafeTensorsException>(() => OnnxExport.Write(At("bad.safetensors"), At("bad.onnx")));
        Assert.Contains("conv2.weight", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(At("bad.onnx")));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
