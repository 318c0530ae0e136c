using System.Net.Sockets;
using Convolve.Serving.Batching;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Convolve.Serving.Http;

/// <summary>Models behind HTTP: Kestrel without the rest of ASP.NET.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly KestrelServer _kestrel;
    private readonly Application _application;
    private readonly IReadOnlyList<ServedModel> _models;

    private ModelServer(KestrelServer kestrel, Application application, IReadOnlyList<ServedModel> models) =>
        (_kestrel, _application, _models) = (kestrel, application, models);

    /// <summary>Such as http://127.0.0.1:8080, with the port that was found.</summary>
    public string Address => _kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public IReadOnlyList<ServedModel> Models => _models;

    /// <summary>Listens, and answers from here on.</summary>
    /// <param name="models">With different names; the server owns them from here on.</param>
    /// <param name="options">Where and how.</param>
    /// <exception cref="ListenException">Another program listens there, or the machine doesn't let this one.</exception>
    public static async Task<ModelServer> StartAsync(IReadOnlyList<ServedModel> models, ServerOptions options)
    {
        KestrelServerOptions kestrelOptions = new() { AddServerHeader = false };
        kestrelOptions.Limits.MaxRequestBodySize = options.MaxBody;
        kestrelOptions.Listen(options.Host, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        // Requests are parsed and pictures decoded on the thread that has read them: one change of threads less.
        SocketTransportFactory transport = new(Options.Create(new SocketTransportOptions { UnsafePreferInlineScheduling = true }),
            NullLoggerFactory.Instance);
        Application application = new(models, options);
        KestrelServer kestrel = new(Options.Create(kestrelOptions), transport, NullLoggerFactory.Instance);
        try
        {
            await kestrel.StartAsync(application, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            kestrel.Dispose();
            application.Dispose();
            foreach (ServedModel model in models)
                await model.DisposeAsync().ConfigureAwait(false);
            if (e is IOException or SocketException)
                throw new ListenException(options, e);
            throw;
        }
        if (options.Watch)
            foreach (ServedModel model in models)
                model.Watch(options.Log);
        return new(kestrel, application, models);
    }

    /// <summary>Takes no new connections, answers the requests that have come, and frees the models.</summary>
    public async ValueTask DisposeAsync()
    {
        _application.IsReady = false;
        foreach (ServedModel model in _models)
            model.Queue.EndDelays();
        await _kestrel.StopAsync(CancellationToken.None).ConfigureAwait(false);
        _kestrel.Dispose();
        _application.Dispose();
        foreach (ServedModel model in _models)
            await model.DisposeAsync().ConfigureAwait(false);
    }
}
