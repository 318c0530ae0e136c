using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Convolve.Files;

namespace Convolve.Data.Fetching;

/// <summary>One request to one mirror, and what it answers, written behind what is there already.</summary>
internal sealed class MirrorTransfer(RemoteFile file, PartFile part, Uri address, TimeSpan patience, IProgress<DataProgress>? progress)
{
    /// <summary>A mirror slower than this counts as stalled.</summary>
    private const double LeastBytesPerSecond = 1000;

    private const int MostRedirections = 10;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(0.1);

    private static readonly Lazy<HttpClient> Client = new(() => new HttpClient(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(20),
        MaxAutomaticRedirections = MostRedirections,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { { "User-Agent", "convolve" }, { "Accept-Encoding", "identity" } },
    });

    /// <summary>
    /// Asks for what is missing, or for all of it if that does not fit; what went wrong, or null if the whole file is there and right.
    /// </summary>
    /// <exception cref="FileWriteException">The disk does not take it.</exception>
    /// <exception cref="DownloadException">The disk has no room for it.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task<MirrorFailure?> RunAsync(CancellationToken cancellation)
    {
        PartOrigin? origin = part.Origin;
        bool isPart = origin is not null && IsContinuable(origin);
        (bool unfit, MirrorFailure? failure) = await RequestAsync(isPart ? origin : null, cancellation).ConfigureAwait(false);
        if (unfit)
            (_, failure) = await RequestAsync(null, cancellation).ConfigureAwait(false);
        return failure;
    }

    // From another address the rest can only be of the same file if it makes up the same size; its digest decides at the end.
    private bool IsContinuable(PartOrigin origin) => origin.Total is { } total ? part.Length <= total
        && total <= file.MostBytes : origin.Address == address.AbsoluteUri;

    /// <summary>
    /// Asks for what is missing of a part, or for the whole. Unfit: what came does not fit to the part, and the whole is to be asked for.
    /// </summary>
    private async Task<(bool Unfit, MirrorFailure? Failure)> RequestAsync(PartOrigin? origin, CancellationToken cancellation)
    {
        long have = origin is null ? 0 : part.Length;
        if (have > 0 && have == origin!.Total)
            return Checked(isPart: true, cancellation);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(patience);
        long bytes = have;
        long? total = null;
        bool isAnswered = false;
        using HttpRequestMessage request = Request(origin, have);
        try
        {
            using HttpResponseMessage response =
                await Client.Value.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
            isAnswered = true;
            if (have > 0 && (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable || IsOtherRange(response, origin!, have)))
                return (true, null);
            if (StatusFailure(response, have) is { } refused)
                return (false, refused);
            have = bytes = response.StatusCode == HttpStatusCode.PartialContent ? have : 0;
            total = response.Content.Headers.ContentLength is { } length ? have + length : origin?.Total;
            if (SizeFailure(total) is { } wrong)
                return (false, wrong);
            RequireSpace(total, have);
            progress?.Report(
                new($"Downloading {address}{(total is { } all ? $" ({DataSize.Of(all)})" : "")}" +
                $"{(have > 0 ? $", resuming at {DataSize.Of(have)}" : "")}"));
            await using Stream content = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
            TransferRate rate = new();
            byte[] buffer = new byte[1 << 16];
            long window = 0, reported = 0;
            int got = await content.ReadAsync(buffer, silence.Token).ConfigureAwait(false);
            if (have == 0 && IsPage(response, buffer.AsSpan(0, got)))
                return (false,
                    new($"sent a web page{(response.Content.Headers.ContentLength is { } page ? $" of {page} bytes" : "")} instead of " +
                        $"the file; a firewall or a login page may be in between", IsFinal: true));
            // Only now: an earlier part is not given up for a page.
            await using FileStream output = have > 0 ? part.Append() : part.Create(OriginOf(response, total));
            for (; got > 0; got = await content.ReadAsync(buffer, silence.Token).ConfigureAwait(false))
            {
                FileOperation.Write(part.Path, output, buffer.AsSpan(0, got));
                bytes += got;
                if (bytes > file.MostBytes)
                    return Discard($"sent more than the file's {file.MostBytes} bytes");
                // The clock starts again only when enough has come: a trickle is no better than silence.
                window += got;
                if (window >= LeastBytesPerSecond * patience.TotalSeconds)
                {
                    silence.CancelAfter(patience);
                    window = 0;
                }

                rate.Add(bytes);
                if (reported == 0 || Stopwatch.GetElapsedTime(reported) > ReportInterval)
                {
                    reported = Stopwatch.GetTimestamp();
                    progress?.Report(new DownloadProgress(file.Name, bytes, total, rate.BytesPerSecond));
                }
            }

            progress?.Report(new DownloadProgress(file.Name, bytes, total, rate.BytesPerSecond));
            FileOperation.Run(FileStep.Flush, part.Path, () => output.Flush(flushToDisk: true));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            string after = $"after {DataSize.Of(bytes, total)}";
            return (false, new(!isAnswered ? $"no response for {patience.TotalSeconds:0} s"
                : $"stalled {after}: less than {LeastBytesPerSecond / 1000:0} kB/s for {patience.TotalSeconds:0} s", IsFinal: false));
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not FileWriteException)
        {
            return (false, new(TransferFault.Words(e, request.RequestUri!, isAnswered ? DataSize.Of(bytes, total) : null), IsFinal: false));
        }

        if (total is { } expected && bytes < expected)
            return (false, new($"cut off after {DataSize.Of(bytes, total)}", IsFinal: false));
        return Checked(isPart: have > 0, cancellation);
    }

