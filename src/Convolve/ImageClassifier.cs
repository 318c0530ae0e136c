using System.Buffers;
using System.Runtime.CompilerServices;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Imaging;
using Convolve.Inference;

namespace Convolve;

/// <summary>
/// Says what is in a picture: a trained network, with the preprocessing and the names of the classes that it was trained with.
/// </summary>
/// <remarks>
/// One instance serves a whole process, from any number of threads: pictures are decoded and resized on the callers' threads, the network
/// runs for one caller after the other, and each gets the answer for its own picture.
/// </remarks>
/// <example>
/// <code>
/// using ImageClassifier classifier = ImageClassifier.Load("model.safetensors");
/// Prediction prediction = classifier.Predict("cat.jpg");
/// Console.WriteLine($"{prediction.Label} {prediction.Confidence:P1}");
/// </code>
/// </example>
public sealed class ImageClassifier : IDisposable
{
    /// <summary>The most pictures that run through the network at once.</summary>
    public const int UsualBatchSize = 32;

    private readonly BatchPredictor _predictor;
    private readonly Func<float[], float[]>? _logits;
    private readonly Action? _end;

    /// <param name="predictor">The network, which the classifier owns from here on.</param>
    /// <param name="logits">Runs one input in place of the predictor, such as in a batch with those of others; null for none.</param>
    /// <param name="end">Ends that.</param>
    internal ImageClassifier(BatchPredictor predictor, Func<float[], float[]>? logits = null, Action? end = null) =>
        (_predictor, _logits, _end) = (predictor, logits, end);

    /// <summary>The names of the classes, in the order of the network's outputs.</summary>
    public IReadOnlyList<string> Labels => _predictor.Preprocessing.ClassNames;

    /// <summary>The picture that the network takes; others are resized to it as in training.</summary>
    public ImageSize InputSize => _predictor.Preprocessing.Size;

    /// <summary>Reads a model.</summary>
    /// <param name="path">The run folder that a training wrote, or the model.safetensors in it.</param>
    /// <param name="options">How the network runs; null for the faster precision, on all cores.</param>
    /// <exception cref="SafeTensorsException">The file is missing, damaged or not a model file of Convolve.</exception>
    public static ImageClassifier Load(string path, ExecutionOptions? options = null)
    {
        using ModelFile file = ModelFile.Open(path);
        return new(new(file.CreateModel(options ?? new()), file.Preprocessing));
    }

    /// <summary>Classifies the picture in a file: JPEG, PNG, WebP, BMP or GIF.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    public Prediction Predict(string path) => Predict(File.ReadAllBytes(path), path);

    /// <summary>Classifies the picture in a stream, which is read to its end.</summary>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    public Prediction Predict(Stream image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using MemoryStream bytes = new();
        image.CopyTo(bytes);
        return Predict(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>Classifies a picture as it is in a file.</summary>
    /// <param name="image">The bytes of the file.</param>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    public Prediction Predict(ReadOnlySpan<byte> image) => Predict(image, "the picture");

    /// <summary>Classifies pixels.</summary>
    /// <param name="pixels">Row by row from the top, the channels of a pixel side by side: gray, RGB, or RGBA, whose alpha is not
    /// read.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="channels">1, 3 or 4.</param>
    /// <exception cref="ArgumentException">The sizes and the number of bytes don't go together.</exception>
    public Prediction Predict(ReadOnlySpan<byte> pixels, int width, int height, int channels)
    {
        if (channels is not (1 or 3 or 4) || width < 1 || height < 1 || (long)width * height * channels != pixels.Length)
            throw new ArgumentException($"{pixels.Length} bytes are not a picture of {width}x{height} pixels with {channels} channels. " +
                "Pass width x height x channels bytes, with 1, 3 or 4 channels.", nameof(pixels));
        ImageSize size = new(InputSize.Channels, height, width);
        if (channels == 1 && size.Channels == 1)
            return One(pixels, size);
        byte[] planes = ArrayPool<byte>.Shared.Rent(size.Length);
        try
        {
            PixelOrder.ToPlanes(pixels, channels, size.Channels, planes);
            return One(planes.AsSpan(0, size.Length), size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(planes);
        }
    }

    /// <summary>Classifies the picture in a file without holding up the caller.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/> before the network runs.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    public async Task<Prediction> PredictAsync(string path, CancellationToken cancellation = default)
    {
        byte[] bytes = await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false);
        return await Task.Run(() => Predict(bytes, path), cancellation).ConfigureAwait(false);
    }

    /// <summary>Classifies the picture in a stream without holding up the caller.</summary>
    /// <param name="image">Is read to its end.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/> before the network runs.</param>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    public async Task<Prediction> PredictAsync(Stream image, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        using MemoryStream bytes = new();
        await image.CopyToAsync(bytes, cancellation).ConfigureAwait(false);
        return await Task.Run(() => Predict(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)), cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Classifies many files, in batches: files are read and decoded on all cores while the network runs. The results come in the order of
    /// the files; one that can't be read has a <see cref="FilePrediction.Problem"/>, and the others go on.
    /// </summary>
    /// <param name="paths">The files; they are enumerated as results are asked for.</param>
    /// <param name="augmentation">Whether to average over several views of a picture.</param>
    /// <param name="batchSize">The most pictures that run through the network at once.</param>
    /// <exception cref="DatasetException">The network's input is too small to be shifted.</exception>
    public IEnumerable<FilePrediction> PredictAll(IEnumerable<string> paths,
        TestTimeAugmentation augmentation = TestTimeAugmentation.None, int batchSize = UsualBatchSize)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return _predictor.Run(paths.Select(path => (path, (Func<byte[]>)(() => File.ReadAllBytes(path)))), batchSize, augmentation)
            .Select(result => new FilePrediction(result.Name, result.Probabilities is { } p ? new(Labels, p) : null, result.Problem));
    }

    /// <inheritdoc cref="PredictAll"/>
    /// <param name="paths">The files; they are enumerated as results are asked for.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/> between two pictures.</param>
    public async IAsyncEnumerable<FilePrediction> PredictAllAsync(IEnumerable<string> paths,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using IEnumerator<FilePrediction> results = PredictAll(paths).GetEnumerator();
        while (await Task.Run(results.MoveNext, cancellation).ConfigureAwait(false))
            yield return results.Current;
    }

    /// <summary>Frees the network's memory after the running call.</summary>
    public void Dispose()
    {
        _end?.Invoke();
        _predictor.Dispose();
    }

    private Prediction Predict(ReadOnlySpan<byte> image, string name)
    {
        byte[] planes = _predictor.Decode(image, name, out ImageSize size);
        return One(planes, size);
    }

    private Prediction One(ReadOnlySpan<byte> planes, ImageSize size)
    {
        int length = _predictor.InputLength;
        if (_logits is not null)
        {
            float[] own = new float[length]; // may wait in a queue for longer than this call
            _predictor.Prepare(planes, size, own);
            return new(Labels, Probabilities.SinglesOf(_logits(own)));
        }
        float[] input = ArrayPool<float>.Shared.Rent(length);
        try
        {
            _predictor.Prepare(planes, size, input.AsSpan(0, length));
            return new(Labels, _predictor.RunOne(input.AsMemory(0, length)));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(input);
        }
    }
}
