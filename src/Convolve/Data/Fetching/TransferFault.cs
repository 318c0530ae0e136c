using System.Net.Sockets;

namespace Convolve.Data.Fetching;

/// <summary>Failures of networks in words.</summary>
internal static class TransferFault
{
    /// <summary>Why a transfer failed.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="address">Whom it was asked of, at last.</param>
    /// <param name="came">What had come by then, in words; null before any answer.</param>
    public static string Words(Exception failure, Uri address, string? came)
    {
        if (came is not null)
            return $"cut off after {came}: {Reason(failure)}";
        string host = address.Host;
        return failure is HttpRequestException { HttpRequestError: var error } ? error switch
        {
            HttpRequestError.NameResolutionError => $"can't resolve {host}: no network, or the name server doesn't answer",
            HttpRequestError.SecureConnectionError => $"no secure connection to {host}: {Reason(failure)}",
            HttpRequestError.ProxyTunnelError => $"the proxy refused the connection: {Reason(failure)}",
            HttpRequestError.ConnectionError
                when failure.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
                $"the connection was refused: nothing answers at {host}:{address.Port}",
            HttpRequestError.ConnectionError => $"no connection to {host}: {Reason(failure)}",
            HttpRequestError.ResponseEnded => "closed the connection without a response",
            HttpRequestError.InvalidResponse => $"answered with something that is not HTTP: {Reason(failure)}",
            _ => Reason(failure),
        } : Reason(failure);
    }

    // Of an answer that is not HTTP it quotes what came.
    private static string Reason(Exception failure) => ForeignText.Of(failure.GetBaseException().Message.TrimEnd('.'), 300);
}
