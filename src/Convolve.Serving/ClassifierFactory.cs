using System.Diagnostics;
using Convolve.Inference;
using Convolve.Serving.Batching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Convolve.Serving;

/// <summary>Makes the classifiers that AddConvolve registers.</summary>
internal static partial class ClassifierFactory
{
    public static ImageClassifier Create(string name, IServiceProvider provider)
    {
        ConvolveOptions options = provider.GetRequiredService<IOptionsMonitor<ConvolveOptions>>().Get(name);
        ILogger logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger("Convolve");
        long start = Stopwatch.GetTimestamp();
        using ModelFile file = ModelFile.Open(options.Path);
        ClassifierNetwork network =
            ClassifierNetwork.Create(new(file.CreateModel(options.Execution), file.Preprocessing), options.MaxBatchSize);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Loaded(logger, options.Path, file.Graph.Name, network.OutputLength, milliseconds);
        // A classifier refuses nothing: whoever calls it waits.
        BatchQueue queue = new(int.MaxValue, TimeSpan.Zero, new(name.Length > 0 ? name : file.Graph.Name));
        return new(network.Predictor, input =>
        {
            BatchWork work = new(network, input, 1, long.MaxValue);
            BatchOutcome outcome = queue.Add(work).AsTask().GetAwaiter().GetResult();
            ObjectDisposedException.ThrowIf(outcome == BatchOutcome.Stopping, typeof(ImageClassifier));
            return work.Outputs;
        }, () =>
        {
            queue.Stop().GetAwaiter().GetResult();
            queue.Dispose();
        });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded {Path}: {Network}, {Classes} classes, in {Milliseconds:F0} ms")]
    private static partial void Loaded(ILogger logger, string path, string network, int classes, double milliseconds);
}

/// <summary>Loads a classifier when the host starts.</summary>
internal sealed class ClassifierStart(Func<ImageClassifier> get) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.Run(get, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Whether a classifier is loaded and answers: it is asked about a black picture.</summary>
internal sealed class ClassifierHealthCheck(Func<ImageClassifier> get) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.Run(() =>
        {
            ImageClassifier classifier = get();
            classifier.Predict(new byte[classifier.InputSize.Length], classifier.InputSize.Width, classifier.InputSize.Height,
                classifier.InputSize.Channels);
            return HealthCheckResult.Healthy();
        }, cancellationToken);
}
