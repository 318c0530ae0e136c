using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;

namespace Convolve.Data;

/// <summary>
/// Downloads files of a data set into a folder: from one mirror after the other, until one delivers the right content. A file appears
/// under its name only when it is whole, checked and on the disk.
/// </summary>
internal sealed class DatasetDownload(DatasetInfo info, string directory, TimeSpan patience, IProgress<string>? progress)
{
    /// <summary>What a mirror may send more than the unpacked file has: the smallest files may grow when packed.</summary>
    private const long Surplus = 1 << 16;

    private static readonly Lazy<HttpClient> Client = new(() => new HttpClient(new SocketsHttpHandler())
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { { "User-Agent", "convolve" } },
    });

    private readonly List<Uri> _mirrors = [.. info.Mirrors];

    public async Task FetchAsync(DatasetFile file, CancellationToken cancellation)
    {
        string target = Path.Combine(directory, file.ArchiveName);
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataException(
                $"{info.Name} cannot be downloaded: the folder {directory} cannot be made: {e.Message} " +
                "Name one that can be written to in XDG_CACHE_HOME, or with --data-dir.", e);
        }

        List<string> failures = [];
        foreach (Uri mirror in _mirrors.ToArray())
        {
            Uri address = new(mirror, file.ArchiveName);
            string temporary = Path.Combine(directory, $".{file.ArchiveName}.{Guid.NewGuid():N}.part");
            try
            {
                string? problem = await TryAsync(address, temporary, file, cancellation).ConfigureAwait(false);
                if (problem is null)
                {
                    File.Move(temporary, target, overwrite: true);
                    // The next file is asked for where this one was found.
                    _mirrors.Remove(mirror);
                    _mirrors.Insert(0, mirror);
                    return;
                }

                failures.Add($"{address}: {problem}");
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                failures.Add($"{address}: no answer for {patience.TotalSeconds:0} s");
            }
            catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
            {
                failures.Add($"{address}: {e.InnerException?.Message ?? e.Message}");
            }
            finally
            {
                File.Delete(temporary);
            }

            progress?.Report(failures[^1]);
        }

        throw new DataException(
            $"{info.Name} cannot be downloaded: {(failures.Count == 0 ? "it has no mirror" : "no mirror delivered " + file.ArchiveName)}." +
            string.Concat(failures.Select(f => $"{Environment.NewLine}  {f}")) + Environment.NewLine +
            $"Check the network and run `convolve data fetch {info.Name}`, or put " +
            $"{string.Join(", ", info.Files.Select(f => f.ArchiveName))} into {directory}.");
    }

    /// <summary>Downloads from one address; what is wrong, or null.</summary>
    private async Task<string?> TryAsync(Uri address, string temporary, DatasetFile file, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(patience);
        using HttpResponseMessage response =
            await Client.Value.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            return $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}";

        long most = file.Bytes + Surplus, total = response.Content.Headers.ContentLength ?? 0;
        progress?.Report($"Downloading {address}{(total > 0 ? $" ({Size(total)})" : "")}");
        using IncrementalHash md5 = DataFile.CreateMd5();
        byte first = 0;
        long bytes = 0;
        await using (Stream content = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false))
        await using (FileStream output = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            byte[] buffer = new byte[1 << 16];
            long reported = Stopwatch.GetTimestamp();
            while (true)
            {
                silence.CancelAfter(patience);
                int got = await content.ReadAsync(buffer, silence.Token).ConfigureAwait(false);
                if (got == 0)
                    break;
                first = bytes == 0 ? buffer[0] : first;
                bytes += got;
                if (bytes > most)
                    return $"sent more than the {file.Bytes} bytes that the unpacked file has";
                md5.AppendData(buffer, 0, got);
                await output.WriteAsync(buffer.AsMemory(0, got), cancellation).ConfigureAwait(false);
                if (Stopwatch.GetElapsedTime(reported) > TimeSpan.FromSeconds(2))
                {
                    progress?.Report($"Downloading {file.ArchiveName}: {Size(bytes)}{(total > 0 ? $" of {Size(total)}" : "")}");
                    reported = Stopwatch.GetTimestamp();
                }
            }

            output.Flush(flushToDisk: true);
        }

        return Problem(temporary, file, first, bytes, Convert.ToHexStringLower(md5.GetCurrentHash()));
    }

    private static string? Problem(string path, DatasetFile file, byte first, long bytes, string archiveMd5)
    {
        if (bytes == 0)
            return "sent nothing";
        if (archiveMd5 == file.ArchiveMd5)
            return null;
        if (first == '<')
            return $"sent a web page of {bytes} bytes in place of the file";
        try
        {
            string md5 = DataFile.Digest(path, file.Bytes, CancellationToken.None).Md5;
            return file.Md5 is null || md5 == file.Md5 ? null : $"sent other content: its MD5 is {md5}, expected {file.Md5}";
        }
        catch (DataException)
        {
            return $"sent {bytes} bytes of gzip that are damaged or cut off";
        }
    }

    private static string Size(long bytes) => FormattableString.Invariant($"{bytes / 1e6:0.0} MB");
}
