using System.Net;

namespace Convolve.Serving.Http;

/// <summary>How models are served.</summary>
internal sealed record ServerOptions
{
    /// <summary>Where it listens; this machine alone hears it by default.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>0 for a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>The most pictures of a batch.</summary>
    public int MaxBatch { get; init; } = ImageClassifier.UsualBatchSize;

    /// <summary>How long a batch that isn't full waits for more.</summary>
    public TimeSpan MaxDelay { get; init; }

    /// <summary>The most pictures that wait for a model, and of one request.</summary>
    public int Queue { get; init; } = 128;

    /// <summary>How long after a request has come its computing may begin.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest body, in bytes.</summary>
    public int MaxBody { get; init; } = 16 << 20;

    /// <summary>The largest picture, in pixels.</summary>
    public long MaxPixels { get; init; } = 50_000_000;

    /// <summary>Pictures that are decoded at once.</summary>
    public int MaxDecodes { get; init; } = Environment.ProcessorCount;

    /// <summary>What requests must have; null for nothing.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Whether changed model files are loaded.</summary>
    public bool Watch { get; init; }

    /// <summary>Gets a line for each request; null for none.</summary>
    public Action<string>? AccessLog { get; init; }

    /// <summary>Gets what whoever runs the server should know.</summary>
    public Action<string> Log { get; init; } = _ => { };
}
