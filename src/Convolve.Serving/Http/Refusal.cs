namespace Convolve.Serving.Http;

/// <summary>A request that isn't answered as it was meant; the message says why and how to mend it.</summary>
internal sealed class Refusal(int status, string message) : ConvolveException(message)
{
    public int Status => status;

    /// <summary>Seconds after which to try again; null where that wouldn't help.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>400: the request is wrong.</summary>
    public static Refusal Bad(string message) => new(400, message);

    /// <summary>503: the server has no time for it.</summary>
    public static Refusal Busy(string message) => new(503, message) { RetryAfter = 1 };
}
