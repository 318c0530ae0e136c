using System.Globalization;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Weights;

namespace Convolve.Inference;

/// <summary>
/// An open model file: safetensors with plain OIHW float32 tensors, and graph, preprocessing and a digest of all of it in the metadata.
/// Memory for the weights is taken by <see cref="CreateModel"/> only.
/// </summary>
internal sealed class ModelFile : IDisposable
{
    /// <summary>The file of the best weights in a run folder.</summary>
    public const string FileName = "model.safetensors";

    private const string GraphKey = "convolve.graph", PreprocessingKey = "convolve.preprocessing", EpochKey = "convolve.epoch",
        TransformsKey = "convolve.transforms", FormatKey = "format", FormatValue = "pt";
    private readonly SafeTensorsFile _tensors;

    private ModelFile(SafeTensorsFile tensors, Graph graph, Preprocessing preprocessing) =>
        (_tensors, Graph, Preprocessing) = (tensors, graph, preprocessing);

    public Graph Graph { get; }

    public Preprocessing Preprocessing { get; }

    /// <summary>The epoch of its run whose weights it has; null if that is unknown.</summary>
    public int? Epoch => EpochOf(_tensors);

    /// <summary>What was done to the pictures it was trained on; null if that is unknown.</summary>
    // Only what advice is made from: a text that another version wrote is no reason to refuse the weights.
    public TransformList? TrainingTransforms
    {
        get
        {
            try
            {
                return _tensors.Metadata.TryGetValue(TransformsKey, out string? text) ? TransformList.Parse(text) : null;
            }
            catch (DatasetException)
            {
                return null;
            }
        }
    }

