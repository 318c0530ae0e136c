using System.Diagnostics;
using System.Globalization;
using Convolve.Serving.Batching;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Convolve.Serving.Http;

/// <summary>Answers requests: finds what the path is for, and turns whatever goes wrong into one JSON object with "error".</summary>
internal sealed class Application(IReadOnlyList<ServedModel> models, ServerOptions options) : IHttpApplication<HttpContext>,
    IDisposable
{
    private readonly Endpoints _endpoints = new(models, options);
    private readonly ApiKey? _key = options.ApiKey is { } key ? new(key) : null;

    /// <summary>Whether new requests are welcome; not while the server stops.</summary>
    public bool IsReady
    {
        get => _endpoints.IsReady;
        set => _endpoints.IsReady = value;
    }

    public void Dispose() => _endpoints.Dispose();

    public HttpContext CreateContext(IFeatureCollection contextFeatures)
    {
        if (contextFeatures is not IHostContextContainer<HttpContext> container)
            return new DefaultHttpContext(contextFeatures);
        if (container.HostContext is DefaultHttpContext kept)
        {
            kept.Initialize(contextFeatures);
            return kept;
        }
        return container.HostContext = new DefaultHttpContext(contextFeatures);
    }

    public void DisposeContext(HttpContext context, Exception? exception) => ((DefaultHttpContext)context).Uninitialize();

    public async Task ProcessRequestAsync(HttpContext context)
    {
        long start = Stopwatch.GetTimestamp();
        ServedModel? model = null;
        try
        {
            string path = context.Request.Path.Value is { Length: > 0 } p ? p : "/", method = context.Request.Method;
            RouteKind kind = Router.Find(path, out string? name)
                ?? throw new Refusal(404, $"There is nothing at {path}. See /openapi.json.");
            bool isPost = Router.IsPost(kind);
            if (isPost ? !HttpMethods.IsPost(method) : !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
            {
                context.Response.Headers.Allow = isPost ? "POST" : "GET, HEAD";
                throw new Refusal(405, $"{path} is for {(isPost ? "POST" : "GET")}, got {method}.");
            }
            if (_key is not null && !Router.IsOpen(kind) && !_key.IsIn(context.Request.Headers))
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                throw new Refusal(401, $"Send the server's API key in the header Authorization: Bearer KEY, or {ApiKey.Header}: KEY.");
            }
            if (kind == RouteKind.Predict)
                name = context.Request.Query["model"] is [{ Length: > 0 } asked, ..] ? asked : models[0].Name;
            ServedModel? named = name is null ? null : Find(name);
            if (!isPost)
            {
                await _endpoints.GetAsync(context, kind, named).ConfigureAwait(false);
                return;
            }
            model = named!;
            model.Metrics.Begin();
            await (kind == RouteKind.Infer ? _endpoints.InferAsync(context, model) : _endpoints.PredictAsync(context, model))
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await FailAsync(context, e).ConfigureAwait(false);
        }
        finally
        {
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            model?.Metrics.End(context.Response.StatusCode, seconds);
            options.AccessLog?.Invoke(string.Create(CultureInfo.InvariantCulture,
                $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Response.StatusCode} " +
                $"{seconds * 1000:F1} ms"));
        }
    }

    private ServedModel Find(string name)
    {
        foreach (ServedModel model in models)
            if (model.Name == name)
                return model;
        throw new Refusal(404, $"There is no model \"{name}\". The models are {string.Join(", ", models.Select(m => m.Name))}.");
    }

    private Task FailAsync(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask; // nobody is there to hear it
        Refusal refusal = exception switch
        {
            Refusal known => known,
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => RequestBody.TooLarge(null, options.MaxBody),
            BadHttpRequestException bad => new(bad.StatusCode, bad.Message),
            _ => new(500, "The request could not be answered; the server's log says why."),
        };
        if (refusal.Status == StatusCodes.Status500InternalServerError)
            options.Log($"{context.Request.Method} {context.Request.Path}: {exception}");
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }
        if (refusal.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return JsonAnswer.SendAsync(context, refusal.Status, refusal.Message, static (writer, message) =>
        {
            writer.WriteStartObject();
            writer.WriteString("error"u8, message);
            writer.WriteEndObject();
        });
    }
}
