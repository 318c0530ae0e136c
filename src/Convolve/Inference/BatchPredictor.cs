using System.Buffers;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Imaging;

namespace Convolve.Inference;

/// <summary>What became of one picture: its classes' probabilities, or why there are none.</summary>
internal readonly record struct PicturePrediction(string Name, float[]? Probabilities, string? Problem);

/// <summary>Makes pictures the input of a network and asks it, one or many at a time. It owns the network.</summary>
/// <remarks>Safe to use from several threads at once.</remarks>
internal sealed class BatchPredictor(Model model, Preprocessing preprocessing) : IDisposable
{
    private readonly ImagePipeline _pipeline = new(preprocessing, preprocessing.Size.Channels);
    private readonly int _classes = preprocessing.ClassNames.Count;

    public Preprocessing Preprocessing => preprocessing;

    public Model Model => model;

    /// <summary>The values of one picture, as the network takes it.</summary>
    public int InputLength => preprocessing.Size.Length;

    /// <summary>Decodes a picture and makes it an input.</summary>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    /// <exception cref="DatasetException">It is too small for a crop among the steps.</exception>
    public void Decode(ReadOnlySpan<byte> image, string name, Span<float> input, long maxPixels = ImageDecoder.UsualMaxPixels)
    {
        byte[] planes = Decode(image, name, out ImageSize size, maxPixels);
        Prepare(planes, size, input);
    }

    /// <summary>Decodes a picture.</summary>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    public byte[] Decode(ReadOnlySpan<byte> image, string name, out ImageSize size, long maxPixels = ImageDecoder.UsualMaxPixels)
    {
        byte[] planes = ImageDecoder.Decode(image, name, _pipeline.Channels, out ImageInfo info, maxPixels);
        size = new(_pipeline.Channels, info.Height, info.Width);
        return planes;
    }

    /// <summary>Makes a picture an input.</summary>
    /// <param name="planes">Bytes by channel, row, column.</param>
    /// <param name="size">Its size.</param>
    /// <param name="input">Room for <see cref="InputLength"/> values.</param>
    public void Prepare(ReadOnlySpan<byte> planes, ImageSize size, Span<float> input) => _pipeline.Write(planes, size, input);

    /// <summary>The probabilities of several pictures at once.</summary>
    /// <param name="inputs">[count, C, H, W].</param>
    /// <param name="count">The pictures.</param>
    /// <param name="views">The views to average over; null for the picture itself.</param>
    public float[][] Run(float[] inputs, int count, TestTimeViews? views = null)
    {
        float[] logits = new float[count * _classes];
        if (views is null)
            ForwardCall.Run(model, inputs.AsMemory(0, count * InputLength), count, logits);
        else
            Run(inputs, count, views, logits);
        return [.. Enumerable.Range(0, count).Select(i => Probabilities.SinglesOf(logits.AsSpan(i * _classes, _classes)))];
    }

    /// <summary>The probabilities of one picture; nothing else is allocated.</summary>
    /// <param name="input">[C, H, W].</param>
    public float[] RunOne(ReadOnlyMemory<float> input)
    {
        float[] logits = ArrayPool<float>.Shared.Rent(_classes);
        ForwardCall.Run(model, input, 1, logits.AsMemory(0, _classes));
        float[] probabilities = Probabilities.SinglesOf(logits.AsSpan(0, _classes));
        ArrayPool<float>.Shared.Return(logits);
        return probabilities;
    }

    // Apart: what a lambda captures is allocated where its method begins.
    private void Run(float[] inputs, int count, TestTimeViews views, float[] logits) => model.Invoke(() =>
    {
        Executor pass = model.Evaluation(count);
        pass.Write(inputs.AsSpan(0, count * InputLength));
        views.Run(pass, logits);
    });

    /// <summary>
    /// The probabilities of many pictures, in their order: the next batch is read and decoded on all cores while the network runs.
    /// </summary>
    public IEnumerable<PicturePrediction> Run(IEnumerable<(string Name, Func<byte[]> Read)> pictures, int batchSize,
        TestTimeAugmentation augmentation)
    {
        using TestTimeViews? views = augmentation == TestTimeAugmentation.None ? null : new(augmentation, model.Graph.Input);
        using IEnumerator<(string, Func<byte[]>)[]> batches = pictures.Chunk(batchSize).GetEnumerator();
        (Batch filling, Batch other) = (new(this, batchSize), new(this, batchSize));
        Task<bool> loading = LoadNext(filling);
        try
        {
            while (loading.GetAwaiter().GetResult())
            {
                Batch loaded = filling;
                (filling, other) = (other, loaded);
                loading = LoadNext(filling);
                foreach (PicturePrediction result in loaded.Run(views))
                    yield return result;
            }
        }
        finally
        {
            ((IAsyncResult)loading).AsyncWaitHandle.WaitOne(); // it reads what is disposed now
        }

        Task<bool> LoadNext(Batch batch) => Task.Run(() => batches.MoveNext() && batch.Load(batches.Current));
    }

    public void Dispose() => model.Dispose();

    /// <summary>Pictures that go through the network together.</summary>
    private sealed class Batch(BatchPredictor owner, int size)
    {
        private readonly float[] _inputs = new float[checked(size * owner.InputLength)];
        private (string Name, Func<byte[]> Read)[] _pictures = [];
        private string?[] _problems = [];

        public bool Load((string Name, Func<byte[]> Read)[] pictures)
        {
            (_pictures, _problems) = (pictures, new string?[pictures.Length]);
            Parallel.For(0, pictures.Length, i => _problems[i] = Load(pictures[i],
                _inputs.AsSpan(i * owner.InputLength, owner.InputLength)));
            return true;
        }

        public IEnumerable<PicturePrediction> Run(TestTimeViews? views)
        {
            // Those that can be read move together.
            int count = 0;
            for (int i = 0; i < _pictures.Length; i++)
                if (_problems[i] is null)
                    _inputs.AsSpan(i * owner.InputLength, owner.InputLength).CopyTo(_inputs.AsSpan(count++ * owner.InputLength));
            float[][] results = count > 0 ? owner.Run(_inputs, count, views) : [];
            int at = 0;
            for (int i = 0; i < _pictures.Length; i++)
                yield return new(_pictures[i].Name, _problems[i] is null ? results[at++] : null, _problems[i]);
        }

        private string? Load((string Name, Func<byte[]> Read) picture, Span<float> input)
        {
            try
            {
                owner.Decode(picture.Read(), picture.Name, input);
                return null;
            }
            catch (ImageException e)
            {
                return e.Reason;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return "this file does not exist.";
            }
            catch (Exception e) when (e is DatasetException or IOException or UnauthorizedAccessException)
            {
                return e.Message;
            }
        }
    }
}
