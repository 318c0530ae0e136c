using Convolve.Data;
using Convolve.Data.Caching;
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
/// A trained network with the preprocessing and the class names it was trained with: everything needed to classify pictures.
/// </summary>
/// <remarks>
/// It is stored in one file: safetensors with plain OIHW float32 tensors, and graph, preprocessing and a digest of all of it in the
/// metadata.
/// <para>
/// Any number of threads may use a classifier at once, as a server does: pictures are decoded and resized on the caller's thread, the
/// network runs for one caller after the other, and each gets the answer for its own picture, with the same bits as if it were alone.
/// Predictions run between the batches of an evaluation, and between the steps of a training in the same process. <see cref="Dispose"/>
/// waits for the running call; later ones get an
/// <see cref="ObjectDisposedException"/>.
/// </para>
/// </remarks>
public sealed class Classifier : IDisposable
{
    private readonly bool _ownsModel;

    internal Classifier(Model model, Preprocessing preprocessing, bool ownsModel = false, int? epoch = null) =>
        (Model, Preprocessing, _ownsModel, Epoch) = (model, preprocessing, ownsModel, epoch);

    internal Model Model { get; }

    /// <summary>The network.</summary>
    public Graph Graph => Model.Graph;

    /// <summary>Everything between the bytes of a picture and the input of the network.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>
    /// The epoch of its run whose weights it has, from 1; 0 for weights within the first one, null if that is unknown.
    /// </summary>
    public int? Epoch { get; }

    /// <summary>The transforms of the pictures it was trained on; null if unknown, as in files of version 0.1.0.</summary>
    public TransformList? TrainingTransforms { get; internal init; }

    /// <summary>The name of each output.</summary>
    public IReadOnlyList<string> ClassNames => Preprocessing.ClassNames;

    /// <summary>Reads a model file.</summary>
    /// <param name="path">A run folder, or the .safetensors file itself.</param>
    /// <param name="options">How it runs.</param>
    /// <exception cref="SafeTensorsException">The file is missing, damaged or not a model file of Convolve, or a weight is NaN or
    /// infinite.</exception>
    public static Classifier Load(string path, ExecutionOptions? options = null)
    {
        using ModelFile file = ModelFile.Open(path);
        return Load(file, options ?? new());
    }

    /// <summary>Reads the weights of a model file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="plans">What it will run, where that is known (<see cref="Evaluator.PlansFor"/>); null for any batches.</param>
    internal static Classifier Load(ModelFile file, ExecutionOptions options, IReadOnlyList<Plan>? plans = null) =>
        new(file.CreateModel(options, plans), file.Preprocessing, ownsModel: true, file.Epoch)
        {
            TrainingTransforms = file.TrainingTransforms,
        };

    /// <summary>Writes the model file under a temporary name, flushes it and renames it.</summary>
    /// <exception cref="FileWriteException">It cannot be written; what was there before is still there.</exception>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed.</exception>
    public void Save(string path) => Model.Invoke(() =>
    {
        ParameterStore store = Model.Store;
        if (store.FirstNonFinite(store.Weights) is { } bad)
            throw new InvalidOperationException(
                $"The model isn't saved, because its weights aren't all finite: {bad}. Save it before its training diverges.");
        TensorInfo[] tensors = [.. store.Plan.Slots.Select(ModelFile.TensorOf)];
        void Write(TensorInfo info, TensorSink sink) => store.Read(store.Plan.IndexOf(info.Name), plain => sink.WriteFloats(plain));
        SafeTensors.Write(path, tensors, Write, FileDigest.AddTo(Metadata, tensors, Write));
    });

    /// <summary>The metadata that makes a file of weights a model file.</summary>
    internal IReadOnlyDictionary<string, string> Metadata => ModelFile.Describe(Graph, Preprocessing, Epoch, TrainingTransforms);

    /// <summary>Evaluates every image of a split once, with the preprocessing of the training.</summary>
    /// <param name="split">Its classes must be the classifier's.</param>
    /// <param name="batchSize">Images per batch.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1], at most twenty times a second and at the end; called on the caller's
    /// thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DatasetException">The split is empty, or has other classes or channels.</exception>
    public Evaluation Evaluate(Split split, int batchSize = 128, IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        With(split, batchSize, evaluator => evaluator.Run(CallerProgress.Of(progress), cancellation));

    /// <summary>The predictions for every image of a split, with the preprocessing of the training.</summary>
    /// <param name="split">Its classes must be the classifier's.</param>
    /// <param name="batchSize">Images per batch.</param>
    /// <param name="augmentation">Whether to average over several views of an image.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1], at most twenty times a second and at the end; called on the caller's
    /// thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DatasetException">The split is empty, or has other classes or channels; or the network's input is too small to be
    /// shifted.</exception>
    public Predictions PredictAll(Split split, int batchSize = 128, TestTimeAugmentation augmentation = TestTimeAugmentation.None,
        IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        With(split, batchSize, evaluator => evaluator.Predict(augmentation, CallerProgress.Of(progress), cancellation));

    private T With<T>(Split split, int batchSize, Func<Evaluator, T> evaluate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (!split.Dataset.ClassNames.SequenceEqual(ClassNames))
            throw new DatasetException(
                $"The data set {split.Dataset.Name} has the classes {string.Join(", ", split.Dataset.ClassNames)}, " +
                $"but the network was trained on {string.Join(", ", ClassNames)}. Evaluate it on a data set with its classes.");
        T? result = default;
        Model.Invoke(() =>
        {
            using Evaluator evaluator = new(Model, split, new(Preprocessing, split.Dataset.Channels), batchSize,
                PictureCaches.ForTest(split, Preprocessing.Steps, Preprocessing.Size));
            result = evaluate(evaluator);
        }, JobKind.Evaluation);
        return result!;
    }

    /// <summary>The probability of each class for one picture.</summary>
    /// <param name="pixels">Bytes in planes: channel, row, column.</param>
    /// <param name="size">The picture's own size; it is resized as in training.</param>
    /// <exception cref="DatasetException">The channels do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed.</exception>
    public float[] Predict(ReadOnlySpan<byte> pixels, ImageSize size)
    {
        float[] input = new float[Graph.Input.Elements], result = new float[ClassNames.Count];
        new ImagePipeline(Preprocessing, size.Channels).Write(pixels, size, input);
        Model.Forward(input, result);
        return Graph.GivesProbabilities ? result : Probabilities.SinglesOf(result);
    }

    /// <summary>Frees the network's memory after the running call; does nothing if a trainer owns the network.</summary>
    public void Dispose()
    {
        if (_ownsModel)
            Model.Dispose();
    }
}
