using System.Globalization;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Training;

/// <summary>
/// A trained network with the preprocessing and the class names it was trained with: all that it takes to classify pictures.
/// </summary>
/// <remarks>
/// One file holds it: safetensors with plain OIHW float32 tensors, and graph, preprocessing and a digest of all of it in the metadata.
/// <para>
/// Any number of threads may use a classifier at once, as a server does: pictures are decoded and resized on the caller's thread, the
/// network runs for one caller after the other, and each gets the answer to its own picture, with the bits that it would have alone. An
/// evaluation lets predictions through between its batches, a training in the same process between its steps. <see cref="Dispose"/> waits
/// for the call that runs; later ones get an
/// <see cref="ObjectDisposedException"/>.
/// </para>
/// </remarks>
public sealed class Classifier : IDisposable
{
    /// <summary>The file of the best weights in a run folder.</summary>
    internal const string FileName = "model.safetensors";

    private const string GraphKey = "convolve.graph", PreprocessingKey = "convolve.preprocessing", EpochKey = "convolve.epoch",
        TransformsKey = "convolve.transforms", FormatKey = "format", FormatValue = "pt";
    private readonly bool _ownsModel;

    internal Classifier(Model model, Preprocessing preprocessing, bool ownsModel = false, int? epoch = null) =>
        (Model, Preprocessing, _ownsModel, Epoch) = (model, preprocessing, ownsModel, epoch);

    internal Model Model { get; }

    public Graph Graph => Model.Graph;

    /// <summary>All that lies between the bytes of a picture and the input of the network.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>
    /// The epoch of its run whose weights it has, from 1; 0 for weights within the first one, null where that is not known.
    /// </summary>
    public int? Epoch { get; }

    /// <summary>What was done to the pictures it was trained on; null where that is not known, as of files of version 0.1.0.</summary>
    public TransformList? TrainingTransforms { get; internal init; }

    /// <summary>The name of each output.</summary>
    public IReadOnlyList<string> ClassNames => Preprocessing.ClassNames;

