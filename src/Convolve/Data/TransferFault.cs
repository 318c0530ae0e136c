using System.Net.Sockets;

namespace Convolve.Data;

/// <summary>Failures of networks and disks in words.</summary>
internal static class TransferFault
{
    private const int LinuxDiskFull = 28, WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Why a transfer failed.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="address">Whom it was asked of.</param>
    /// <param name="came">What had come by then, in words; null before any answer.</param>
    public static string Words(Exception failure, Uri address, string? came)
    {
        if (came is not null)
            return $"cut off after {came}: {Innermost(failure).Message.TrimEnd('.')}";
        string host = address.Host;
        return failure is HttpRequestException { HttpRequestError: var error } ? error switch
        {
            HttpRequestError.NameResolutionError => $"the name {host} is not known: no network, or its name service does not answer",
            HttpRequestError.SecureConnectionError => $"no secure connection to {host}: {Innermost(failure).Message}",
            HttpRequestError.ProxyTunnelError => $"the proxy does not let it through: {Innermost(failure).Message}",
            HttpRequestError.ConnectionError when Innermost(failure) is SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
                $"the connection was refused: nothing answers at {host}:{address.Port}",
            HttpRequestError.ConnectionError => $"no connection to {host}: {Innermost(failure).Message}",
            HttpRequestError.ResponseEnded => "closed the connection without an answer",
            HttpRequestError.InvalidResponse => $"answered with something that is not HTTP: {Innermost(failure).Message}",
            _ => Innermost(failure).Message,
        } : Innermost(failure).Message;
    }

    /// <summary>For a disk that does not take a file.</summary>
    public static DownloadException OfDisk(string name, string path, Exception failure)
    {
        string folder = Path.GetDirectoryName(path)!;
        return new(failure.HResult is LinuxDiskFull or WindowsDiskFull
            ? $"{name} cannot be written: the disk of {folder} is full. What has come is kept: free space and run it again, or name a folder on another disk with --data-dir."
            : $"{name} cannot be written into {folder}: {failure.Message} Name a folder that can be written to with --data-dir or XDG_CACHE_HOME.", failure);
    }

    private static Exception Innermost(Exception failure) => failure.GetBaseException();
}
