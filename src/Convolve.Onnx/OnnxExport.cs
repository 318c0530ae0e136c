using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Layers;
using Google.Protobuf;

namespace Convolve.Onnx;

/// <summary>Writes trained networks as ONNX files, which other programs, languages and browsers run.</summary>
/// <remarks>
/// The results are those of Convolve in float32, up to rounding. Weights are inside the file. The input is "input", [N, channels, height,
/// width] normalized numbers, or with <see cref="OnnxOptions.WithPreprocessing"/> "image", [N, height, width, channels] bytes; the output
/// is "logits", or "probabilities" where the network ends in a Softmax, [N, classes]. N is any batch size unless
/// <see cref="OnnxOptions.StaticBatch"/> fixes it.
/// <para>
/// Class names and normalization are in the metadata, and in preprocessor_config.json beside the file, as Hugging Face's libraries
/// read it.
/// </para>
/// </remarks>
public static class OnnxExport
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Writes a network.</summary>
    /// <param name="model">A run folder, or its model file.</param>
    /// <param name="file">The ONNX file; replaced if it exists. Its folder must exist.</param>
    /// <param name="options">How; null for any batch size at opset 13, without preprocessing.</param>
    /// <exception cref="SafeTensorsException">The model file is missing, damaged or not a model file of Convolve, or a weight is NaN or
    /// infinite.</exception>
    /// <exception cref="NetworkException">ONNX can't express a layer, or the weights are too large for one file.</exception>
    /// <exception cref="DatasetException">A step of the preprocessing needs a newer opset.</exception>
    /// <exception cref="IOException">The file can't be written; what was there before is still there.</exception>
    public static void Write(string model, string file, OnnxOptions? options = null)
    {
        using ModelFile opened = ModelFile.Open(model);
        Write(opened, file, options ?? new());
    }

    /// <summary>Writes a network; what was written.</summary>
    /// <inheritdoc cref="Write(string, string, OnnxOptions?)"/>
    internal static OnnxFile Write(ModelFile model, string file, OnnxOptions options)
    {
        ModelProto content = Create(model.Graph, model.ReadWeights, model.Preprocessing, options);
        string sidecar = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, OnnxMetadata.Sidecar);
        AtomicFile.Write(file, stream =>
        {
            using CodedOutputStream coded = new(stream, BufferBytes, leaveOpen: true);
            content.WriteTo(coded);
        });
        AtomicFile.WriteText(sidecar, OnnxMetadata.Config(model.Preprocessing, options));
        return new(file, sidecar, new FileInfo(file).Length, options, content.Graph);
    }

    /// <summary>The content of a file.</summary>
    internal static ModelProto Create(Graph network, ReadWeights read, Preprocessing preprocessing, OnnxOptions options)
    {
        ModelProto model = new()
        {
            IrVersion = options.IrVersion,
            ProducerName = "convolve",
            ProducerVersion = typeof(OnnxExport).Assembly.GetName().Version!.ToString(3),
            DocString = $"{network}, trained with Convolve",
            OpsetImport = { new OperatorSetIdProto { Version = options.Opset } },
            Graph = OnnxNetwork.Create(network, read, options, options.WithPreprocessing ? preprocessing : null),
        };
        foreach ((string key, string value) in OnnxMetadata.Of(network, preprocessing, options))
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }
}
