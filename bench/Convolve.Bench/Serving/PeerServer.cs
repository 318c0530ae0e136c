using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using Answers = Microsoft.AspNetCore.Http.Results;
using SessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Convolve.Bench.Serving;

/// <summary>
/// What a .NET developer would write: an ASP.NET minimal API over ONNX Runtime, with the protocol's raw body and its answer.
/// </summary>
internal static class PeerServer
{
    /// <summary>Serves until its standard input ends.</summary>
    public static int Run(Arguments arguments)
    {
        string file = arguments.Word("FILE.onnx");
        int threads = arguments.Count("--threads", 1);
        arguments.End();
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        using InferenceSession session = new(file, options);
        using RunOptions run = new();
        (string input, NodeMetadata meta) = session.InputMetadata.Single();
        string[] inputs = [input], outputs = [.. session.OutputMetadata.Keys];
        long[] shape = [.. meta.Dimensions.Select(d => (long)Math.Max(1, d))];
        int length = (int)shape.Aggregate((a, b) => a * b);

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/v2/models/{model}/infer", async (string model, HttpRequest request) =>
        {
            float[] pixels = new float[length];
            Memory<byte> body = new byte[length * sizeof(float)];
            await request.Body.ReadExactlyAsync(body);
            body.Span.CopyTo(MemoryMarshal.AsBytes(pixels.AsSpan()));
            using OrtValue value = OrtValue.CreateTensorValueFromMemory(pixels, shape);
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, inputs, [value], outputs);
            float[] logits = results[0].GetTensorDataAsSpan<float>().ToArray();
            float largest = logits.Max();
            double sum = logits.Sum(l => Math.Exp(l - largest));
            return Answers.Json(new Answer(model, "1",
                [new("probabilities", "FP32", [1, logits.Length], Array.ConvertAll(logits, l => (float)(Math.Exp(l - largest) / sum)))]));
        });
        app.Start();
        Console.WriteLine(app.Urls.Single());
        while (Console.In.Read() >= 0)
        {
        }
        return 0;
    }

#pragma warning disable IDE1006 // the protocol's names
    private sealed record Answer(string model_name, string model_version, Output[] outputs);

    private sealed record Output(string name, string datatype, long[] shape, float[] data);
#pragma warning restore IDE1006
}
