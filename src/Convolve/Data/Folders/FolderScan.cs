using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security;
using System.Security.Cryptography;
using Convolve.Imaging;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Folders;

/// <summary>What is known of a file after it was read and decoded.</summary>
/// <param name="Info">What picture it is.</param>
/// <param name="Digest">Of its bytes: half of their SHA-256.</param>
/// <param name="Bytes">Their number.</param>
/// <param name="Problem">What is wrong, with the path; null if nothing is.</param>
/// <param name="Moments">Of each channel.</param>
/// <param name="Pixels">The picture in planes, where it is kept.</param>
internal readonly record struct ScannedFile(ImageInfo Info, UInt128 Digest, int Bytes, string? Problem, PixelMoments[]? Moments,
    byte[]? Pixels);

/// <summary>Reads and decodes every picture of a listing once, on all cores.</summary>
internal sealed class FolderScan
{
    /// <summary>The longest file: more than the largest picture takes unpacked.</summary>
    private const long MostBytes = 1 << 30;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ScannedFile[] _files;
    private readonly DatasetOptions _options;
    private readonly bool _keeps;
    private long _bytes, _done;

    private FolderScan(FolderListing listing, DatasetOptions options, bool keeps) =>
        (Listing, _files, _options, _keeps) = (listing, new ScannedFile[listing.Files.Count], options, keeps);

    public FolderListing Listing { get; }

    /// <summary>What is known of each of the listing's files.</summary>
    public IReadOnlyList<ScannedFile> Files => _files;

    /// <summary>Whether the pixels are there, of all files that are good.</summary>
    public bool HasPixels => _keeps && _bytes <= _options.MostKeptBytes;

    /// <param name="listing">What to read.</param>
    /// <param name="options">The channels to decode to, else those of each picture; the largest picture.</param>
    /// <param name="keeps">Whether small sets are kept.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static FolderScan Of(FolderListing listing, DatasetOptions options, bool keeps, IProgress<DataProgress>? progress,
        CancellationToken cancellation)
    {
        ImageLibraries.Require();
        FolderScan scan = new(listing, options, keeps);
        progress?.Report(
            new(string.Create(CultureInfo.InvariantCulture, $"Reading and checking {listing.Files.Count:N0} pictures in {listing.Root}")));
        long last = Stopwatch.GetTimestamp();
        Parallel.For(0, listing.Files.Count,
            new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            scan._files[i] = scan.Check(listing.Files[i]);
            long done = Interlocked.Increment(ref scan._done), then = Interlocked.Read(ref last);
            if (progress is not null && Stopwatch.GetElapsedTime(then) > Interval
                && Interlocked.CompareExchange(ref last, Stopwatch.GetTimestamp(), then) == then)
                progress.Report(
                new(string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {listing.Files.Count:N0} pictures checked")));
        });
        return scan;
    }

    /// <summary>Reads a whole file into an array of the shared pool; gives the number of bytes.</summary>
    /// <exception cref="DatasetException">It cannot be read; or it is longer than any picture.</exception>
    public static int Read(string path, out byte[] rented)
    {
        rented = [];
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
            long length = RandomAccess.GetLength(file);
            if (length > MostBytes)
                throw new DatasetException($"{path} has {length} bytes, but a picture can have at most {MostBytes}. Remove it.");
            rented = ArrayPool<byte>.Shared.Rent((int)Math.Max(length, 1));
            int got = 0;
            while (got < length && RandomAccess.Read(file, rented.AsSpan(got, (int)length - got), got) is > 0 and int more)
                got += more;
            return got;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException or NotSupportedException
            or ArgumentException)
        {
            throw new DatasetException($"{path} cannot be read: {e.Message} Check the path and the permissions.", e);
        }
    }

    private ScannedFile Check(FolderFile file)
    {
        string path = file.Path;
        byte[] rented = [], planes = [];
        UInt128 digest = 0;
        int length = 0;
        try
        {
            length = file.Bytes == 0 && IsEmpty(path) ? 0 : Read(path, out rented);
            ReadOnlySpan<byte> data = rented.AsSpan(0, length);
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(data, hash);
            digest = BinaryPrimitives.ReadUInt128LittleEndian(hash);
            ImageInfo info = ImageDecoder.ReadInfo(data, path, _options.MaxPixels);
            int channels = _options.Channels ?? info.Channels, plane = (int)info.PixelCount;
            planes = ArrayPool<byte>.Shared.Rent(checked(plane * channels));
            Span<byte> pixels = planes.AsSpan(0, plane * channels);
            ImageDecoder.Decode(data, path, channels, pixels, _options.MaxPixels);
            var moments = new PixelMoments[channels];
            for (int c = 0; c < channels; c++)
                moments[c] = PixelMoments.Of(pixels.Slice(c * plane, plane));
            bool isKept = Interlocked.Add(ref _bytes, pixels.Length) <= _options.MostKeptBytes && _keeps;
            return new(info, digest, length, null, moments, isKept ? pixels.ToArray() : null);
        }
        catch (Exception e) when (e is ImageException or DatasetException)
        {
            return new(default, digest, length, e.Message, null, null);
        }
        catch (OutOfMemoryException)
        {
            string problem = $"{path} does not fit into the available memory. Free some, or make the picture smaller.";
            return new(default, digest, length, problem, null, null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
            ArrayPool<byte>.Shared.Return(planes);
        }
    }

    // Pipes, sockets and devices have no length, and to open one could be to wait for whoever writes into it. A link has the length of its
    // text.
    private static bool IsEmpty(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file.Exists && file.Attributes.HasFlag(FileAttributes.ReparsePoint))
                file = new(file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path);
            return file is { Exists: true, Length: 0 };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // to read it says why
        }
    }
}