    /// <summary>Reads a model file.</summary>
    /// <param name="path">A run folder, or the .safetensors file itself.</param>
    /// <param name="options">How it runs.</param>
    /// <exception cref="SafeTensorsException">The file is missing, damaged, or not one of ours, or a weight is NaN or infinite.</exception>
    public static Classifier Load(string path, ExecutionOptions? options = null)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        using SafeTensorsFile tensors = SafeTensorsFile.Open(file);
        if (!tensors.Metadata.TryGetValue(GraphKey, out string? graphJson)
            || !tensors.Metadata.TryGetValue(PreprocessingKey, out string? preprocessingJson))
            throw new SafeTensorsException(file, "it holds weights, but not the network and the preprocessing that belong to them",
                $"Use a model.safetensors that '{ProgramName.Current} train' wrote.");
        FileDigest.Require(file, tensors);
        Graph graph;
        Preprocessing preprocessing;
        try
        {
            (graph, preprocessing) = (GraphJson.Read(graphJson), Preprocessing.FromJson(preprocessingJson));
        }
        catch (Exception e) when (e is Layers.NetworkException or DataException)
        {
            throw new SafeTensorsException(file, $"its description of the network cannot be read: {e.Message}",
                "Use the file as it was written.");
        }
        Check(file, graph, preprocessing);
        Check(file, graph, tensors);
        Model model = new(graph, options);
        try
        {
            Read(tensors, model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
        return new(model, preprocessing, ownsModel: true, EpochOf(tensors)) { TrainingTransforms = TransformsOf(tensors) };
    }

    /// <summary>Writes the model file: beside the target, flushed, renamed.</summary>
    /// <exception cref="FileWriteException">It cannot be written; what was there before is still there.</exception>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed.</exception>
    public void Save(string path) => Model.Invoke(() =>
    {
        ParameterStore store = Model.Store;
        if (store.FirstNonFinite(store.Weights) is { } bad)
            throw new InvalidOperationException(
                $"The model isn't saved, because its weights aren't all finite: {bad}. Save it before its training diverges.");
        TensorInfo[] tensors = [.. store.Plan.Slots.Select(TensorOf)];
        void Write(TensorInfo info, TensorSink sink) => store.Read(store.Plan.IndexOf(info.Name), plain => sink.WriteFloats(plain));
        SafeTensors.Write(path, tensors, Write, FileDigest.AddTo(Metadata, tensors, Write));
    });

    /// <summary>What makes a file of weights a model file.</summary>
    internal IReadOnlyDictionary<string, string> Metadata
    {
        get
        {
            Dictionary<string, string> metadata = new()
            {
                [FormatKey] = FormatValue,
                [GraphKey] = GraphJson.Write(Graph),
                [PreprocessingKey] = Preprocessing.ToJson(),
            };
            if (Epoch is { } epoch)
                metadata[EpochKey] = epoch.ToString(CultureInfo.InvariantCulture);
            if (TrainingTransforms is { } transforms)
                metadata[TransformsKey] = transforms.ToString();
            return metadata;
        }
    }

    /// <summary>Evaluates every image of a split once, with the preprocessing of the training.</summary>
    /// <param name="split">Its classes must be the classifier's.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1], at most twenty times a second and at the end; called on the caller's
    /// thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DataException">The split is empty, or has other classes or channels.</exception>
    public Evaluation Evaluate(Split split, int batchSize = 128, IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        With(split, batchSize, evaluator => evaluator.Run(CallerProgress.Of(progress), cancellation));

    /// <summary>What the network says of every image of a split, with the preprocessing of the training.</summary>
    /// <param name="split">Its classes must be the classifier's.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="augmentation">Whether an image is looked at in several views.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1], at most twenty times a second and at the end; called on the caller's
    /// thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DataException">The split is empty, or has other classes or channels; or the network's input is too small to be
    /// moved.</exception>
    public Predictions PredictAll(Split split, int batchSize = 128, TestTimeAugmentation augmentation = TestTimeAugmentation.None,
        IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        With(split, batchSize, evaluator => evaluator.Predict(augmentation, CallerProgress.Of(progress), cancellation));

    private T With<T>(Split split, int batchSize, Func<Evaluator, T> evaluate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (!split.Dataset.ClassNames.SequenceEqual(ClassNames))
            throw new DataException($"The data set {split.Dataset.Name} has the classes {string.Join(", ", split.Dataset.ClassNames)}, "
                + $"and the network was trained on {string.Join(", ", ClassNames)}. Evaluate it on the set it was trained for.");
        T? result = default;
        Model.Invoke(() =>
        {
            using Evaluator evaluator = new(Model, split, new(Preprocessing, split.Dataset.Channels), batchSize);
            result = evaluate(evaluator);
        }, JobKind.Evaluation);
        return result!;
    }

    /// <summary>The probability of each class for one picture.</summary>
    /// <param name="pixels">Bytes in planes: channel, row, column.</param>
    /// <param name="size">The picture's own size; it is resized as in training.</param>
    /// <exception cref="DataException">The channels do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed.</exception>
    public float[] Predict(ReadOnlySpan<byte> pixels, ImageSize size)
    {
        float[] input = new float[Graph.Input.Elements], result = new float[ClassNames.Count];
        new ImagePipeline(Preprocessing, size.Channels).Write(pixels, size, input);
        Model.Forward(input, result);
        if (Graph.GivesProbabilities)
            return result;
        float largest = result.Max();
        float[] exponentials = [.. result.Select(l => MathF.Exp(l - largest))];
        float sum = exponentials.Sum();
        return [.. exponentials.Select(e => e / sum)];
    }

    /// <summary>Gives the network's memory back, once the call that runs is done; nothing where the network is a trainer's.</summary>
    public void Dispose()
    {
        if (_ownsModel)
            Model.Dispose();
    }

    /// <summary>The epoch of a run whose weights a model file has; null where the file does not say.</summary>
    /// <exception cref="SafeTensorsException">The file is missing or damaged.</exception>
    internal static int? EpochOf(string path)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        FileDigest.Require(path, file);
        return EpochOf(file);
    }

    /// <summary>The preprocessing that a file of <see cref="Metadata"/> has.</summary>
    /// <exception cref="DataException">It has none that can be read.</exception>
    internal static Preprocessing PreprocessingOf(IReadOnlyDictionary<string, string> metadata) =>
        Preprocessing.FromJson(metadata.GetValueOrDefault(PreprocessingKey, ""));

    /// <summary>Puts the weights of a file into a model of the same graph.</summary>
    internal static void Read(SafeTensorsFile tensors, Model model) =>
        ThreadTeam.Invoke(() => model.Store.WriteAll((slot, values) => tensors.ReadWeights(slot.Name, values)));

    /// <summary>A parameter as a file has it.</summary>
    internal static TensorInfo TensorOf(ParameterSlot slot) =>
        new(slot.Name, TensorType.F32, [.. slot.Spec.Shape.Select(size => (long)size)]);

    private static int? EpochOf(SafeTensorsFile file) =>
        int.TryParse(file.Metadata.GetValueOrDefault(EpochKey), NumberStyles.None, CultureInfo.InvariantCulture, out int epoch) ? epoch
            : null;

    // Only what advice is made from: a text that another version wrote is no reason to refuse the weights.
    private static TransformList? TransformsOf(SafeTensorsFile file)
    {
        try
        {
            return file.Metadata.TryGetValue(TransformsKey, out string? text) ? TransformList.Parse(text) : null;
        }
        catch (DataException)
        {
            return null;
        }
    }

    private static void Check(string file, Graph graph, Preprocessing preprocessing)
    {
        ImageSize size = preprocessing.Size;
        if (graph.Input != new Layers.Shape(size.Channels, size.Height, size.Width)
            || graph.Output != Layers.Shape.Vector(preprocessing.ClassNames.Count))
            throw new SafeTensorsException(file, string.Create(CultureInfo.InvariantCulture,
                $"its network takes {graph.Input} and gives {graph.Output}, but its preprocessing makes {size} and names " +
                $"{preprocessing.ClassNames.Count} classes"),
                "Use the file as it was written.");
    }

    // Before anything of the graph's sizes is made: those are only as good as the file.
    private static void Check(string file, Graph graph, SafeTensorsFile tensors)
    {
        foreach (Node node in graph.Nodes)
            foreach (Layers.ParameterSpec spec in node.State)
            {
                TensorInfo tensor = tensors[$"{node.Name}.{spec.Name}"];
                if (!tensor.Shape.SequenceEqual(spec.Shape.Select(size => (long)size)))
                    throw new SafeTensorsException(file,
                        $"tensor '{tensor}' is of {node}, which needs {spec.Name} [{string.Join(", ", spec.Shape)}]",
                        "Use the file as it was written.");
            }
    }
}