    /// <summary>Opens a model file and checks it: its digest, its description, and the shape of every tensor.</summary>
    /// <param name="path">A run folder, or the .safetensors file itself.</param>
    /// <exception cref="SafeTensorsException">The file is missing, damaged or not a model file of Convolve.</exception>
    public static ModelFile Open(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        SafeTensorsFile tensors = SafeTensorsFile.Open(file);
        try
        {
            return Open(file, tensors);
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <summary>A model with the weights of the file.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="plans">What it will run, where that is known; the first one decides how its weights are laid out.</param>
    /// <exception cref="SafeTensorsException">A weight is NaN or infinite.</exception>
    public Model CreateModel(ExecutionOptions options, IReadOnlyList<Plan>? plans = null)
    {
        Model model = new(Graph, options, plans);
        try
        {
            Read(_tensors, model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
        return model;
    }

    /// <summary>Reads a parameter, such as "conv1.weight", in plain order.</summary>
    /// <exception cref="SafeTensorsException">A weight is NaN or infinite, or the file cannot be read.</exception>
    public void ReadWeights(string name, Span<float> values) => _tensors.ReadWeights(name, values);

    /// <summary>Writes a model file of its own: of a checkpoint, what the network needs.</summary>
    /// <exception cref="SafeTensorsException">A weight is NaN or infinite, or the file cannot be read.</exception>
    /// <exception cref="IOException">It cannot be written; what was there before is still there.</exception>
    public void CopyTo(string path) => Write(path, Graph, Preprocessing, ReadWeights, Epoch, TrainingTransforms);

    /// <summary>Writes the weights alone, by the names and shapes of another program, for that program.</summary>
    /// <inheritdoc cref="CopyTo(string)"/>
    public void CopyTo(string path, WeightNaming naming)
    {
        var places = naming.Of(Graph, []).ToDictionary(pair => pair.Value.Name);
        TensorInfo[] tensors = [.. places.Values.Select(pair => TensorOf(pair.Value.Name, pair.Value.Shape))];
        SafeTensors.Write(path, tensors, (tensor, sink) => Write(tensor, sink, values => ReadWeights(places[tensor.Name].Key, values)),
            new Dictionary<string, string> { [FormatKey] = FormatValue });
    }

    /// <summary>Writes a model file.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="graph">The network.</param>
    /// <param name="preprocessing">What is done to its pictures.</param>
    /// <param name="read">Gives a parameter, such as "conv1.weight", in plain order. Called twice for each.</param>
    /// <param name="epoch">The epoch of the weights; null if unknown.</param>
    /// <param name="trainingTransforms">What was done to the pictures in training; null if unknown.</param>
    /// <exception cref="IOException">It cannot be written; what was there before is still there.</exception>
    public static void Write(string path, Graph graph, Preprocessing preprocessing, Action<string, Span<float>> read, int? epoch = null,
        TransformList? trainingTransforms = null)
    {
        TensorInfo[] tensors =
            [.. graph.Nodes.SelectMany(node => node.State.Select(spec => TensorOf(WeightNaming.NameOf(node, spec), spec.Shape)))];
        SafeTensors.Write(path, tensors, WriteOne, FileDigest.AddTo(Describe(graph, preprocessing, epoch, trainingTransforms), tensors,
            WriteOne));

        void WriteOne(TensorInfo tensor, TensorSink sink) => Write(tensor, sink, values => read(tensor.Name, values));
    }

    private static void Write(TensorInfo tensor, TensorSink sink, Action<Span<float>> read)
    {
        float[] values = new float[tensor.ElementCount];
        read(values);
        sink.WriteFloats(values);
    }

    public void Dispose() => _tensors.Dispose();

    /// <summary>The metadata that makes a file of weights a model file.</summary>
    public static IReadOnlyDictionary<string, string> Describe(
        Graph graph, Preprocessing preprocessing, int? epoch, TransformList? trainingTransforms)
    {
        Dictionary<string, string> metadata = new()
        {
            [FormatKey] = FormatValue,
            [GraphKey] = GraphJson.Write(graph),
            [PreprocessingKey] = preprocessing.ToJson(),
        };
        if (epoch is { } known)
            metadata[EpochKey] = known.ToString(CultureInfo.InvariantCulture);
        if (trainingTransforms is not null)
            metadata[TransformsKey] = trainingTransforms.ToString();
        return metadata;
    }

    /// <summary>Whether a file has the network and its preprocessing besides weights.</summary>
    public static bool IsModel(SafeTensorsFile file) =>
        file.Metadata.ContainsKey(GraphKey) && file.Metadata.ContainsKey(PreprocessingKey);

    /// <summary>The epoch of a run whose weights a model file has; null if the file doesn't say.</summary>
    /// <exception cref="SafeTensorsException">The file is missing or damaged.</exception>
    public static int? EpochOf(string path)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        FileDigest.Require(path, file);
        return EpochOf(file);
    }

    /// <summary>The preprocessing that a file with the metadata of <see cref="Describe"/> has.</summary>
    /// <exception cref="DatasetException">It has none that can be read.</exception>
    public static Preprocessing PreprocessingOf(IReadOnlyDictionary<string, string> metadata) =>
        Preprocessing.FromJson(metadata.GetValueOrDefault(PreprocessingKey, ""));

    /// <summary>Puts the weights of a file into a model of the same graph.</summary>
    public static void Read(SafeTensorsFile tensors, Model model) =>
        ThreadTeam.Invoke(() => model.Store.WriteAll((slot, values) => tensors.ReadWeights(slot.Name, values)));

    /// <summary>A parameter as a file has it.</summary>
    public static TensorInfo TensorOf(ParameterSlot slot) => TensorOf(slot.Name, slot.Spec.Shape);

    private static TensorInfo TensorOf(string name, IReadOnlyList<int> shape) =>
        new(name, TensorType.F32, [.. shape.Select(size => (long)size)]);

    private static ModelFile Open(string file, SafeTensorsFile tensors)
    {
        if (!IsModel(tensors))
            throw new SafeTensorsException(file, "it has weights, but no network and no preprocessing",
                $"Use a model.safetensors that '{ProgramName.Current} train' wrote, or add them with '{ProgramName.Current} import'.");
        FileDigest.Require(file, tensors);
        Graph graph;
        Preprocessing preprocessing;
        try
        {
            (graph, preprocessing) = (GraphJson.Read(tensors.Metadata[GraphKey]), PreprocessingOf(tensors.Metadata));
        }
        catch (Exception e) when (e is NetworkException or DatasetException)
        {
            throw new SafeTensorsException(file, $"its description of the network cannot be read: {e.Message}",
                "Use the file as it was written.");
        }
        Check(file, graph, preprocessing);
        Check(file, graph, tensors);
        return new(tensors, graph, preprocessing);
    }

    private static int? EpochOf(SafeTensorsFile file) =>
        int.TryParse(file.Metadata.GetValueOrDefault(EpochKey), NumberStyles.None, CultureInfo.InvariantCulture, out int epoch) ? epoch
            : null;

    private static void Check(string file, Graph graph, Preprocessing preprocessing)
    {
        ImageSize size = preprocessing.Size;
        if (graph.Input != new Shape(size.Channels, size.Height, size.Width)
            || graph.Output != Shape.Vector(preprocessing.ClassNames.Count))
            throw new SafeTensorsException(file, string.Create(CultureInfo.InvariantCulture,
                $"its network takes {graph.Input} and gives {graph.Output}, but its preprocessing makes {size} and names " +
                $"{preprocessing.ClassNames.Count} classes"),
                "Use the file as it was written.");
    }

    // Before anything of the graph's sizes is made: those are only as good as the file.
    private static void Check(string file, Graph graph, SafeTensorsFile tensors)
    {
        foreach (Node node in graph.Nodes)
            foreach (ParameterSpec spec in node.State)
            {
                TensorInfo tensor = tensors[WeightNaming.NameOf(node, spec)];
                if (!tensor.Shape.SequenceEqual(spec.Shape.Select(size => (long)size)))
                    throw new SafeTensorsException(file,
                        $"tensor '{tensor}' is of {node}, which needs {spec.Name} [{string.Join(", ", spec.Shape)}]",
                        "Use the file as it was written.");
            }
    }
}
