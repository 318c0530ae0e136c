using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using Convolve.Files;
using Convolve.Kernels;
using Microsoft.Win32.SafeHandles;

namespace Convolve.Formats;

/// <summary>
/// An open safetensors file whose header has been checked in full; the data is read on demand, straight into the caller's memory. Whatever
/// the bytes, the only exception is <see cref="SafeTensorsException"/>.
/// </summary>
/// <remarks>
/// The format has no checksum: a changed byte in the data goes unnoticed. A file replaced by <see cref="AtomicFile"/> while it is open
/// here keeps its old content. Reading from several threads is safe. Source: https://github.com/huggingface/safetensors, "Format".
/// </remarks>
internal sealed class SafeTensorsFile : IWeightFile
{
    private const int ChunkElements = 1 << 16;
    private readonly SafeFileHandle _handle;
    private readonly string _path;
    private readonly long _dataStart;
    private readonly FrozenDictionary<string, SafeTensorsHeader.Entry> _entries;

    private SafeTensorsFile(string path, SafeFileHandle handle, long dataStart, SafeTensorsHeader header)
    {
        (_path, _handle, _dataStart) = (path, handle, dataStart);
        _entries = header.Entries.ToFrozenDictionary(entry => entry.Info.Name, StringComparer.Ordinal);
        Tensors = [.. header.Entries.Select(entry => entry.Info)];
        Metadata = header.Metadata;
    }

