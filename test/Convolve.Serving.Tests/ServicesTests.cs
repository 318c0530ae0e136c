using Convolve.Formats;
using Convolve.Planning;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Convolve.Serving.Tests;

/// <summary>Classifiers among a program's services.</summary>
public sealed class ServicesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-serving-").FullName;
    private readonly string _file, _other;

    public ServicesTests() =>
        (_file, _other) = (TestServer.Save(Path.Combine(_folder, "a.safetensors")),
            TestServer.Save(Path.Combine(_folder, "b.safetensors"), seed: 2));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    public async Task A_classifier_answers_many_callers(int maxBatch)
    {
        using ImageClassifier alone = ImageClassifier.Load(_file, new() { Precision = Precision.Float32 });
        byte[][] pictures = [.. Enumerable.Range(0, 40).Select(TestServer.Png)];
        float[] expected = [.. pictures.Select(p => alone.Predict(p).Confidence)];
        await using ServiceProvider services = new ServiceCollection()
            .AddConvolve(options => (options.Path, options.MaxBatchSize) = (_file, maxBatch)).BuildServiceProvider();
        ImageClassifier classifier = services.GetRequiredService<ImageClassifier>();
        Assert.Same(classifier, services.GetRequiredService<ImageClassifier>());
        await Parallel.ForAsync(0, 400, async (i, cancellation) =>
        {
            using MemoryStream stream = new(pictures[i % 40]);
            Assert.Equal(expected[i % 40], (await classifier.PredictAsync(stream, cancellation)).Confidence, maxBatch == 1 ? 0 : 1e-5f);
        });
        await services.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => classifier.Predict(pictures[0]));
    }

    [Fact]
    public async Task Keyed_classifiers_load_at_the_start_are_logged_and_checked()
    {
        using LogLines log = new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddConvolve(options => options.Path = _file).AddConvolve("other", options => options.Path = _other);
        builder.Services.AddHealthChecks().AddConvolve().AddConvolve("other");
        await using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        Assert.Equal(2, log.Lines.Count(l => l.StartsWith("Loaded ", StringComparison.Ordinal)));
        Assert.Contains(log.Lines, l => l.StartsWith($"Loaded {_other}: lenet5, 10 classes, in ", StringComparison.Ordinal));
        Assert.NotSame(app.Services.GetRequiredService<ImageClassifier>(), app.Services.GetRequiredKeyedService<ImageClassifier>("other"));
        HealthReport report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Equal([("convolve", HealthStatus.Healthy), ("convolve-other", HealthStatus.Healthy)],
            report.Entries.Select(e => (e.Key, e.Value.Status)).Order());
        await app.StopAsync();
    }

    [Fact]
    public async Task A_missing_model_or_path_fails_the_start()
    {
        await RequireAsync<SafeTensorsException>(options => options.Path = Path.Combine(_folder, "gone.safetensors"), "gone.safetensors");
        await RequireAsync<OptionsValidationException>(_ => { }, "AddConvolve: Path is empty.");
        await RequireAsync<OptionsValidationException>(options => (options.Path, options.MaxBatchSize) = (_file, 0), "MaxBatchSize");

        static async Task RequireAsync<T>(Action<ConvolveOptions> configure, string message) where T : Exception
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.Services.AddConvolve(configure);
            await using WebApplication app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            Assert.Contains(message, (await Assert.ThrowsAsync<T>(() => app.StartAsync())).Message, StringComparison.Ordinal);
        }
    }

    private sealed class LogLines : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (Lines)
                Lines.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
