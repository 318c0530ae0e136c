using Convolve.Files;

namespace Convolve.Data.Fetching;

/// <summary>What the search for data sets and their downloads depend on.</summary>
/// <param name="DataVariable">The value of CONVOLVE_DATA.</param>
/// <param name="CacheDirectory">Where downloads go, a folder for each set.</param>
/// <param name="Patience">How long a mirror may stay silent.</param>
internal sealed record DatasetEnvironment(string? DataVariable, string CacheDirectory, TimeSpan Patience)
{
    public const string MirrorsVariable = "CONVOLVE_MIRRORS";

    /// <summary>The value of CONVOLVE_MIRRORS.</summary>
    public string? Mirrors { get; init; }

    /// <summary>How long to wait before mirrors that failed are asked again, at first.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(1);

    public static DatasetEnvironment Current()
    {
        return new DatasetEnvironment(
            Environment.GetEnvironmentVariable("CONVOLVE_DATA") is { } data ? HomePath.Expand(data) : null, SystemPaths.Cache,
            TimeSpan.FromSeconds(30))
        {
            Mirrors = Environment.GetEnvironmentVariable(MirrorsVariable),
        };
    }

    /// <summary>The addresses of a data set's files.</summary>
    /// <exception cref="DatasetException">A mirror that the user named is not a URL.</exception>
    public IReadOnlyList<Uri> MirrorsOf(DatasetInfo info, DatasetOptions options)
    {
        string[] named = [.. options.Mirrors ?? Mirrors?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            ?? []];
        if (named.Length == 0)
            return info.Mirrors;
        return [.. named.Select(text => Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address)
            && address.Scheme is "http" or "https"
            ? new Uri(address, info.FolderName + "/")
            : throw new DatasetException(
            $"The mirror \"{text}\" is not a URL. Use one that starts with https:// or http://, such as https://host/data/, with one " +
            $"folder per data set."))];
    }
}
