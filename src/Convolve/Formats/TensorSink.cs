using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Convolve.Formats;

/// <summary>Takes one tensor's data on its way to the disk, in as many pieces as suit the caller; only small pieces are copied.</summary>
internal sealed class TensorSink
{
    private readonly Stream _stream;
    private readonly TensorInfo _tensor;
    private long _left;

    internal TensorSink(Stream stream, TensorInfo tensor) => (_stream, _tensor, _left) = (stream, tensor, tensor.ByteCount);

    /// <summary>Writes elements of an F32 tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor has another type, or this is more than its shape holds.</exception>
    public void WriteFloats(ReadOnlySpan<float> values)
    {
        Require(TensorType.F32, values.Length);
        if (BitConverter.IsLittleEndian)
        {
            ReadOnlySpan<float> rest = values;
            for (int take; !rest.IsEmpty; rest = rest[take..])
                WriteBytes(MemoryMarshal.AsBytes(rest[..(take = Math.Min(rest.Length, 1 << 28))]));
            return;
        }
        Span<byte> element = stackalloc byte[sizeof(float)];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(element, value);
            WriteBytes(element);
        }
    }

    /// <summary>Writes elements of an I64 tensor, such as a counter.</summary>
    /// <exception cref="InvalidOperationException">The tensor has another type, or this is more than its shape holds.</exception>
    public void WriteInt64s(ReadOnlySpan<long> values)
    {
        Require(TensorType.I64, values.Length);
        Span<byte> element = stackalloc byte[sizeof(long)];
        foreach (long value in values)
        {
            BinaryPrimitives.WriteInt64LittleEndian(element, value);
            WriteBytes(element);
        }
    }

    /// <summary>Writes data of any type as little-endian bytes.</summary>
    /// <exception cref="InvalidOperationException">This is more than the tensor's shape holds.</exception>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _left)
            throw Mismatch($"{bytes.Length - _left} bytes too many were written");
        _left -= bytes.Length;
        _stream.Write(bytes);
    }

    /// <summary>Checks that the tensor is complete, and takes no more.</summary>
    internal void Close()
    {
        if (_left != 0)
            throw Mismatch($"{_left} of its {_tensor.ByteCount} bytes were not written");
    }

    private void Require(TensorType type, int count)
    {
        if (_tensor.Type != type)
            throw Mismatch($"{type.FileName()} values were written to it");
        long left = _left / type.ElementBytes();
        if (count > left)
            throw Mismatch($"{count - left} values too many were written");
    }

    private InvalidOperationException Mismatch(string what) =>
        new($"Tensor '{_tensor}': {what}. Write exactly what its type and shape say.");
}
