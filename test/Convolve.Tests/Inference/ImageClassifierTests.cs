using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Imaging;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Inference;

/// <summary>A trained model in a program: every way to hand over a picture gives the same answer.</summary>
public sealed class ImageClassifierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataSplits _splits = TrainingData.Splits();
    private readonly ImageClassifier _classifier;
    private readonly List<string> _files = [];

    public ImageClassifierTests()
    {
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, _splits, TrainingData.Recipe with { Epochs = 2 }))
            trainer.Fit();
        _classifier = ImageClassifier.Load(_folder["run"], new() { Precision = Precision.Float32 });
        for (int i = 0; i < 20; i++)
        {
            _files.Add(_folder[$"{i}.png"]);
            File.WriteAllBytes(_files[i], PngEncoder.Encode(PixelsOf(i), 1, TrainingData.Side, TrainingData.Side));
        }
    }

    public void Dispose()
    {
        _classifier.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_prediction_allocates_its_result_alone()
    {
        ReadOnlySpan<byte> pixels = PixelsOf(0);
        for (int i = 0; i < 3; i++)
            _classifier.Predict(pixels, TrainingData.Side, TrainingData.Side, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = new float[_classifier.Labels.Count];
        long result = GC.GetAllocatedBytesForCurrentThread() - before + 5 * nint.Size; // a Prediction has two references and a number
        before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            _classifier.Predict(pixels, TrainingData.Side, TrainingData.Side, 1);
        Assert.Equal(100 * result, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_small_network_runs_on_its_callers_thread_or_on_the_executor_to_the_same_bits()
    {
        float[] input = [.. Enumerable.Range(0, TrainingData.Size.Length).Select(i => i % 7 * .25f)];
        using Model model = new(TrainingData.Network, new() { Precision = Precision.Float32 }, seed: 3);
        int classes = TrainingData.Network.Output.Channels;
        float[] here = new float[classes], there = new float[classes];
        model.Forward(input, there); // makes the pass, on the executor thread
        Assert.True(SpinWait.SpinUntil(() => ForwardCall.TryRunHere(model, input, 1, here, ofSoftmax: true), 10_000));
        Assert.Equal(there, here);
        Assert.Equal(1, model.Evaluation(1).Plan.Options.Threads);
        ThreadTeam.Invoke(() => Assert.False(ForwardCall.TryRunHere(model, input, 1, here, ofSoftmax: true)));
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Forward(input, here));
    }

    [Fact]
    public async Task A_file_its_bytes_a_stream_and_its_pixels_are_one_picture()
    {
        using Classifier trained = Classifier.Load(_folder["run"], new() { Precision = Precision.Float32 });
        for (int i = 0; i < 5; i++)
        {
            float[] expected = trained.Predict(PixelsOf(i), TrainingData.Size);
            byte[] bytes = File.ReadAllBytes(_files[i]);
            byte[] colored = [.. PixelsOf(i).ToArray().SelectMany(p => new[] { p, p, p, (byte)7 })];
            using MemoryStream first = new(bytes), second = new(bytes);
            foreach (Prediction prediction in new[]
            {
                _classifier.Predict(_files[i]), _classifier.Predict(bytes), _classifier.Predict(first),
                _classifier.Predict(PixelsOf(i), TrainingData.Side, TrainingData.Side, 1),
                _classifier.Predict(colored, TrainingData.Side, TrainingData.Side, 4),
                await _classifier.PredictAsync(_files[i]), await _classifier.PredictAsync(second),
            })
            {
                Assert.Equal(expected, prediction.Probabilities);
                Assert.Equal(expected.Max(), prediction.Confidence);
                Assert.Equal(trained.ClassNames[Array.IndexOf(expected, expected.Max())], prediction.Label);
            }
        }
    }

    [Fact]
    public void The_most_probable_classes_come_first()
    {
        Prediction prediction = _classifier.Predict(_files[0]);
        Assert.Equal(TrainingData.Classes, prediction.Top(100).Count);
        Assert.Equal(prediction.Probabilities.OrderDescending(), prediction.Top(TrainingData.Classes).Select(p => p.Probability));
        Assert.Equal((prediction.Label, prediction.Confidence), Assert.Single(prediction.Top(1)));
        Assert.Equal(1, prediction.Probabilities.Sum(), 1e-6);
        Assert.Throws<ArgumentOutOfRangeException>(() => prediction.Top(0));
    }

    [Fact]
    public async Task Many_files_come_in_their_order_and_a_bad_one_stops_nobody()
    {
        string[] files = [.. _files[..9], _folder["missing.png"], .. _files[9..]];
        File.WriteAllText(_folder["text.png"], "not a picture");
        files = [.. files, _folder["text.png"]];
        float[][] single = [.. _files.Select(file => _classifier.Predict(file).Probabilities.ToArray())];
        List<FilePrediction> streamed = [];
        await foreach (FilePrediction result in _classifier.PredictAllAsync(files))
            streamed.Add(result);
        foreach (int batch in new[] { 1, 4, 7, 64 })
        {
            FilePrediction[] results = [.. _classifier.PredictAll(files, batchSize: batch)];
            Assert.Equal(files, results.Select(r => r.File));
            Assert.Equal(streamed.Select(r => r.Problem), results.Select(r => r.Problem));
            Assert.Equal([9, files.Length - 1], results.Index().Where(r => r.Item.Prediction is null).Select(r => r.Index));
            Assert.Equal("this file does not exist.", results[9].Problem);
            Assert.StartsWith("this is not a JPEG, PNG", results[^1].Problem, StringComparison.Ordinal);
            foreach ((float[] one, FilePrediction result) in single.Zip(results.Where(r => r.Prediction is not null)))
                for (int k = 0; k < one.Length; k++)
                    Assert.Equal(one[k], result.Prediction!.Probabilities[k], 1e-5f);
        }
    }

    [Fact]
    public void Views_are_averaged_as_evaluation_does()
    {
        using Classifier trained = Classifier.Load(_folder["run"], new() { Precision = Precision.Float32 });
        Predictions evaluated = trained.PredictAll(_splits.Test, 20, TestTimeAugmentation.MirrorAndTranslate);
        FilePrediction[] results = [.. _classifier.PredictAll(_files, TestTimeAugmentation.MirrorAndTranslate, 20)];
        for (int i = 0; i < _files.Count; i++)
            for (int k = 0; k < TrainingData.Classes; k++)
                Assert.Equal(evaluated.ProbabilitiesOf(i)[k], results[i].Prediction!.Probabilities[k], 1e-5);
    }

    [Fact]
    public void Several_threads_get_the_answers_for_their_own_pictures()
    {
        float[][] alone = [.. _files.Select(file => _classifier.Predict(file).Probabilities.ToArray())];
        Parallel.For(0, 400, new() { MaxDegreeOfParallelism = 8 }, i =>
            Assert.Equal(alone[i % alone.Length], _classifier.Predict(_files[i % alone.Length]).Probabilities));
    }

    [Fact]
    public async Task What_cannot_be_classified_is_told()
    {
        Assert.Throws<FileNotFoundException>(() => _classifier.Predict(_folder["missing.png"]));
        Assert.Throws<ImageException>(() => _classifier.Predict("text"u8));
        Assert.Throws<ArgumentException>(() => _classifier.Predict(new byte[10], 3, 3, 1));
        Assert.Throws<ArgumentException>(() => _classifier.Predict(new byte[18], 3, 3, 2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _classifier.PredictAsync(_files[0], new(canceled: true)));
        _classifier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _classifier.Predict(_files[0]));
    }

    private ReadOnlySpan<byte> PixelsOf(int i) => _splits.Test.Dataset.PixelsOf(_splits.Test.Indices[i]);
}
