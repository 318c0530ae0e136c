namespace Convolve.Serving.Http;

/// <summary>What a path is for.</summary>
internal enum RouteKind
{
    Page, Live, Ready, Metrics, OpenApi, Predict, Server, ServerLive, ServerReady, Models, Model, ModelReady, Infer,
}

/// <summary>The paths that are served.</summary>
internal static class Router
{
    private const string ModelPrefix = "/v2/models/", Versions = "versions";

    /// <summary>The only version of each model.</summary>
    public const string Version = "1";

    /// <summary>All of them, as the OpenAPI document writes them.</summary>
    public static IReadOnlyList<(string Path, RouteKind Kind)> All { get; } =
    [
        ("/", RouteKind.Page), ("/livez", RouteKind.Live), ("/readyz", RouteKind.Ready), ("/metrics", RouteKind.Metrics),
        ("/openapi.json", RouteKind.OpenApi), ("/predict", RouteKind.Predict), ("/v2", RouteKind.Server),
        ("/v2/health/live", RouteKind.ServerLive), ("/v2/health/ready", RouteKind.ServerReady), ("/v2/models", RouteKind.Models),
        ("/v2/models/{model}", RouteKind.Model), ("/v2/models/{model}/ready", RouteKind.ModelReady),
        ("/v2/models/{model}/infer", RouteKind.Infer), ("/v2/models/{model}/versions/{version}", RouteKind.Model),
        ("/v2/models/{model}/versions/{version}/ready", RouteKind.ModelReady),
        ("/v2/models/{model}/versions/{version}/infer", RouteKind.Infer),
    ];

    private static readonly Dictionary<string, RouteKind> Fixed = All.Where(r => !r.Path.Contains('{', StringComparison.Ordinal))
        .ToDictionary(r => r.Path, r => r.Kind, StringComparer.Ordinal);

    /// <summary>Whether it takes a body by POST; all others are read by GET.</summary>
    public static bool IsPost(RouteKind kind) => kind is RouteKind.Predict or RouteKind.Infer;

    /// <summary>Whether it needs no API key: what says that the server is there, and the page, which asks for the key.</summary>
    public static bool IsOpen(RouteKind kind) =>
        kind is RouteKind.Page or RouteKind.Live or RouteKind.Ready or RouteKind.ServerLive or RouteKind.ServerReady;

    /// <summary>What a path is for; null for nothing.</summary>
    /// <param name="path">As it was decoded.</param>
    /// <param name="model">The model that it names.</param>
    /// <exception cref="Refusal">It names an unknown version.</exception>
    public static RouteKind? Find(string path, out string? model)
    {
        model = null;
        if (Fixed.TryGetValue(path, out RouteKind kind))
            return kind;
        if (!path.StartsWith(ModelPrefix, StringComparison.Ordinal))
            return null;
        ReadOnlySpan<char> rest = path.AsSpan(ModelPrefix.Length);
        int end = rest.IndexOf('/');
        model = (end < 0 ? rest : rest[..end]).ToString();
        if (model.Length == 0)
            return null;
        if (end < 0)
            return RouteKind.Model;
        rest = rest[(end + 1)..];
        if (rest.StartsWith(Versions) && rest.Length > Versions.Length && rest[Versions.Length] == '/')
        {
            rest = rest[(Versions.Length + 1)..];
            end = rest.IndexOf('/');
            ReadOnlySpan<char> version = end < 0 ? rest : rest[..end];
            if (!version.SequenceEqual(Version))
                throw new Refusal(404, $"Model \"{model}\" has no version \"{version}\". Use version {Version}, or leave it out.");
            if (end < 0)
                return RouteKind.Model;
            rest = rest[(end + 1)..];
        }
        return rest switch
        {
            "ready" => RouteKind.ModelReady,
            "infer" => RouteKind.Infer,
            _ => null,
        };
    }
}
