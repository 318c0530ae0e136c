using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Convolve.Onnx.Tests;

/// <summary>A model in ONNX Runtime, which is what judges all that is written.</summary>
internal sealed class OrtSession : IDisposable
{
    private readonly InferenceSession _session;

    public OrtSession(ModelProto model) : this(model.ToByteArray())
    {
    }

    public OrtSession(byte[] model)
    {
        using SessionOptions options = Options();
        _session = new(model, options);
    }

    public OrtSession(string file)
    {
        using SessionOptions options = Options();
        _session = new(file, options);
    }

    public string InputName => Assert.Single(_session.InputMetadata).Key;

    public string OutputName => Assert.Single(_session.OutputMetadata).Key;

    /// <summary>-1 where a size varies.</summary>
    public int[] InputSizes => _session.InputMetadata[InputName].Dimensions;

    public int[] OutputSizes => _session.OutputMetadata[OutputName].Dimensions;

    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    public string Producer => _session.ModelMetadata.ProducerName;

    public string GraphName => _session.ModelMetadata.GraphName;

    /// <summary>Runs it on one input of all samples.</summary>
    public float[] Run<T>(T[] input, params int[] shape) where T : unmanaged
    {
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(input, [.. shape.Select(size => (long)size)]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, [InputName], [value], [OutputName]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public void Dispose() => _session.Dispose();

    private static SessionOptions Options()
    {
        SessionOptions options = new() { IntraOpNumThreads = 2, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        return options;
    }
}
