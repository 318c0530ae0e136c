using System.Globalization;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Evaluations;
using Microsoft.ML.OnnxRuntime;

namespace Convolve.OnnxRuntime;

/// <summary>An image classifier in an ONNX file, of whatever origin, which ONNX Runtime runs.</summary>
/// <remarks>
/// It takes one input: normalized numbers [N, channels, height, width] (or channels last), or bytes [N, height, width, channels] of a
/// network that has its preprocessing inside. It gives logits or probabilities [N, classes].
/// </remarks>
public sealed class OnnxClassifier : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly OnnxInput _input;
    private readonly string _output;
    private readonly int _classes;

    private OnnxClassifier(InferenceSession session, OnnxInput input, string output, int classes, Preprocessing? preprocessing) =>
        (_session, _input, _output, _classes, Preprocessing) = (session, input, output, classes, preprocessing);

    /// <summary>What the file says of its preprocessing and its classes; null if it says nothing that is known here.</summary>
    public Preprocessing? Preprocessing { get; }

    /// <summary>The names of the classes in the file; null if it has none.</summary>
    public IReadOnlyList<string>? ClassNames => Preprocessing?.ClassNames;

    internal OnnxInput Input => _input;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The .onnx file; weights outside it must be in its folder.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    /// <exception cref="OnnxException">It isn't an ONNX file, isn't a classifier of images, or ONNX Runtime is missing.</exception>
    public static OnnxClassifier Load(string path, int threads = 0)
    {
        NativeRuntime.Require();
        if (!File.Exists(path))
            throw new OnnxException(path, Directory.Exists(path) ? "it is a folder" : "it does not exist", "Pass an .onnx file.");
        using SessionOptions options = new() { IntraOpNumThreads = threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        InferenceSession session;
        try
        {
            session = new(path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new OnnxException(path, $"ONNX Runtime says: {e.Message.TrimEnd('.', '\n')}", "Export it again.", e);
        }
        try
        {
            OnnxInput input = OnnxInput.Of(path, session.InputMetadata);
            if (session.OutputMetadata.Count != 1)
                throw new OnnxException(path, $"it has {session.OutputMetadata.Count} outputs", "Export it with the classes alone.");
            (string output, NodeMetadata form) = session.OutputMetadata.Single();
            if (!form.IsTensor || form.ElementType != typeof(float) || form.Dimensions.Length != 2)
                throw new OnnxException(path, $"its output {output} is not float32 [N, classes]", "Export it with the logits as output.");
            return new(session, input, output, form.Dimensions[1],
                OnnxPreprocessing.Of(path, session.ModelMetadata.CustomMetadataMap, input));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The predictions for every image of a split.</summary>
    /// <param name="split">The images.</param>
    /// <param name="preprocessing">What is done to them; ignored by a network that has its preprocessing inside. Its classes must be the
    /// split's.</param>
    /// <param name="batchSize">Images per batch; networks of a fixed batch size have their own, and those that take pictures of any size
    /// take one at a time.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1].</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DatasetException">The split has other classes or channels.</exception>
    /// <exception cref="OnnxException">The network gives another number of classes, or fails.</exception>
    public Predictions PredictAll(Split split, Preprocessing preprocessing, int batchSize = 128, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (!split.Dataset.ClassNames.SequenceEqual(preprocessing.ClassNames))
            throw new DatasetException($"The data set {split.Dataset.Name} has the classes " +
                $"{string.Join(", ", split.Dataset.ClassNames)}, but the network has {string.Join(", ", preprocessing.ClassNames)}. " +
                $"Evaluate it on a data set with its classes.");
        if (_classes > 0 && _classes != preprocessing.ClassNames.Count)
            throw WrongClasses(_classes, preprocessing.ClassNames.Count);
        InputBatch batch = _input.CreateBatch(split, preprocessing, batchSize);
        int classes = split.Dataset.ClassNames.Count;
        float[] scores = new float[checked(split.Count * classes)];
        for (int done = 0; done < split.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch.Capacity, split.Count - done);
            using (OrtValue images = batch.Load(split.Indices.Skip(done).Take(count)))
                Run(images, count, classes).CopyTo(scores.AsSpan(done * classes));
            done += count;
            progress?.Report((double)done / split.Count);
        }
        if (AreProbabilities(scores, classes))
            for (int i = 0; i < scores.Length; i++)
                scores[i] = MathF.Log(Math.Max(scores[i], float.Epsilon));
        return new(split.Dataset.ClassNames, [.. split.Indices.Select(i => new SampleId(i, split.Dataset.FileOf(i)))],
            [.. split.Indices.Select(split.Dataset.LabelOf)], scores);
    }

    /// <summary>Frees ONNX Runtime's session.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _run.Dispose();
    }

    private float[] Run(OrtValue images, int count, int classes)
    {
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_run, [_input.Name], [images], [_output]);
            long[] shape = results[0].GetTensorTypeAndShape().Shape;
            return shape is [_, long width] && width == classes ? results[0].GetTensorDataAsSpan<float>()[..(count * classes)].ToArray()
                : throw WrongClasses(shape[^1], classes);
        }
        catch (OnnxRuntimeException e)
        {
            throw new OnnxException($"ONNX Runtime failed: {e.Message.TrimEnd('.', '\n')}. Check the input's shape, and export the file " +
                $"again.", e);
        }
    }

    private static OnnxException WrongClasses(long outputs, int classes) => new(string.Create(CultureInfo.InvariantCulture,
        $"The network has {outputs} outputs, but the data has {classes} classes. Evaluate it on a data set with its classes."));

    // Softmax as the last node: the rows are shares.
    private static bool AreProbabilities(ReadOnlySpan<float> scores, int classes)
    {
        const float Rounding = 1e-3f;
        for (int row = 0; row < scores.Length; row += classes)
        {
            float sum = 0;
            foreach (float value in scores.Slice(row, classes))
            {
                if (!(value >= 0))
                    return false;
                sum += value;
            }
            if (Math.Abs(sum - 1) > Rounding)
                return false;
        }
        return true;
    }
}
