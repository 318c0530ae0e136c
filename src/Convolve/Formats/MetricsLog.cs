using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Convolve.Files;

namespace Convolve.Formats;

/// <summary>
/// Appends measurements to a file, one JSON object a line, each on the disk before <see cref="Append"/> returns; a crash costs at most
/// the line being written.
/// </summary>
/// <remarks>Other processes may read the file meanwhile. One process at a time may append.</remarks>
internal sealed class MetricsLog : IDisposable
{
    // A loss can become NaN, and that must be in the log, not end the run: it is written as the string "NaN".
    private static readonly JsonSerializerOptions Options = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly string _path;
    private readonly FileStream _file;

    /// <summary>Opens a log for appending, or starts one; a last line that a crash has torn is removed.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    /// <exception cref="InvalidDataException">The file is there and is not a log.</exception>
    public MetricsLog(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        bool isNew = !File.Exists(path);
        _file = FileOperation.Run(FileStep.Create, path, () => new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            BufferSize = 0,
        }));
        try
        {
            if (isNew)
                FileOperation.Run(FileStep.SyncFolder, path, () => FolderSync.Sync(Path.GetDirectoryName(Path.GetFullPath(path))!));
            Repair();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The lines that the log has.</summary>
    public int Count { get; private set; }

    /// <summary>Appends one line and brings it to the disk. Numbers that are not finite become "NaN", "Infinity", "-Infinity".</summary>
    /// <exception cref="FileWriteException">
    /// The disk is full or the like; the log keeps its earlier lines and can be appended to again.
    /// </exception>
    public void Append(JsonObject line)
    {
        ArgumentNullException.ThrowIfNull(line);
        byte[] bytes = Encoding.UTF8.GetBytes(line.ToJsonString(Options) + "\n");
        long start = _file.Length;
        try
        {
            _file.Position = start;
            FileOperation.Write(_path, _file, bytes);
            FileOperation.Run(FileStep.Flush, _path, () => _file.Flush(flushToDisk: true));
        }
        catch
        {
            TryTruncate(start);
            throw;
        }
        Count++;
    }

    /// <summary>Cuts the log back to its first lines.</summary>
    /// <param name="count">How many of them stay; a log that has no more is left alone.</param>
    /// <exception cref="FileWriteException">It cannot be cut.</exception>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count >= Count)
            return;
        _file.Position = 0;
        ReadOnlySpan<byte> bytes = FileOperation.Run(FileStep.Create, _path, () => ReadAll(_path, _file));
        int length = 0;
        for (int i = 0; i < count; i++)
            length += bytes[length..].IndexOf((byte)'\n') + 1;
        FileOperation.Run(FileStep.Write, _path, () => _file.SetLength(length));
        FileOperation.Run(FileStep.Flush, _path, () => _file.Flush(flushToDisk: true));
        Count = count;
    }

    /// <summary>The complete lines of a log, first to last; a torn last line is left out. A missing file is an empty log.</summary>
    /// <exception cref="InvalidDataException">A line before the last is not a JSON object, or the file exceeds 2 GB.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static IReadOnlyList<JsonObject> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
            return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Scan(path, ReadAll(path, file)).Lines;
    }

    /// <summary>Closes the file; everything in it is on the disk already.</summary>
    public void Dispose() => _file.Dispose();

    private void Repair()
    {
        byte[] bytes = FileOperation.Run(FileStep.Create, _path, () => ReadAll(_path, _file));
        (List<JsonObject> lines, int length) = Scan(_path, bytes);
        Count = lines.Count;
        FileOperation.Run(FileStep.Write, _path, () =>
        {
            if (length < bytes.Length)
                _file.SetLength(length);
        });
        if (length > 0 && bytes[length - 1] != (byte)'\n')
        {
            _file.Position = length;
            FileOperation.Write(_path, _file, "\n"u8);
        }
    }

    private void TryTruncate(long length)
    {
        try
        {
            _file.SetLength(length);
        }
        catch (Exception e) when (FileOperation.IsFailure(e))
        {
            // Readers pass over a torn line, and the next constructor removes it.
        }
    }

    private static byte[] ReadAll(string path, FileStream file)
    {
        if (file.Length > Array.MaxLength)
            throw new InvalidDataException($"'{path}' has {file.Length} bytes, too many for a log. Move the file away to start a new one.");
        byte[] bytes = new byte[file.Length];
        int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes[..count];
    }

    /// <summary>The lines, and the length of the file without a torn last line.</summary>
    private static (List<JsonObject> Lines, int Length) Scan(string path, ReadOnlySpan<byte> bytes)
    {
        var lines = new List<JsonObject>();
        int start = 0;
        while (start < bytes.Length)
        {
            int newline = bytes[start..].IndexOf((byte)'\n');
            int next = newline < 0 ? bytes.Length : start + newline + 1;
            if (Parse(bytes[start..next]) is not { } line)
            {
                return next == bytes.Length
                    ? (lines, start)
                    : throw new InvalidDataException(
                        $"Line {lines.Count + 1} of '{path}' is not a JSON object. Remove the line, or move the file away to start a new " +
                        $"one.");
            }
            lines.Add(line);
            start = next;
        }
        return (lines, bytes.Length);
    }

    private static JsonObject? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            if (!Utf8.IsValid(line))
                return null;
            var reader = new Utf8JsonReader(line);
            while (reader.Read())
            {
                // Text with half a surrogate pair would throw later, when the caller looks at it.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    _ = reader.GetString();
            }
            return JsonNode.Parse(line, documentOptions: Strict) as JsonObject;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
