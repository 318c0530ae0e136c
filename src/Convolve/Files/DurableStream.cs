namespace Convolve.Files;

/// <summary>
/// The stream that <see cref="AtomicFile"/> lends to its caller: write-only, deaf to Dispose (a StreamWriter may close it early), and with
/// a memory of its first failure, so that a caller who swallows the exception does not get half a file renamed into place.
/// </summary>
internal sealed class DurableStream(string path, FileStream file) : WriteOnlyStream
{
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _count;
    private FileWriteException? _failure;

    public override long Position
    {
        get => file.Position + _count;
        set => throw new NotSupportedException();
    }

    /// <summary>Brings all of it to the disk.</summary>
    /// <exception cref="FileWriteException">This failed, or an earlier write had.</exception>
    public void Complete()
    {
        if (_failure is not null)
            throw _failure;
        Empty();
        FileOperation.Run(FileStep.Flush, path, () => file.Flush(flushToDisk: true));
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > _buffer.Length - _count)
            Empty();
        if (buffer.Length > _buffer.Length)
        {
            ToFile(buffer);
            return;
        }
        buffer.CopyTo(_buffer.AsSpan(_count));
        _count += buffer.Length;
    }

    private void Empty()
    {
        int count = _count;
        _count = 0;
        if (count > 0)
            ToFile(_buffer.AsSpan(0, count));
    }

    private void ToFile(ReadOnlySpan<byte> bytes)
    {
        try
        {
            FileOperation.Write(path, file, bytes);
        }
        catch (FileWriteException failure)
        {
            _failure ??= failure;
            throw;
        }
    }
}
