using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Convolve.Files;
using Microsoft.Win32.SafeHandles;

namespace Convolve.Data.Caching;

/// <summary>Reduced pictures in a folder of the user's cache: a file for each, named by its source's digest and the reduction.</summary>
/// <remarks>
/// <para>A file is written under another name and renamed, and its checksum is checked when it is read: a kill or a power cut leaves
/// nothing that is taken for a picture, and runs at the same time may share the folder. A file that is missing or damaged is only made
/// again.</para>
/// <para>The folder is bounded: before it would grow beyond that, the files that were not used for longest are deleted. Where nothing more
/// can be written, nothing is, and nothing fails.</para>
/// </remarks>
internal sealed class PictureFiles
{
    /// <summary>The most that the folder holds: 20 GiB.</summary>
    public const long UsualMostBytes = 20L << 30;

    // Of the disk, as much stays free.
    private const long FreeBytes = 2L << 30;

    // After as much the folder is measured again, since others may write to it.
    private const long MeasuredBytes = 256 << 20;

    private const int HeadBytes = 8;
    private const string Version = "1", Suffix = ".picture", Partial = ".partial";
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly long _mostBytes;
    private readonly DateTime _start = DateTimeOffset.UtcNow.UtcDateTime;
    private long _room;
    private bool _isClosed;

    /// <param name="folder">Its full path; it need not exist.</param>
    /// <param name="mostBytes">How much the folder may hold.</param>
    public PictureFiles(string folder, long mostBytes = UsualMostBytes) => (_folder, _mostBytes) = (folder, mostBytes);

    /// <summary>The file of a picture.</summary>
    /// <param name="digest">Of the source's bytes.</param>
    /// <param name="channels">Those that it is decoded to.</param>
    /// <param name="reduction">What is kept of it.</param>
    public string PathOf(UInt128 digest, int channels, PictureReduction reduction)
    {
        byte[] name = SHA256.HashData(Encoding.UTF8.GetBytes($"{Version};{digest:x32};{channels};{reduction.Key}"));
        string text = Convert.ToHexStringLower(name, 0, 20);
        return Path.Combine(_folder, text[..2], text[2..] + Suffix);
    }

    /// <summary>Reads a picture, if it is there and whole.</summary>
    public bool TryRead(string path, Span<byte> kept)
    {
        try
        {
            if (!File.Exists(path))
                return false; // an exception takes longer
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            Span<byte> head = stackalloc byte[HeadBytes];
            return RandomAccess.GetLength(file) == HeadBytes + kept.Length && IsRead(file, head, 0) && IsRead(file, kept, HeadBytes)
                && BinaryPrimitives.ReadInt32LittleEndian(head) == kept.Length
                && BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) == Crc32C.Of(kept);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Notes that a picture is in use: it is deleted after those that aren't.</summary>
    public static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTimeOffset.UtcNow.UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever deleted it had a reason.
        }
    }

    /// <summary>Writes a picture, if there is room.</summary>
    /// <returns>Whether it is there now.</returns>
    public bool TryWrite(string path, ReadOnlySpan<byte> kept)
    {
        if (!TakeRoom(HeadBytes + kept.Length))
            return false;
        string partial = $"{path}.{Guid.NewGuid():N}{Partial}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Span<byte> head = stackalloc byte[HeadBytes];
            BinaryPrimitives.WriteInt32LittleEndian(head, kept.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Crc32C.Of(kept));
            using (SafeFileHandle file = File.OpenHandle(partial, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, head, 0);
                RandomAccess.Write(file, kept, HeadBytes);
            }
            File.Move(partial, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Delete(partial);
            lock (_lock)
                _isClosed = true;
            return false;
        }
    }

    private bool TakeRoom(long bytes)
    {
        lock (_lock)
        {
            if (_room < bytes && !_isClosed)
                _room = Measure(bytes);
            if (_room < bytes)
                _isClosed = true;
            _room -= bytes;
            return !_isClosed;
        }
    }

    // What may be written until the folder is measured again. Makes room by deleting what was not used for longest, and not in this run.
    private long Measure(long bytes)
    {
        try
        {
            Directory.CreateDirectory(_folder);
            List<FileInfo> files = [];
            foreach (FileInfo file in new DirectoryInfo(_folder).EnumerateFiles("*", SearchOption.AllDirectories))
                if (file.Name.EndsWith(Partial, StringComparison.Ordinal) && file.LastWriteTimeUtc < _start - LeftoverAge)
                    Delete(file.FullName);
                else
                    files.Add(file);
            long total = files.Sum(file => file.Length), wanted = Math.Max(bytes, Math.Min(MeasuredBytes, _mostBytes / 8));
            long free = DiskSpace.AvailableBytes(_folder) is { } available ? available - FreeBytes : long.MaxValue;
            foreach (FileInfo file in files.Where(file => file.Extension == Suffix).OrderBy(file => file.LastWriteTimeUtc))
            {
                if ((total + wanted <= _mostBytes && free >= wanted) || file.LastWriteTimeUtc >= _start)
                    break;
                Delete(file.FullName);
                (total, free) = (total - file.Length, free + file.Length);
            }
            return Math.Min(wanted, Math.Min(_mostBytes - total, free));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static bool IsRead(SafeFileHandle file, Span<byte> target, long at)
    {
        while (target.Length > 0)
        {
            int got = RandomAccess.Read(file, target, at);
            if (got <= 0)
                return false;
            target = target[got..];
            at += got;
        }
        return true;
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else has it open, or has deleted it.
        }
    }
}
