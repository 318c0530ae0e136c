using Convolve.Imaging;
using Convolve.Inspection;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Inspection;

/// <summary>A look inside from many threads at once is the look of each alone.</summary>
public sealed class ModelInspectorTests : IDisposable
{
    private const int Pictures = 6, Threads = 8;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Eight_threads_get_what_one_gets()
    {
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(),
            TrainingData.Recipe with { Epochs = 1 }))
            trainer.Fit();
        for (int i = 0; i < Pictures; i++)
            File.WriteAllBytes(_folder[$"{i}.png"], PngEncoder.Encode(
                [.. Enumerable.Range(0, TrainingData.Side * TrainingData.Side).Select(at => (byte)(at * (2 * i + 3)))], 1,
                TrainingData.Side, TrainingData.Side));
        using ModelInspector inspector = ModelInspector.Load(_folder["run"]);
        // What is looked at, with the calls mixed so that passes that keep different layers follow each other.
        Func<string, float[]>[] looks =
        [
            path => [.. inspector.GradCam(path).Values],
            path => [.. inspector.Occlusion(path, 4, 2).Values],
            path => [.. inspector.Activations(path, inspector.Layers[0]).Values],
            inspector.Features,
        ];
        float[][] alone = [.. from i in Enumerable.Range(0, Pictures) from look in looks select look(_folder[$"{i}.png"])];
        Assert.Equal(Pictures, alone.Where((_, i) => i % looks.Length == 2).DistinctBy(values => string.Join(' ', values)).Count());
        Parallel.For(0, 10 * alone.Length, new() { MaxDegreeOfParallelism = Threads }, n =>
        {
            int i = n * 7 % alone.Length;
            Assert.Equal(alone[i], looks[i % looks.Length](_folder[$"{i / looks.Length}.png"]));
        });
    }
}
