using System.Globalization;
using Microsoft.AspNetCore.Connections;

namespace Convolve.Serving.Http;

/// <summary>The server can't listen where it was told to.</summary>
internal sealed class ListenException(ServerOptions options, Exception inner) : ConvolveException(Text(options, inner), inner)
{
    private static string Text(ServerOptions options, Exception inner) => string.Create(CultureInfo.InvariantCulture,
        $"Can't listen on {options.Host} port {options.Port}: ") + (inner.InnerException is AddressInUseException
        ? "another program does already. Stop it, or choose another port; 0 is a free one."
        : $"{inner.Message.TrimEnd('.')}. Choose another address or port.");
}