    /// <summary>The free text that the header holds, by key; empty if it holds none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    // By type and name, mostly: the order of the data says nothing about the network.
    bool IWeightFile.IsOrdered => false;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="SafeTensorsException">The file cannot be opened, or breaks a rule of the format.</exception>
    public static SafeTensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle handle = Guard(path, () => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));
        try
        {
            long length = Guard(path, () => RandomAccess.GetLength(handle));
            byte[] head = new byte[(int)Math.Min(length, FileKind.HeadBytes)];
            ReadAt(path, handle, head, 0);
            ulong headerBytes = length < 8 ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(head);
            bool isLikely = headerBytes <= SafeTensors.MaxHeaderBytes && head.Length > 8 && head[8] == (byte)'{';
            if (!isLikely && FileKind.Of(head) is { } kind)
                throw new SafeTensorsException(path, $"it is {kind.Name}", kind.Fix);
            if (length < 8)
                throw Broken(path, $"it has {length} bytes, and the format starts with a length of 8");
            if (headerBytes > SafeTensors.MaxHeaderBytes)
                throw Broken(path, $"it announces a header of {headerBytes} bytes, but the limit is {SafeTensors.MaxHeaderBytes}");
            if ((long)headerBytes > length - 8)
                throw Broken(path, $"it announces a header of {headerBytes} bytes, but only {length - 8} follow: it is truncated");
            byte[] json = new byte[(int)headerBytes];
            ReadAt(path, handle, json, 8);
            long dataStart = 8 + json.Length;
            return new SafeTensorsFile(path, handle, dataStart, SafeTensorsHeader.Parse(path, json, length - dataStart));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of the given name.</summary>
    /// <exception cref="SafeTensorsException">The file has no such tensor.</exception>
    public TensorInfo this[string name] => Find(name).Info;

    /// <summary>Whether the file has a tensor of the given name.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Reads a tensor of F32, or of F16 or BF16, which become F32 exactly.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">Room for exactly its elements, in C order.</param>
    /// <exception cref="SafeTensorsException">
    /// The tensor is not there, has another type or another number of elements, or the file cannot be read.
    /// </exception>
    public void ReadFloats(string name, Span<float> destination)
    {
        SafeTensorsHeader.Entry entry = Find(name, destination.Length);
        if (entry.Info.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16))
        {
            throw new SafeTensorsException(
                _path, $"tensor '{entry.Info}' is not of F32, F16 or BF16", "Export the file again with F32 tensors.");
        }
        int size = entry.Info.Type.ElementBytes();
        bool direct = entry.Info.Type == TensorType.F32 && BitConverter.IsLittleEndian;
        byte[] buffer = direct ? [] : new byte[size * Math.Min(ChunkElements, destination.Length)];
        long position = _dataStart + entry.Begin;
        while (!destination.IsEmpty)
        {
            int count = Math.Min(destination.Length, direct ? 1 << 28 : ChunkElements);
            Span<byte> bytes = direct ? MemoryMarshal.AsBytes(destination[..count]) : buffer.AsSpan(0, count * size);
            ReadAt(_path, _handle, bytes, position);
            if (!direct)
                Convert(entry.Info.Type, bytes, destination[..count]);
            position += bytes.Length;
            destination = destination[count..];
        }
    }

    /// <summary>Reads weights, as <see cref="ReadFloats"/> does: all must be finite.</summary>
    /// <inheritdoc cref="ReadFloats"/>
    public void ReadWeights(string name, Span<float> destination)
    {
        ReadFloats(name, destination);
        RequireFinite(_path, name, destination);
    }

    /// <summary>Refuses weights of a file that are NaN or infinite.</summary>
    internal static void RequireFinite(string path, string name, ReadOnlySpan<float> values)
    {
        if (NonFinite.Describe(values, values.Length) is { } what)
            throw new SafeTensorsException(path, $"of tensor '{name}', {what}",
                "Its training diverged, or the file was damaged. Use weights that were saved earlier.");
    }

    /// <summary>Reads a tensor of any type as it is stored: little-endian, in C order.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">Room for exactly its bytes.</param>
    /// <exception cref="SafeTensorsException">The tensor is not there or has another size, or the file cannot be read.</exception>
    public void ReadBytes(string name, Span<byte> destination)
    {
        SafeTensorsHeader.Entry entry = Find(name);
        if (entry.Info.ByteCount != destination.Length)
            throw WrongRoom($"tensor '{entry.Info}' has {entry.Info.ByteCount} bytes, expected {destination.Length}");
        ReadAt(_path, _handle, destination, _dataStart + entry.Begin);
    }

    /// <summary>Reads a part of a tensor's bytes, from a place in it on.</summary>
    /// <exception cref="SafeTensorsException">The file cannot be read.</exception>
    internal void ReadBytes(string name, long offset, Span<byte> destination)
    {
        SafeTensorsHeader.Entry entry = Find(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, entry.Info.ByteCount);
        ReadAt(_path, _handle, destination, _dataStart + entry.Begin + offset);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();

    private SafeTensorsHeader.Entry Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_entries.TryGetValue(name, out SafeTensorsHeader.Entry entry))
            return entry;
        string some = Tensors.Count == 0 ? "none" : string.Join(", ", Tensors.Take(5).Select(tensor => $"'{tensor.Name}'"));
        throw new SafeTensorsException(
            _path,
            $"it has no tensor '{name}'; of its {Tensors.Count} tensors, the first are: {some}",
            "Check that the file belongs to this network.");
    }

    private SafeTensorsHeader.Entry Find(string name, int elements)
    {
        SafeTensorsHeader.Entry entry = Find(name);
        return entry.Info.ElementCount == elements
            ? entry
            : throw WrongRoom($"tensor '{entry.Info}' has {entry.Info.ElementCount} elements, expected {elements}");
    }

    private SafeTensorsException WrongRoom(string reason) => new(_path, reason, "Check that the file belongs to this network.");

    private static void Convert(TensorType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        int size = type.ElementBytes();
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> element = bytes.Slice(i * size, size);
            values[i] = type switch
            {
                TensorType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                TensorType.BF16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                _ => BinaryPrimitives.ReadSingleLittleEndian(element),
            };
        }
    }

    private static void ReadAt(string path, SafeFileHandle handle, Span<byte> bytes, long position)
    {
        while (!bytes.IsEmpty)
        {
            int count;
            try
            {
                count = RandomAccess.Read(handle, bytes, position);
            }
            catch (Exception failure) when (IsFailure(failure))
            {
                throw Unreadable(path, failure);
            }
            if (count == 0)
                throw Broken(path, $"it ends at byte {position}: it was truncated while it was open");
            bytes = bytes[count..];
            position += count;
        }
    }

    private static T Guard<T>(string path, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw Unreadable(path, failure);
        }
    }

    private static bool IsFailure(Exception failure) => failure is IOException or UnauthorizedAccessException or NotSupportedException;

    private static SafeTensorsException Unreadable(string path, Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => new(path, "there is no such file", "Check its name.", failure),
        UnauthorizedAccessException when Directory.Exists(path) => new(path, "it is a folder", "Name a file in it.", failure),
        UnauthorizedAccessException => new(path, "permission denied", "Make the file readable for this user.", failure),
        _ => new(path, failure.Message.TrimEnd('.'), "Check the disk and the file.", failure),
    };

    private static SafeTensorsException Broken(string path, string reason) =>
        new(path, reason, "Copy, download or export the file again.");
}