    private HttpRequestMessage Request(PartOrigin? origin, long have)
    {
        HttpRequestMessage request = new(HttpMethod.Get, address);
        if (have == 0)
            return request;
        request.Headers.Range = new RangeHeaderValue(have, null);
        if (origin!.Address == address.AbsoluteUri && origin.Validator is { } validator)
            request.Headers.TryAddWithoutValidation("If-Range", validator);
        return request;
    }

    private PartOrigin OriginOf(HttpResponseMessage response, long? total) => new(address.AbsoluteUri, total,
        response.Headers.ETag is { IsWeak: false } tag ? tag.Tag
        : response.Content.Headers.LastModified?.ToString("R", System.Globalization.CultureInfo.InvariantCulture));

    private static bool IsOtherRange(HttpResponseMessage response, PartOrigin origin, long have) =>
        response.StatusCode == HttpStatusCode.PartialContent
        && (response.Content.Headers.ContentRange is not { From: { } from } range ||
        from != have || (range.Length is { } whole && origin.Total is { } total && whole != total));

    private static MirrorFailure? StatusFailure(HttpResponseMessage response, long have)
    {
        HttpStatusCode status = response.StatusCode;
        if (status == HttpStatusCode.OK || (status == HttpStatusCode.PartialContent && have > 0))
            return null;
        bool mayPass = status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;
        string redirected = (int)status is < 300 or >= 400 ? ""
            : $": it redirects more than {MostRedirections} times, from https to http, or nowhere";
        return new($"HTTP {(int)status} {ForeignText.Of(response.ReasonPhrase ?? "", 60)}{redirected}", !mayPass);
    }

    private MirrorFailure? SizeFailure(long? total)
    {
        if (total is not { } bytes)
            return null;
        if (file.Sizes.Count > 0 && !file.Sizes.Contains(bytes))
            return new($"announces {bytes} bytes, expected {string.Join(" or ", file.Sizes)}: it is another file, or a web page",
                IsFinal: true);
        return bytes > file.MostBytes ? new($"announces {bytes} bytes, more than the file's {file.MostBytes}",
            IsFinal: true) : null;
    }

    private static bool IsPage(HttpResponseMessage response, ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start.TrimStart("\uFEFF \t\r\n"u8);
        return (text.Length > 0 && text[0] == '<')
            || (response.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml"
            && !start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]));
    }

    private (bool, MirrorFailure?) Checked(bool isPart, CancellationToken cancellation)
    {
        if (file.Problem(part.Path, cancellation) is not { } problem)
            return (false, null);
        // The beginning may be of another file than the rest.
        return isPart ? (true, null) : Discard(problem);
    }

    private (bool, MirrorFailure?) Discard(string problem)
    {
        part.Delete();
        return (false, new(problem, IsFinal: true));
    }

    private void RequireSpace(long? total, long have)
    {
        if (total is not { } all || FreeBytes() is not { } free || free >= all - have + file.SpaceBytes)
            return;
        throw new DownloadException(
            $"{file.Name} needs {DataSize.Of(all - have + file.SpaceBytes)}, but the disk of {Path.GetDirectoryName(part.Path)} has only " +
            $"{DataSize.Of(free)} free. Free some space, or choose a folder on another disk with XDG_CACHE_HOME or the data directory.")
        { Remedy = Remedy.DataDirectory };
    }

    private long? FreeBytes()
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(part.Path))!).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
