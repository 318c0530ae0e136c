using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Convolve.Serving.Batching;

/// <summary>The figures of one model: for Prometheus, and for .NET's meters ("Convolve.Serving"), which OpenTelemetry reads.</summary>
internal sealed class ModelMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Convolve.Serving";

    private static readonly Meter Meter = new(MeterName);
    private static readonly UpDownCounter<long> Active = Meter.CreateUpDownCounter<long>("convolve.serving.active_requests", "{request}",
        "Requests that are decoded, wait or are computed.");
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>("convolve.serving.requests", "{request}",
        "Answered requests, by HTTP status.");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("convolve.serving.request.duration", "s",
        "From a request's head to its answer.");
    private static readonly Histogram<double> Queue = Meter.CreateHistogram<double>("convolve.serving.queue.duration", "s",
        "From the queue to the batch.");
    private static readonly Histogram<double> Compute = Meter.CreateHistogram<double>("convolve.serving.compute.duration", "s",
        "The network's time for a batch.");
    private static readonly Histogram<double> Sizes = Meter.CreateHistogram<double>("convolve.serving.batch.size", "{picture}",
        "Pictures of a batch.");
    private static readonly double[] Seconds =
        [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30];
    private static readonly double[] Pictures = [1, 2, 4, 8, 16, 32, 64, 128, 256];
    private readonly ConcurrentDictionary<int, long> _statuses = new();
    private readonly KeyValuePair<string, object?> _tag;
    private readonly string _labels;
    private long _running;

    public ModelMetrics(string model)
    {
        _tag = new("model", model);
        _labels = $"model=\"{model.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        RequestSeconds = new(Duration, Seconds, _tag);
        QueueSeconds = new(Queue, Seconds, _tag);
        ComputeSeconds = new(Compute, Seconds, _tag);
        BatchSize = new(Sizes, Pictures, _tag);
    }

    /// <summary>From a request's head to its answer.</summary>
    public Distribution RequestSeconds { get; }

    /// <summary>From the queue to the batch.</summary>
    public Distribution QueueSeconds { get; }

    /// <summary>The network's time for a batch.</summary>
    public Distribution ComputeSeconds { get; }

    /// <summary>Pictures of a batch.</summary>
    public Distribution BatchSize { get; }

    /// <summary>A request has come.</summary>
    public void Begin()
    {
        Interlocked.Increment(ref _running);
        if (Active.Enabled)
            Active.Add(1, _tag);
    }

    /// <summary>A request is answered.</summary>
    public void End(int status, double seconds)
    {
        Interlocked.Decrement(ref _running);
        _statuses.AddOrUpdate(status, 1, static (_, count) => count + 1);
        RequestSeconds.Record(seconds);
        if (Active.Enabled)
            Active.Add(-1, _tag);
        if (Requests.Enabled)
            Requests.Add(1, _tag, new("http.response.status_code", status));
    }

    /// <summary>All models in Prometheus' text format.</summary>
    /// <param name="models">The figures of each, and how many pictures wait.</param>
    public static string Text(IReadOnlyList<(ModelMetrics Metrics, int Waiting)> models)
    {
        StringBuilder text = new();
        Head("convolve_requests_running", "gauge", "Requests that are decoded, wait or are computed.");
        foreach ((ModelMetrics m, _) in models)
            text.Append(CultureInfo.InvariantCulture, $"convolve_requests_running{{{m._labels}}} {Interlocked.Read(ref m._running)}\n");
        Head("convolve_pictures_waiting", "gauge", "Pictures in the queue.");
        foreach ((ModelMetrics m, int waiting) in models)
            text.Append(CultureInfo.InvariantCulture, $"convolve_pictures_waiting{{{m._labels}}} {waiting}\n");
        Head("convolve_requests_total", "counter", "Answered requests, by HTTP status.");
        foreach ((ModelMetrics m, _) in models)
            foreach ((int status, long count) in m._statuses.OrderBy(s => s.Key))
                text.Append(CultureInfo.InvariantCulture, $"convolve_requests_total{{{m._labels},code=\"{status}\"}} {count}\n");
        Histogram("convolve_batch_size", "Pictures of a batch.", m => m.BatchSize);
        Histogram("convolve_queue_seconds", "From the queue to the batch.", m => m.QueueSeconds);
        Histogram("convolve_compute_seconds", "The network's time for a batch.", m => m.ComputeSeconds);
        Histogram("convolve_request_seconds", "From a request's head to its answer.", m => m.RequestSeconds);
        return text.ToString();

        void Head(string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

        void Histogram(string name, string help, Func<ModelMetrics, Distribution> of)
        {
            Head(name, "histogram", help);
            foreach ((ModelMetrics m, _) in models)
                of(m).Write(text, name, m._labels);
        }
    }
}
